"""The chat on a terminal, with keys from a script: one can type at any time, and no key cancels anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from agent.cli import terminal
from agent.cli.http import Frame
from agent.cli.problems import Failure
from agent.cli.typed import message, next_message, unfinished

HEAD = "[2026-05-19 10:00:00] status_info: "


class Talked:
    """Stands in for the conversation with the server: keeps what was said, gives the frames of a script."""

    def __init__(self, *frames: Frame) -> None:
        self.session, self.client = "s-1", None
        self.said: list[tuple[str, int]] = []
        self.frames = list(frames)
        self.shown = threading.Event()

    def take(self, text: str, seen: int) -> dict[str, Any] | None:
        if text == "/quit":
            raise EOFError
        if text == "bad":
            raise Failure("that can't be taken", next_step="Say another.")
        self.said.append((text, seen))
        return {"reading": {"label": "approve", "changes": {}}}

    def stream(self, *_: Any) -> Iterator[Frame]:
        frames, self.frames = self.frames, []
        yield from frames
        self.shown.set()


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        yield pipe


def run(
    talked: Talked, keys: PipeInput, typed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> terminal.Terminal:
    """A whole conversation: the frames first, then the keys."""
    monkeypatch.setenv("FIREAGENT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(terminal, "frames", talked.stream)
    screen = terminal.Terminal(talked)  # type: ignore[arg-type]

    def type_later() -> None:
        talked.shown.wait(5)
        keys.send_text(typed)

    typist = threading.Thread(target=type_later, daemon=True)
    typist.start()
    screen.run()
    typist.join(timeout=5)
    return screen


def test_a_question_stands_between_rules_and_an_answer_names_what_was_seen(
    keys: PipeInput, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talked = Talked(
        Frame("event", f"{HEAD}Measuring sweep-1", 4),
        Frame("moved", f"{HEAD}Job sweep-1: 13%", 5),
        Frame("jobs", "1 of 2 jobs run: sweep-1 13%", None),
        Frame("gate", f"{HEAD}Shall I?", 6),
    )
    screen = run(talked, keys, "yes\r/quit\r", monkeypatch, tmp_path)
    out = capsys.readouterr().out
    assert talked.said == [("yes", 6)]
    assert "━━\x1b[0m\nShall I?\n" in out and "Your answer is needed." in out
    assert "Measuring sweep-1" in out and "status_info" not in out
    assert "13%" not in out and "sweep-1 13%" in screen._standing(), "progress is one line below, redrawn"
    assert (tmp_path / "home" / "chat_history").stat().st_mode & 0o777 == 0o600


def test_ctrl_c_empties_the_line_then_warns_then_leaves_and_says_nothing_to_the_session(
    keys: PipeInput, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    talked = Talked()
    screen = run(talked, keys, "stop everythi\x03\x03\x03", monkeypatch, tmp_path)
    assert talked.said == [] and screen._standing() == terminal.LEAVES


def test_a_word_between_takes_the_warning_back(
    keys: PipeInput, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    talked = Talked()
    run(talked, keys, "\x03status?\r\x03\x03", monkeypatch, tmp_path)
    assert [text for text, _ in talked.said] == ["status?"]


def test_several_lines_are_one_message(keys: PipeInput, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    talked = Talked()
    typed = 'one \\\rtwo\r"""\rthree\rfour\r"""\r\x1b[200~five\nsix\x1b[201~\r/quit\r'
    run(talked, keys, typed, monkeypatch, tmp_path)
    assert [text for text, _ in talked.said] == ["one \ntwo", "three\nfour", "five\nsix"]


def test_what_is_refused_is_said_and_the_talk_goes_on(
    keys: PipeInput, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talked = Talked(Frame("event", f"{HEAD}Writing the report", 7), Frame("done", "{}", None))
    run(talked, keys, "bad\rgood\r/quit\r", monkeypatch, tmp_path)
    out = capsys.readouterr().out
    assert "that can't be taken" in out and talked.said == [("good", 7)] and "The session has ended" in out


def test_a_cancelled_session_is_not_said_to_take_more_work(
    keys: PipeInput, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talked = Talked(Frame("done", '{"status": "cancelled"}', None), Frame("event", f"{HEAD}The end", 7))
    talked.frames.reverse()
    run(talked, keys, "/quit\r", monkeypatch, tmp_path)
    out = capsys.readouterr().out
    assert "takes no further work" in out and "/new" in out and "session create" in out and "do next" not in out


@pytest.mark.parametrize(
    ("typed", "messages"),
    [
        ("one\n\n  \ntwo\n", ["one", "two"]),
        ("a \\\nb\nc", ["a \nb", "c"]),
        ('"""\na\n\nb\n"""\nc\n', ["a\n\nb", "c"]),
        ('"""never closed\nx', ["never closed\nx"]),
        ("ends with \\", ["ends with"]),
        (r"C:\\", [r"C:\\"]),
        ("", []),
    ],
)
def test_lines_become_messages(typed: str, messages: list[str]) -> None:
    lines = iter(typed.splitlines())
    found = list(iter(lambda: next_message(lambda: next(lines, None)), None))
    assert found == messages


def test_marks_inside_a_message_are_its_own() -> None:
    assert message('use """ here') == 'use """ here' and not unfinished('use """ here')

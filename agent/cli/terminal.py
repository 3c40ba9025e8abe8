"""The free-text loop on a terminal: what happens is printed above the line that is being typed, and one line below it tells
how things stand. The user can speak at any time; nothing is cancelled by a key."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout

from agent.cli.chat import Talk
from agent.cli.http import Frame
from agent.cli.problems import DONE, Failure
from agent.cli.sessions import taken_as
from agent.cli.tables import one_line
from agent.cli.typed import message, unfinished
from agent.cli.watch import exit_code, frames
from agent.server.home import default_home

LEAVES = "Ctrl-C again leaves; nothing is cancelled and the session goes on"
NO_WORDS = "/help for help"
ENDED = "The session has ended. Ask about it, say what to do next, or /new."
CANCELLED = "The session was cancelled and takes no further work. Ask about it, or /new begins another (as `fireagent session create` does)."
STATUS_INFO = "] status_info: "
GATE, BOLD, DIM, PLAIN = "\x1b[1;33m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


def converse(talk: Talk) -> int:
    """Talks until the user leaves; the exit code of the session. Raises Failure."""
    terminal = Terminal(talk)
    with patch_stdout(raw=True):
        terminal.run()
    status = talk.status()
    if status in ("running", "waiting"):
        print(f"Session {talk.session} goes on. `fireagent chat {talk.session}` comes back to it.")
    return exit_code(status) if status else DONE


class Terminal:
    """What is shown, and who reads the keys. The session is followed in a thread of its own."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._last, self._ended = 0, 0
        self._now, self._jobs, self._question = "", "", ""
        self._asked = False
        self._warned = False
        self._sent = ""
        self._followed = ""
        self._more = threading.Event()
        self._prompt: PromptSession[str] = PromptSession(
            history=FileHistory(str(_history())), key_bindings=self._keys(), multiline=True,
            bottom_toolbar=self._standing, prompt_continuation="  ",
        )  # fmt: skip

    def run(self) -> None:
        """Reads messages until the user leaves."""
        self._follow()
        while True:
            try:
                text = message(self._prompt.prompt("> "))
                self._warned = False
                if text:
                    self._take(text)
            except EOFError:
                return
            except KeyboardInterrupt:
                self._warned = True
            except Failure as failure:
                print(f"{BOLD}{failure}{PLAIN} {failure.next_step}", flush=True)

    def _take(self, text: str) -> None:
        if text == "/question":
            print(self._question if self._asked else "No question is open.", flush=True)
            return
        self._sent = text
        taken = self._talk.take(text, self._last)
        label = ((taken or {}).get("reading") or {}).get("label")
        if taken is not None and label in ("approve", "revise", "reject"):
            self._asked = self._asked and label == "reject"
            print(f"{DIM}{taken_as(taken)}{PLAIN}", flush=True)
        self._follow()

    def _follow(self) -> None:
        """Looks on at the session of now; an ended one is looked at again after each message."""
        session = self._talk.session
        if session and session != self._followed:
            self._followed, self._last, self._asked, self._now, self._jobs = session, 0, False, "", ""
            threading.Thread(target=self._following, args=(session,), daemon=True).start()
        self._more.set()

    def _following(self, session: str) -> None:
        """Shows a session until another one is talked to; what fails is said and waits for the next message."""
        while self._followed == session:
            self._more.clear()
            try:
                for frame in frames(self._talk.client, session, self._last, "format=text"):
                    if self._followed != session:
                        return
                    self._show(frame)
            except Failure as failure:
                print(f"{BOLD}{failure}{PLAIN} {failure.next_step}", flush=True)
            self._more.wait()

    def _show(self, frame: Frame) -> None:
        self._last = frame.id if frame.id is not None else self._last
        match frame.kind:
            case "event":
                self._event(frame.data)
            case "gate":
                self._asked, self._now, self._question = True, "", asked(frame.data, shutil.get_terminal_size().columns)
                print(self._question, flush=True)
            case "done":
                self._asked, self._now, self._jobs = False, "", ""
                if self._last != self._ended:
                    print(f"{DIM}{_after(frame.data)}{PLAIN}", flush=True)
                self._ended = self._last
            case "jobs":
                self._jobs = frame.data
            case "progress" | "speech":
                self._now = frame.data
        self._prompt.app.invalidate()

    def _event(self, data: str) -> None:
        self._now = ""
        stamp, _, text = data.partition(STATUS_INFO)
        if text != f"You: {self._sent}":
            print(f"{DIM}{stamp[-8:]}{PLAIN} {text}", flush=True)

    def _standing(self) -> str:
        """The line below: a warning, what goes on, or what is expected."""
        if self._warned:
            return LEAVES
        asks = "a question is open: yes, a change, a question, or no" if self._asked else ""
        news = [part for part in (asks, self._jobs, self._now) if part] or [NO_WORDS]
        return one_line(" · ".join((self._talk.session or "no session", *news)), shutil.get_terminal_size().columns - 1)

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("enter")
        def enter(event: KeyPressEvent) -> None:
            """Sends, unless more belongs to the message."""
            if unfinished(event.current_buffer.text):
                event.current_buffer.insert_text("\n")
            else:
                event.current_buffer.validate_and_handle()

        @keys.add("escape", "enter")
        def newline(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text("\n")

        @keys.add("c-c")
        def interrupt(event: KeyPressEvent) -> None:
            """Empties the line; on an empty one warns, and leaves the second time."""
            if event.current_buffer.text:
                event.current_buffer.reset()
            elif self._warned:
                event.app.exit(exception=EOFError())
            else:
                self._warned = True

        return keys


def asked(block: str, columns: int) -> str:
    """A question of the session as what it is: between two rules, so that nobody takes it for news."""
    stamp, _, text = block.partition(STATUS_INFO)
    rule = "━" * max(8, min(columns, 100))
    return f"{GATE}{rule}{PLAIN}\n{text}\n{GATE}{rule}\nYour answer is needed.{PLAIN} {DIM}{stamp[-8:]}{PLAIN}"


def _history() -> Path:
    """Where what was typed is kept, for this user alone."""
    home = default_home()
    home.make()
    path = home.path / "chat_history"
    os.close(os.open(path, os.O_CREAT | os.O_APPEND, 0o600))
    sys.stdout.flush()
    return path


def _after(done: str) -> str:
    """What can be said to a session that has ended: a cancelled one is only asked about."""
    return CANCELLED if json.loads(done).get("status") == "cancelled" else ENDED

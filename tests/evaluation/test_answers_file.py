"""The answers on the disk: whatever is cut off, what is whole is read, and what is appended afterwards is whole."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tools.answers_file import AnswersFile, Reply, read_replies

TRUTHS = [("billing",), ("shipping", "returns"), ("ünïcode",), ("log in",)]
replies = st.builds(Reply, st.none() | st.text(max_size=20), st.text(max_size=5))
written = st.lists(st.tuples(st.integers(0, len(TRUTHS) - 1), replies), max_size=12)


def append(path: Path, lines: list[tuple[int, Reply]]) -> None:
    file = AnswersFile(path)
    for row, reply in lines:
        file.append(row, TRUTHS[row], reply)
    file.close()


def best(lines: list[tuple[int, Reply]]) -> dict[int, Reply]:
    """The last text of each row, and an error only where there is no text: first errors stand."""
    found: dict[int, Reply] = {}
    for row, reply in lines:
        if reply.text is not None or row not in found:
            found[row] = reply
    return found


@given(before=written, cut=st.integers(0, 400), after=written)
def test_any_cut_is_harmless(before: list[tuple[int, Reply]], cut: int, after: list[tuple[int, Reply]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deeper" / "answers.jsonl"
        append(path, before)
        content = path.read_bytes()[: max(0, path.stat().st_size - cut)]
        path.write_bytes(content)
        whole = before[: content.count(b"\n")]
        append(path, after)
        assert read_replies(path, TRUTHS) == best(whole + after)
        assert path.read_bytes().startswith(content[: content.rfind(b"\n") + 1])


def test_lines_of_other_rows_and_rubbish_are_not_answers(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_bytes(
        b'{"row": 0, "truth": ["billing"], "text": "ok"}\n'
        b'{"row": 1, "truth": ["shipping"], "text": "other truth"}\n'
        b'{"row": 9, "truth": ["billing"], "text": "no such row"}\n'
        b'{"row": -1, "truth": ["log in"], "text": "negative"}\n'
        b'{"row": true, "truth": ["shipping", "returns"], "text": "no number"}\n'
        b'{"row": 2, "truth": ["\\u00fcn\\u00efcode"], "text": 7}\n'
        b'[]\nnull\n\xff\xfe\n{"row": 3}\n\n'
    )
    assert read_replies(path, TRUTHS) == {0: Reply("ok")}
    assert read_replies(tmp_path / "none.jsonl", TRUTHS) == {}

"""The answers of an evaluation on disk: one JSON object a line, appended as they come, readable after any kill.

    {"row": number, "truth": [labels], "text": answer or null, "error": "" or why there is no answer}

A row may occur again; a line with a text outweighs one without. A torn last line (the process died while writing) is cut
off before anything is appended.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple


class Reply(NamedTuple):
    """What came back for a row: a text, or None and why."""

    text: str | None
    error: str = ""


def read_replies(path: Path, truths: list[tuple[str, ...]]) -> dict[int, Reply]:
    """Row -> reply, of the lines whose row and truth are those that are asked about now; no file is no replies.

    What cannot be read, or belongs to other rows, counts as never answered. Raises OSError.
    """
    found: dict[int, Reply] = {}
    if not path.exists():
        return found
    with path.open("rb") as file:
        for line in file:
            read = _reply(line, truths)
            if read is not None and (read[1].text is not None or read[0] not in found):
                found[read[0]] = read[1]
    return found


def _reply(line: bytes, truths: list[tuple[str, ...]]) -> tuple[int, Reply] | None:
    try:
        entry: Any = json.loads(line)
        row, text, truth = entry["row"], entry["text"], tuple(entry["truth"])
    except (ValueError, KeyError, TypeError):
        return None
    known = type(row) is int and 0 <= row < len(truths) and truths[row] == truth
    if not known or not (text is None or isinstance(text, str)):
        return None
    return row, Reply(text, str(entry.get("error") or ""))


class AnswersFile:
    """Appends replies. Each is handed to the system at once, so that a kill loses none; `sync` brings them to the disk."""

    def __init__(self, path: Path) -> None:
        """Opens the file for appending, after cutting off a torn last line. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_line(path)
        self._file: BinaryIO = path.open("ab", buffering=0)
        self._unsynced = False

    def append(self, row: int, truth: tuple[str, ...], reply: Reply) -> None:
        """One more line. Raises OSError."""
        entry = {"row": row, "truth": list(truth), "text": reply.text, "error": reply.error}
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._unsynced = True

    async def sync(self) -> None:
        """Waits until the disk has all lines. Raises OSError."""
        if self._unsynced:
            self._unsynced = False
            await asyncio.to_thread(os.fsync, self._file.fileno())

    def close(self) -> None:
        self._file.close()


def _cut_torn_line(path: Path) -> None:
    if not path.exists():
        return
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        keep = end
        while keep > 0:
            start = max(0, keep - (1 << 16))
            file.seek(start)
            found = file.read(keep - start).rfind(b"\n")
            if found >= 0:
                keep = start + found + 1
                break
            keep = start
        if keep < end:
            file.truncate(keep)

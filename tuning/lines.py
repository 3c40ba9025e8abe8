"""Cuts a stream of bytes into lines without ever holding more than one capped line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

LINE_CAP = 16 * 1024 * 1024
"""Bytes. A row of a million tokens is about 5 MB; a longer line is no row but a file in the wrong form."""
_KEPT_OF_OVERLONG = 256


class Line(NamedTuple):
    """One line, numbered from 1, without its line end. When `size` (bytes) exceeds the cap, `data` is only its start."""

    number: int
    data: bytes
    size: int

    @property
    def overlong(self) -> bool:
        """Whether the line was longer than the cap and is not here whole."""
        return self.size > len(self.data)


def read_lines(chunks: Iterable[bytes], cap: int = LINE_CAP) -> Iterator[Line]:
    """The lines of a file given in pieces of any size. Empty lines are given too; memory is one piece plus `cap` bytes."""
    number, size = 1, 0
    pending: list[bytes] = []
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            if size:
                pending.append(part)
                yield _line(number, b"".join(pending), size + len(part), cap)
                pending, size = [], 0
            else:
                yield _line(number, part, len(part), cap)
            number += 1
        size += len(rest)
        if size <= cap:
            pending.append(rest)
        else:
            pending = [b"".join([*pending, rest[:_KEPT_OF_OVERLONG]])[:_KEPT_OF_OVERLONG]]
    if size:
        yield _line(number, b"".join(pending), size, cap)


def _line(number: int, data: bytes, size: int, cap: int) -> Line:
    return Line(number, data if size <= cap else data[:_KEPT_OF_OVERLONG], size)

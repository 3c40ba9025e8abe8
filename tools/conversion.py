"""A JSONL file rewritten as canonical trainable chat, from which rows can be picked by number."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.files import blocks_of, replacing
from tuning.facts import ConversionKind
from tuning.formats import dump_row, kind_of, to_chat
from tuning.lines import read_lines
from tuning.rows import RowError, read_row

_BOM = b"\xef\xbb\xbf"


@dataclass
class Converted:
    """A file of trainable chat rows: where each begins (and the last ends), its prompt's key, and what was left out.

    `numbers` are the rows' lines in the original file, from 1.
    """

    path: Path
    offsets: array[int] = field(default_factory=lambda: array("Q", [0]))
    keys: array[int] = field(default_factory=lambda: array("Q"))
    numbers: array[int] = field(default_factory=lambda: array("Q"))
    dropped: int = 0

    @property
    def rows(self) -> int:
        return len(self.keys)

    def lines(self, rows: Iterable[int]) -> Iterator[bytes]:
        """The lines of the given rows (ascending), each with its line end."""
        with self.path.open("rb") as file:
            for row in rows:
                file.seek(self.offsets[row])
                yield file.read(self.offsets[row + 1] - self.offsets[row])


def convert(source: Path, kinds: Sequence[ConversionKind], target: Path) -> Converted:
    """Every usable row of `source` as canonical chat in `target`, in the file's order. Raises OSError.

    Memory stays flat but for two numbers a row.
    """
    found = Converted(target)
    with replacing(target) as out:
        for line in read_lines(blocks_of([source])):
            data = line.data.removeprefix(_BOM).strip() if line.number == 1 else line.data.strip()
            if not data:
                continue
            row = None if line.overlong else _chat(data, kinds)
            if row is None:
                found.dropped += 1
                continue
            out.write(row + b"\n")
            found.offsets.append(found.offsets[-1] + len(row) + 1)
            found.keys.append(read_row(row).prompt_key())
            found.numbers.append(line.number)
    return found


def _chat(data: bytes, kinds: Sequence[ConversionKind]) -> bytes | None:
    """One line as canonical trainable chat; None when it cannot become that."""
    try:
        read_row(data)
        row = to_chat(json.loads(data), kinds)
        return dump_row(row) if row is not None and kind_of(row) == "chat" else None
    except RowError:
        return None

"""Parts of a data set: a staged source, sides filled up to what a platform takes, and a part written as a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.base import ToolContext, ToolError
from tools.facts import DatasetStaged
from tools.files import CHUNK, write_whole
from tools.tokenizer import context_length
from tuning.facts import ConversionKind, DatasetFacts
from tuning.findings import MIN_ROWS
from tuning.inspection import inspect
from tuning.material import Part
from tuning.plan import Interval
from tuning.request import Request
from tuning.split import Split, subsample
from tuning.tokens import TokenCounter


@dataclass(frozen=True)
class Source:
    """A staged data set and what is known about it."""

    staged: DatasetStaged
    path: Path
    facts: DatasetFacts

    @property
    def conversions(self) -> list[ConversionKind]:
        return [conversion.kind for conversion in self.facts.conversions]


def require(rows: int, least: int, name: str) -> None:
    """Raises ToolError when a data set has fewer usable rows than are needed."""
    if rows < least:
        raise ToolError(
            f"{name} has {rows} usable rows and at least {least} are needed",
            owner="yours",
            next_step="Add rows, or name another data set.",
        )


def check_parts(request: Request, keys: Sequence[int], parts: Mapping[str, Sequence[int]]) -> None:
    """Raises ToolError, with the reason, for a part that the platform would not take as a data set."""
    short = next((role for role, rows in parts.items() if len(rows) < MIN_ROWS), None)
    if short is None:
        return
    prompts = len(set(keys))
    if short == "sweep" and request.subsample is not None and request.subsample < MIN_ROWS:
        why, next_step = f"you asked for {request.subsample} rows for the sweep", f"Ask for {MIN_ROWS} rows or more."
    elif prompts == 1:
        why = "all rows have the same prompt, and equal prompts are never put on two sides of a split"
        next_step = "Add rows with other prompts, or skip the sweep and name an evaluation data set."
    elif request.train_fraction is not None:
        why = f"a share of {request.train_fraction:.0%} of {len(keys):,} rows for training leaves too few"
        next_step = "Say another share, or add rows."
    else:
        why = f"{len(keys):,} rows with {prompts:,} different prompts are too few for this split"
        next_step = "Add rows with other prompts."
    raise ToolError(
        f"the {short} part would have {len(parts[short])} rows and needs at least {MIN_ROWS}: {why}",
        owner="yours",
        next_step=next_step,
    )


def at_least(parted: Split, keys: Sequence[int]) -> Split:
    """The split with validation and test filled up from train to what the platform takes as a data set.

    Rows without a duplicate go first, so that the same prompt is not put on two sides while there are others.
    """
    counts = Counter(keys)
    train, sides = list(parted.train), [list(parted.validation), list(parted.test)]
    for side in sides:
        missing = MIN_ROWS - len(side)
        if not side or missing <= 0:
            continue
        single = [row for row in train if counts[keys[row]] == 1]
        pool = single if len(single) >= missing else train
        moved = [pool[i] for i in subsample(len(pool), missing)]
        side.extend(moved)
        train = [row for row in train if row not in moved]
    return Split(tuple(train), *(tuple(sorted(side)) for side in sides))


def write_part(context: ToolContext, role: str, lines: Iterable[bytes], counters: Sequence[TokenCounter]) -> Part:
    """One part as a file, with its tokens: exact for one model, a range over several, or an estimate."""
    path = context.workspace / "datasets" / f"{role}.jsonl"
    longest = 0

    def measured() -> Iterator[bytes]:
        nonlocal longest
        for line in lines:
            longest = max(longest, len(line))
            yield line

    sha256, size = write_whole(path, measured())
    counted: list[DatasetFacts] = []
    for counter in counters or (None,):
        with path.open("rb") as file:
            counted.append(inspect(iter(lambda: file.read(CHUNK), b""), counter, context_length(context)))
    return Part(
        role=role,
        path=path.relative_to(context.workspace).as_posix(),
        rows=counted[0].rows,
        bytes=size,
        sha256=sha256,
        longest=longest,
        tokens=Interval(low=min(f.tokens.low for f in counted), high=max(f.tokens.high for f in counted)),
    )

"""Which rows train, validate and test. The same rows, seed and rules give the same split on every machine.

Order comes from hashing the seed with each row's place in the file, never from a library's random generator, whose
sequence may change between versions. Rows with equal keys (duplicates) stay together, so none is on two sides.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from typing import Literal, NamedTuple

from tuning.workflows import (
    COMPARED_TEST_FRACTION,
    SEED,
    SMALL_DATA_ROWS,
    SWEEP_ROWS,
    TEST_FRACTION,
    TEST_ROWS,
    VALIDATION_FRACTION,
)

Task = Literal["sft", "preference", "classification"]


class Split(NamedTuple):
    """Row numbers from 0, each list ascending. `train` and `validation` together make the final run's data."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]

    @property
    def final(self) -> tuple[int, ...]:
        """What the final run trains on: train and validation."""
        return tuple(sorted(self.train + self.validation))


def split(
    rows: int,
    task: Task = "sft",
    *,
    keys: Sequence[int] | None = None,
    labels: Sequence[Hashable] | None = None,
    train_fraction: float | None = None,
    own_test: bool = False,
    seed: int = SEED,
) -> Split:
    """Split `rows` rows of one file.

    Test: 10% for sft (at most 1,000 rows), 20% for preference and classification, or what `train_fraction` leaves;
    none when the user brings an evaluation set (`own_test`) or when there are fewer than 50 rows. Validation: 10% of
    the rest, one row at least. `keys` (one per row, see rows.Sample.prompt_key) hold duplicates together; `labels` (one
    per row) spread each label over the sides in proportion. To train on the test rows too, at the user's word, take
    `final` and `test` together afterwards. When all rows share one key, all of them train. Raises ValueError for a fraction outside (0, 1], for fewer than 2 rows and for
    sequences of another length than `rows`.
    """
    if rows < 2:
        raise ValueError(f"{rows} row(s) cannot be split into a training and a validation part")
    if train_fraction is not None and not 0 < train_fraction <= 1:
        raise ValueError(f"the training fraction is {train_fraction}, and must be above 0 and at most 1")
    for name, given in (("keys", keys), ("labels", labels)):
        if given is not None and len(given) != rows:
            raise ValueError(f"{len(given)} {name} were given for {rows} rows")
    groups = _groups(rows, keys, labels, seed)
    wanted = _test_rows(rows, task, train_fraction, own_test)
    test = _take(groups, wanted)
    taken = set(test)
    rest = [group for group in groups if group.first not in taken]
    remaining = rows - len(test)
    validation = _take(rest, min(max(1, round(remaining * VALIDATION_FRACTION)), remaining - 1))
    taken.update(validation)
    return Split(tuple(row for row in range(rows) if row not in taken), tuple(validation), tuple(test))


def _test_rows(rows: int, task: Task, train_fraction: float | None, own_test: bool) -> int:
    if own_test:
        return 0
    if train_fraction is not None:
        return min(round(rows * (1 - train_fraction)), rows - 2)
    if rows < SMALL_DATA_ROWS:
        return 0
    if task == "sft":
        return min(round(rows * TEST_FRACTION), TEST_ROWS)
    return round(rows * COMPARED_TEST_FRACTION)


class _Group(NamedTuple):
    """Rows that stay together, and the place in the order that they are taken in."""

    order: tuple[float, bytes]
    first: int
    members: tuple[int, ...]


def _digest(seed: int, row: int) -> bytes:
    return hashlib.sha256(f"{seed}:{row}".encode()).digest()


def _groups(rows: int, keys: Sequence[int] | None, labels: Sequence[Hashable] | None, seed: int) -> list[_Group]:
    """Groups of rows in the order of taking: random, and with labels interleaved so that any start is in proportion."""
    members: dict[Hashable, list[int]] = {}
    for row in range(rows):
        members.setdefault(row if keys is None else keys[row], []).append(row)
    strata: dict[Hashable, list[tuple[bytes, list[int]]]] = {}
    for group in members.values():
        stratum = labels[group[0]] if labels is not None else None
        strata.setdefault(stratum, []).append((_digest(seed, group[0]), group))
    ordered = []
    for grouped in strata.values():
        grouped.sort()
        for place, (digest, group) in enumerate(grouped):
            # The n-th of a label's m groups stands at (n + 1/2) / m: a start of share s holds about s of every label.
            position = (place + 0.5) / len(grouped) if labels is not None else 0.0
            ordered.append(_Group((position, digest), group[0], tuple(group)))
    return sorted(ordered)


def _take(groups: Sequence[_Group], wanted: int) -> list[int]:
    """The rows of the first groups, `wanted` in number; a group that does not fit any more is passed over.

    When none fits, the smallest is taken alone, if anything remains: an empty side would measure nothing.
    """
    taken: list[int] = []
    for group in groups:
        if len(taken) + len(group.members) <= wanted:
            taken += group.members
    if wanted > 0 and not taken and len(groups) > 1:
        taken += min(groups, key=lambda group: len(group.members)).members
    return sorted(taken)


def subsample(
    rows: int, size: int = SWEEP_ROWS, seed: int = SEED, labels: Sequence[Hashable] | None = None
) -> tuple[int, ...]:
    """`size` of `rows` row numbers, ascending; all of them when there are no more. A smaller size gives a subset.

    `labels` (one per row) keep each label's share.
    """
    if rows <= size:
        return tuple(range(rows))
    if labels is not None:
        return tuple(sorted(group.first for group in _groups(rows, None, labels, seed)[:size]))
    return tuple(sorted(sorted(range(rows), key=lambda row: _digest(seed, row))[:size]))

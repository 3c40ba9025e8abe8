"""Reads the label of every row of a converted data set, and settles which labels the task has."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.conversion import Converted
from tuning.labels import Rule, choose_rule, like_label
from tuning.lists import first_of
from tuning.one_label import LabelError, Merging, Resolved, normal, resolve
from tuning.request import Request
from tuning.rows import truth_labels
from tuning.suspicion import find_suspicion

Truth = tuple[str, ...]
SHOWN = 10
"""Labels or lines that one sentence names."""
SAMPLES = 3
SAMPLE_CHARS = 160
RULE_ROWS = 2_000
"""Rows on which a rule for the final assistant turn is tried."""
_NO_TEXT = "has a ground_truth that is neither a text nor a list of texts"
_EMPTY = "has an empty ground_truth"
_LONG = "has a ground_truth that is too long or of several lines, so no label"


@dataclass
class Side:
    """One data set's labels: for each row of it the labels as written (empty: none), and why rows have none."""

    data: Converted
    raw: list[Truth] = field(default_factory=list)
    problems: dict[str, list[int]] = field(default_factory=dict)
    """Reason -> lines of the original file."""
    truths: list[Truth] = field(default_factory=list)
    """For each row its labels of the task; empty where the row is left out."""

    @property
    def rows(self) -> list[int]:
        """The rows that have a label."""
        return [row for row, truth in enumerate(self.truths) if truth]


@dataclass(frozen=True)
class Reading:
    """The labels of the task and how they were found."""

    resolved: Resolved
    rule: str
    multi_label: bool
    samples: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]


def read_labels(request: Request, train: Side, held_out: Side | None) -> Reading:
    """Fills both sides' labels. Raises LabelError when there is no classification in the data."""
    rule = _rule(request, train)
    sides = [side for side in (train, held_out) if side]
    for side in sides:
        side.raw = [_raw(row, number, rule, side) for row, number in zip(_rows(side), side.data.numbers, strict=True)]
    counts = Counter(label for side in sides for raw in side.raw for label in raw)
    if not counts:
        raise LabelError(_why_none(train), "Give each row a ground_truth with its label as a text.")
    merging = Merging(request.merge_labels, request.merge_spellings, request.keep_apart)
    resolved = resolve(counts, request.labels, request.drop_labels, merging)
    several = any(len({resolved.of.get(label) for label in raw} - {None}) > 1 for side in sides for raw in side.raw)
    order = {label: place for place, label in enumerate(resolved.labels)}
    for side in sides:
        side.truths = [
            tuple(sorted({resolved.of[t] for t in raw if t in resolved.of}, key=order.__getitem__)) for raw in side.raw
        ]
    warnings = [*_left_out(train, "training data"), *(_left_out(held_out, "evaluation data") if held_out else ())]
    return Reading(
        resolved=resolved,
        rule="ground_truth" if rule is None else rule.words,
        multi_label=several,
        samples=tuple(_samples(train, rule)),
        warnings=(*warnings, *_outside(resolved, request), *_suspicious(resolved.labels)),
    )


def _rows(side: Side) -> Iterator[dict[str, Any]]:
    for line in side.data.lines(range(side.data.rows)):
        yield json.loads(line)


def _rule(request: Request, train: Side) -> Rule | None:
    """None: `ground_truth`, where at least half the rows have one."""
    given, answers = 0, []
    for number, row in enumerate(_rows(train)):
        given += row.get("ground_truth") is not None
        if number < RULE_ROWS:
            answers.append(_answer(row))
    return None if 2 * given >= train.data.rows else choose_rule(answers, request.labels)


def _answer(row: Mapping[str, Any]) -> str:
    return str(row["messages"][-1].get("content") or "")


def _raw(row: Mapping[str, Any], number: int, rule: Rule | None, side: Side) -> Truth:
    """The labels of a row as written; a reason is kept where there are none."""
    if rule is not None:
        found = rule.read(_answer(row))
        if found is not None and like_label(found):
            return (found,)
        return _none(side, f"has no label to read by the rule ({rule.words})", number)
    truth = row.get("ground_truth")
    if truth is None:
        return _none(side, "has no ground_truth", number)
    labels = truth_labels(truth)
    if truth in ([], "") or (labels and not any(label.strip() for label in labels)):
        return _none(side, _EMPTY, number)
    if not labels:
        return _none(side, _NO_TEXT, number)
    usable = tuple(dict.fromkeys(label for label in labels if like_label(label)))
    return usable or _none(side, _LONG, number)


def _none(side: Side, reason: str, number: int) -> Truth:
    side.problems.setdefault(reason, []).append(number)
    return ()


def _why_none(train: Side) -> str:
    reason, lines = max(train.problems.items(), key=lambda item: len(item[1]), default=("has a label", [1]))
    return f"no row has a usable label: each row {reason} (the first is line {lines[0]})"


def _left_out(side: Side, what: str) -> Iterable[str]:
    for reason, lines in side.problems.items():
        rows = "1 row" if len(lines) == 1 else f"{len(lines):,} rows"
        where = ", ".join(map(str, lines[:SHOWN])) + (" …" if len(lines) > SHOWN else "")
        verb = reason if len(lines) == 1 else reason.replace("has ", "have ", 1)
        yield f"In the {what}, {rows} {verb} and {'is' if len(lines) == 1 else 'are'} left out: line {where}."


def _outside(resolved: Resolved, request: Request) -> Iterable[str]:
    if resolved.outside:
        named = first_of([f"{label} ({rows:,})" for label, rows in resolved.outside.items()], SHOWN)
        yield (
            f"Rows with a label that is not in your list are left out: {named}. Say the whole list of labels again "
            "to take them in."
        )
    known = {normal(text) for text in (*resolved.of, *resolved.labels)}
    strange = [label for label in request.drop_labels if normal(label) in known]
    if strange:
        yield f"You left out {', '.join(strange)}, which the list of labels names too."
    if resolved.absent:
        yield f"No row has the label {', '.join(resolved.absent[:SHOWN])}, which you want merged: please check the spelling."
    if resolved.made:
        yield f"No row had the label {', '.join(resolved.made[:SHOWN])} before: it exists only by your merge."


def _suspicious(labels: Sequence[str]) -> Iterable[str]:
    found = [(label, hit[1]) for label in labels if (hit := find_suspicion(label.encode(), label.lower().encode()))]
    for label, why in found[:SHOWN]:
        yield f"The label {label!r} {why}; it is treated as data."


def _samples(side: Side, rule: Rule | None) -> Iterator[tuple[str, str]]:
    """Some rows on which the user can check the rule, of different labels where there are any."""
    seen: set[Truth] = set()
    for row, truth in zip(_rows(side), side.truths, strict=True):
        if not truth or truth in seen:
            continue
        seen.add(truth)
        text = (
            _answer(row)
            if rule is not None
            else str(row["messages"][-2 if len(row["messages"]) > 1 else -1].get("content"))
        )
        yield " ".join(text.split())[-SAMPLE_CHARS:], ", ".join(truth)
        if len(seen) == SAMPLES:
            return

"""What a model's answers to labelled rows are worth, and whether one model is better than another on the same rows. Pure.

Accuracy and all figures per label count the lenient reading of an answer (`answer_reading`), so that no model is beaten by
format alone; the strict reading stands beside it. An answer that names no label, or several where one is due, is
unparsable; a row without an answer failed. Both are wrong.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from .answer_reading import Reading, read_answer
from .statistics import mcnemar_exact, paired_difference, wilson

__all__ = ["Answer", "Comparison", "LabelResult", "Reading", "Scores", "compare", "read_answer", "score"]

Verdict = Literal["gain", "none", "worse"]
UNPARSABLE = " (unparsable)"
FAILED = " (no answer)"
"""The blank before them keeps them apart from labels, which have none around."""


class Answer(NamedTuple):
    """One row: its true labels, and what the model said (None: no answer came)."""

    truth: tuple[str, ...]
    text: str | None


class LabelResult(NamedTuple):
    """One label: `rows` have it as a truth, `predicted` answers name it, `correct` rows are both. F1 is 0 where empty.

    `recall` is what is also called the label's accuracy: the share of its rows that were answered with it.
    """

    label: str
    rows: int
    correct: int
    predicted: int
    precision: float
    recall: float
    f1: float


class Scores(NamedTuple):
    """All figures of one model on one set of rows. Rates are fractions; `low` and `high` are Wilson's 95% bounds.

    `macro_f1` is the mean of F1 over the labels that have rows. `micro_f1` pools the counts of all labels; with one label
    a row it differs from accuracy only by answers that name none. `confusion` counts (truth, answer) by row, with
    `UNPARSABLE` and `FAILED` as answers; it is empty with several labels a row, where `per_label` says it all.
    `correct_rows` is by row, in the order of the answers.
    """

    rows: int
    correct: int
    strict_correct: int
    unparsable: int
    failed: int
    accuracy: float
    low: float
    high: float
    macro_f1: float
    micro_f1: float
    per_label: tuple[LabelResult, ...]
    confusion: tuple[tuple[str, str, int], ...]
    correct_rows: tuple[bool, ...]


class Comparison(NamedTuple):
    """The second model against the first on the same rows. `gain` is second minus first, a difference of accuracies.

    `low` and `high` bound it with 95% confidence (Newcombe's method 10 for paired rows); `p_value` is McNemar's exact one.
    `only_first` and `only_second` are rows that only that model got right.
    """

    gain: float
    low: float
    high: float
    p_value: float
    only_first: int
    only_second: int

    @property
    def verdict(self) -> Verdict:
        """A gain (or a loss) only where the whole interval lies on one side of zero."""
        if self.low > 0:
            return "gain"
        return "worse" if self.high < 0 else "none"

    @property
    def words(self) -> str:
        """The verdict as people read it."""
        return {"gain": "a gain", "none": "no measurable gain", "worse": "worse"}[self.verdict]


def score(answers: Sequence[Answer], labels: Sequence[str], multi_label: bool = False) -> Scores:
    """Judges every answer. A truth outside `labels` is counted under its own name and can't be met.

    Raises ValueError without rows, or for a row without a truth (or with several when `multi_label` is false).
    """
    if not answers:
        raise ValueError("there are no answers to score")
    if any(not answer.truth or (len(answer.truth) > 1 and not multi_label) for answer in answers):
        raise ValueError("a row to score needs exactly one true label, or several in a data set with several")
    readings = [read_answer(answer.text, labels, multi_label) for answer in answers]
    right = tuple(_same(r.lenient, a.truth) for r, a in zip(readings, answers, strict=True))
    per_label = tuple(_per_label(answers, readings, labels))
    rate = wilson(sum(right), len(answers))
    failed = sum(answer.text is None for answer in answers)
    return Scores(
        rows=len(answers),
        correct=sum(right),
        strict_correct=sum(_same(r.strict, a.truth) for r, a in zip(readings, answers, strict=True)),
        unparsable=sum(reading.lenient is None for reading in readings) - failed,
        failed=failed,
        accuracy=rate.estimate,
        low=rate.low,
        high=rate.high,
        macro_f1=_mean(result.f1 for result in per_label if result.rows),
        micro_f1=_f1(
            *(sum(getattr(result, name) for result in per_label) for name in ("correct", "predicted", "rows"))
        ),
        per_label=per_label,
        confusion=() if multi_label else _confusion(answers, readings),
        correct_rows=right,
    )


def compare(first_correct: Sequence[bool], second_correct: Sequence[bool]) -> Comparison:
    """Whether the second model is better on the same rows. Raises ValueError when there are none or they do not pair."""
    if len(first_correct) != len(second_correct) or not first_correct:
        raise ValueError("the two models were not scored on the same rows")
    pairs = Counter(zip(map(bool, first_correct), map(bool, second_correct), strict=True))
    only_first, only_second = pairs[True, False], pairs[False, True]
    gain = paired_difference(pairs[True, True], only_first, only_second, pairs[False, False])
    return Comparison(
        gain=gain.estimate,
        low=gain.low,
        high=gain.high,
        p_value=mcnemar_exact(only_first, only_second),
        only_first=only_first,
        only_second=only_second,
    )


def _same(read: tuple[str, ...] | None, truth: tuple[str, ...]) -> bool:
    return read is not None and set(read) == set(truth)


def _per_label(answers: Sequence[Answer], readings: Sequence[Reading], labels: Sequence[str]) -> Iterable[LabelResult]:
    """One result for every label, then for every truth outside the list, in order of first appearance."""
    rows = Counter(label for answer in answers for label in set(answer.truth))
    predicted = Counter(label for reading in readings for label in reading.lenient or ())
    correct = Counter(
        label for r, a in zip(readings, answers, strict=True) for label in set(a.truth).intersection(r.lenient or ())
    )
    for label in dict.fromkeys((*labels, *(label for answer in answers for label in answer.truth))):
        hits, named, has = correct[label], predicted[label], rows[label]
        yield LabelResult(
            label=label,
            rows=has,
            correct=hits,
            predicted=named,
            precision=hits / named if named else 0.0,
            recall=hits / has if has else 0.0,
            f1=_f1(hits, named, has),
        )


def _confusion(answers: Sequence[Answer], readings: Sequence[Reading]) -> tuple[tuple[str, str, int], ...]:
    def said(answer: Answer, reading: Reading) -> str:
        if answer.text is None:
            return FAILED
        return reading.lenient[0] if reading.lenient else UNPARSABLE

    counts = Counter((a.truth[0], said(a, r)) for a, r in zip(answers, readings, strict=True))
    return tuple((truth, answer, rows) for (truth, answer), rows in sorted(counts.items()))


def _f1(correct: int, predicted: int, rows: int) -> float:
    return 2 * correct / (predicted + rows) if predicted + rows else 0.0


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found) if found else 0.0

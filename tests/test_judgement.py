"""Scores and comparisons agree with scikit-learn, with published figures, and with what intervals promise."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from tuning.judgement import FAILED, UNPARSABLE, Answer, compare, score
from tuning.statistics import paired_difference, wilson

LABELS = ("billing", "refund", "spam")
SAID = st.sampled_from([*LABELS, "Refund.", "no idea", "refund or spam", None])
ROWS = st.lists(st.tuples(st.sampled_from(LABELS), SAID), min_size=1, max_size=40)
SEVERAL = st.lists(
    st.tuples(
        st.sets(st.sampled_from(LABELS), min_size=1), st.one_of(st.none(), st.sets(st.sampled_from(LABELS), min_size=1))
    ),
    min_size=1,
    max_size=40,
)
READ = {"Refund.": "refund", "no idea": "?", "refund or spam": "?", None: "?"}


@settings(deadline=None)
@given(rows=ROWS)
def test_one_label_a_row_as_scikit_learn_counts(rows: list[tuple[str, str | None]]) -> None:
    found = score([Answer((truth,), said) for truth, said in rows], LABELS)
    truth, read = [truth for truth, _ in rows], [READ.get(said, said) for _, said in rows]
    seen = [label for label in LABELS if label in truth]
    assert found.accuracy == pytest.approx(metrics.accuracy_score(truth, read))
    assert found.macro_f1 == pytest.approx(metrics.f1_score(truth, read, labels=seen, average="macro", zero_division=0))
    assert found.micro_f1 == pytest.approx(
        metrics.f1_score(truth, read, labels=LABELS, average="micro", zero_division=0)
    )
    by_label = metrics.precision_recall_fscore_support(truth, read, labels=LABELS, zero_division=0)
    for result, *expected in zip(found.per_label, *by_label, strict=True):
        assert (result.precision, result.recall, result.f1, result.rows) == pytest.approx(tuple(expected))
    matrix = metrics.confusion_matrix(truth, read, labels=LABELS)
    counts = {(t, a): n for t, a, n in found.confusion}
    assert [[counts.get((t, a), 0) for a in LABELS] for t in LABELS] == matrix.tolist()
    assert sum(counts.values()) == found.rows == len(rows)
    assert found.failed == sum(n for (_, said), n in counts.items() if said == FAILED)
    assert found.unparsable == sum(n for (_, said), n in counts.items() if said == UNPARSABLE)
    assert (found.low, found.high) == wilson(found.correct, found.rows)[1:]
    assert found.strict_correct <= found.correct == sum(found.correct_rows)


@settings(deadline=None)
@given(rows=SEVERAL)
def test_several_labels_a_row_as_scikit_learn_counts(rows: list[tuple[set[str], set[str] | None]]) -> None:
    answers = [Answer(tuple(sorted(truth)), None if said is None else ", ".join(sorted(said))) for truth, said in rows]
    found = score(answers, LABELS, multi_label=True)

    def table(sets: Sequence[set[str]]) -> list[list[int]]:
        return [[int(label in one) for label in LABELS] for one in sets]

    truth, read = table([t for t, _ in rows]), table([said or set() for _, said in rows])
    seen = [i for i, label in enumerate(LABELS) if any(label in t for t, _ in rows)]
    assert found.accuracy == pytest.approx(metrics.accuracy_score(truth, read))
    assert found.micro_f1 == pytest.approx(metrics.f1_score(truth, read, average="micro", zero_division=0))
    assert found.macro_f1 == pytest.approx(metrics.f1_score(truth, read, labels=seen, average="macro", zero_division=0))
    assert found.confusion == ()


def test_a_truth_outside_the_list_is_counted_and_missed() -> None:
    found = score([Answer(("unheard",), "unheard"), Answer(("spam",), "spam")], LABELS)
    assert (found.correct, found.unparsable) == (1, 1)
    assert [(r.label, r.rows) for r in found.per_label if r.rows] == [("spam", 1), ("unheard", 1)]


@pytest.mark.parametrize("answers", [[], [Answer((), "spam")], [Answer(("spam", "refund"), "spam")]])
def test_rows_without_one_truth_are_refused(answers: list[Answer]) -> None:
    with pytest.raises(ValueError):
        score(answers, LABELS)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [((59, 6, 16, 80), 0.0046, 0.1186), ((1, 1, 7, 12), 0.0256, 0.5069), ((36, 2, 12, 0), 0.0569, 0.3404)],
)
def test_newcombes_method_10_on_published_tables(table: tuple[int, int, int, int], low: float, high: float) -> None:
    """The first two are worked examples of Fagerland, Lydersen & Laake's book on contingency tables (2017, chapter 8)."""
    found = paired_difference(*table)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


@settings(deadline=None)
@given(st.tuples(*[st.integers(0, 60)] * 4).filter(any))
def test_a_paired_interval_holds_its_estimate_and_turns_with_the_order(table: tuple[int, int, int, int]) -> None:
    both, only_first, only_second, neither = table
    found = paired_difference(*table)
    turned = paired_difference(both, only_second, only_first, neither)
    assert -1 <= found.low <= found.estimate <= found.high <= 1
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_the_interval_covers_as_often_as_it_says() -> None:
    """A simulation of its own: the true difference lies inside about 95 times of 100."""
    generator, inside, trials = random.Random(7), 0, 1_500
    shares = (0.55, 0.10, 0.20, 0.15)
    for _ in range(trials):
        drawn = generator.choices(range(4), shares, k=80)
        found = paired_difference(*(drawn.count(cell) for cell in range(4)))
        inside += found.low <= 0.10 <= found.high
    assert 0.93 <= inside / trials <= 0.975


@pytest.mark.parametrize(
    ("first", "second", "verdict", "words"),
    [
        ([False] * 40 + [True] * 60, [True] * 90 + [False] * 10, "gain", "a gain"),
        ([True, False] * 20, [False, True] * 20, "none", "no measurable gain"),
        ([True] * 50, [True] * 20 + [False] * 30, "worse", "worse"),
    ],
)
def test_verdicts(first: list[bool], second: list[bool], verdict: str, words: str) -> None:
    found = compare(first, second)
    assert (found.verdict, found.words) == (verdict, words)
    assert found.gain == pytest.approx((sum(second) - sum(first)) / len(first))
    discordant = found.only_first + found.only_second
    fewer = min(found.only_first, found.only_second)
    tail = sum(math.comb(discordant, k) for k in range(fewer + 1)) / 2**discordant
    assert found.p_value == pytest.approx(min(1.0, 2 * tail))


@pytest.mark.parametrize(("first", "second"), [([], []), ([True], [True, False])])
def test_rows_that_do_not_pair_are_refused(first: list[bool], second: list[bool]) -> None:
    with pytest.raises(ValueError):
        compare(first, second)

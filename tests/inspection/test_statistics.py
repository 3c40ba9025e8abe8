"""Intervals and tests against published or independently computed values, and their properties."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuning.statistics import mcnemar_exact, mean_loss, paired_loss_difference, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_against_newcombe(successes: int, trials: int, low: float, high: float) -> None:
    interval = wilson(successes, trials)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)
    assert interval.estimate == successes / trials


@given(st.integers(1, 500), st.data())
def test_wilson_holds_the_rate_and_mirrors(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    interval, mirror = wilson(successes, trials), wilson(trials - successes, trials)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1
    assert interval.low == pytest.approx(1 - mirror.high)


def test_wilson_without_trials() -> None:
    with pytest.raises(ValueError, match="no rate"):
        wilson(0, 0)


def test_mean_loss_is_weighted_by_tokens() -> None:
    assert mean_loss([(10.0, 10), (90.0, 30)]) == 2.5
    with pytest.raises(ValueError, match="no tokens"):
        mean_loss([(0.0, 0)])


def rows(count: int, mean: float, seed: int) -> list[tuple[float, int]]:
    generator = random.Random(seed)
    sizes = random.Random(7)
    return [((size := sizes.randint(5, 40)) * max(0.0, generator.gauss(mean, 0.3)), size) for _ in range(count)]


def test_a_clear_gain_and_no_gain() -> None:
    base = rows(200, 2.0, seed=1)
    gain = paired_loss_difference(base, rows(200, 1.5, seed=2))
    assert gain.low < gain.estimate < gain.high < 0
    assert gain.estimate == pytest.approx(-0.5, abs=0.1)
    none = paired_loss_difference(base, base)
    assert none == (0.0, 0.0, 0.0)


def test_the_bootstrap_is_repeatable_and_near_the_normal_interval() -> None:
    base = [(20.0 + random.Random(n).gauss(0, 3), 10) for n in range(400)]
    tuned = [(nats - 1 + random.Random(-n - 1).gauss(0, 2), 10) for n, (nats, _) in enumerate(base)]
    interval = paired_loss_difference(base, tuned)
    assert interval == paired_loss_difference(base, tuned)
    gains = [(other[0] - mine[0]) / 10 for mine, other in zip(base, tuned, strict=True)]
    mean = sum(gains) / 400
    error = math.sqrt(sum((gain - mean) ** 2 for gain in gains) / 399 / 400)
    assert interval.low == pytest.approx(mean - 1.96 * error, abs=0.25 * error)
    assert interval.high == pytest.approx(mean + 1.96 * error, abs=0.25 * error)


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says() -> None:
    held = 0
    for trial in range(100):
        generator = random.Random(trial)
        base = [(generator.gauss(20, 3), 10) for _ in range(60)]
        tuned = [(nats - generator.gauss(1, 2), 10) for nats, _ in base]
        interval = paired_loss_difference(base, tuned, resamples=300, seed=trial)
        held += interval.low <= -0.1 <= interval.high
    assert 87 <= held <= 100


def test_unpaired_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="same rows"):
        paired_loss_difference([(1.0, 1)], [(1.0, 2)])
    with pytest.raises(ValueError, match="same rows"):
        paired_loss_difference([(1.0, 1)], [])


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [(0, 0, 1.0), (0, 5, 2 * 0.5**5), (5, 0, 2 * 0.5**5), (1, 9, 2 * 11 / 1024), (6, 6, 1.0), (0, 2000, 0.0)],
)
def test_mcnemar(first: int, second: int, p: float) -> None:
    assert mcnemar_exact(first, second) == pytest.approx(p)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_symmetric_and_falls_with_disagreement(first: int, second: int) -> None:
    p = mcnemar_exact(first, second)
    assert 0 < p <= 1 and p == mcnemar_exact(second, first)
    if first >= second:
        assert mcnemar_exact(first + 1, second) < p or p == 1.0


def test_mcnemar_refuses_what_is_no_count() -> None:
    with pytest.raises(ValueError, match="negative"):
        mcnemar_exact(-1, 2)

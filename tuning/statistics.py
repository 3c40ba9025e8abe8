"""Intervals and tests for comparing a tuned model with its base on the same held-out rows. Pure Python, seeded."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple


class Interval(NamedTuple):
    """A point estimate with its confidence limits."""

    estimate: float
    low: float
    high: float


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval for a rate (E. B. Wilson, JASA 22, 1927). Raises ValueError without trials.

    Centre (p + z²/2n) / (1 + z²/n), half-width z √(p(1-p)/n + z²/4n²) / (1 + z²/n); sound at 0%, at 100% and for few trials.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes of {trials} trials have no rate")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rate = successes / trials
    scale = 1 + z * z / trials
    centre = (rate + z * z / (2 * trials)) / scale
    half = z * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials)) / scale
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return Interval(rate, low, high)


def paired_difference(both: int, only_first: int, only_second: int, neither: int, confidence: float = 0.95) -> Interval:
    """Second rate minus first rate of two things tried on the same rows, with its interval. Raises ValueError without rows.

    R. G. Newcombe, Statistics in Medicine 17 (1998) 2635-2650, method 10: Wilson's limits of either rate, combined by
    square-and-add with the rows' correlation phi, whose numerator is corrected for continuity when it is positive.
    """
    rows = both + only_first + only_second + neither
    if rows < 1 or min(both, only_first, only_second, neither) < 0:
        raise ValueError("a paired difference needs rows, and counts that are not negative")
    first = wilson(both + only_first, rows, confidence)
    second = wilson(both + only_second, rows, confidence)
    phi = _correlation(both, only_first, only_second, neither)
    gain = (only_second - only_first) / rows
    below, above = second.estimate - second.low, first.high - first.estimate
    low = gain - math.sqrt(max(0.0, below**2 - 2 * phi * below * above + above**2))
    above, below = second.high - second.estimate, first.estimate - first.low
    high = gain + math.sqrt(max(0.0, above**2 - 2 * phi * above * below + below**2))
    return Interval(gain, max(-1.0, low), min(1.0, high))


def _correlation(both: int, only_first: int, only_second: int, neither: int) -> float:
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    if margins == 0:
        return 0.0
    covariance: float = both * neither - only_first * only_second
    if covariance > 0:
        covariance = max(0.0, covariance - (both + only_first + only_second + neither) / 2)
    return covariance / math.sqrt(margins)


RowLoss = tuple[float, int]
"""(sum of the negative log likelihoods in nats, number of tokens) of one row."""


def mean_loss(rows: Sequence[RowLoss]) -> float:
    """Loss in nats per token over all rows. Raises ValueError when there are no tokens."""
    tokens = sum(count for _, count in rows)
    if tokens <= 0:
        raise ValueError("no tokens to average a loss over")
    return math.fsum(nats for nats, _ in rows) / tokens


def paired_loss_difference(
    base: Sequence[RowLoss],
    tuned: Sequence[RowLoss],
    confidence: float = 0.95,
    resamples: int = 2_000,
    seed: int = 42,
) -> Interval:
    """Mean loss of `tuned` minus that of `base` (negative: tuned is better), with a percentile bootstrap interval.

    Rows are resampled, not tokens, and the same rows for both models (Efron & Tibshirani, An Introduction to the
    Bootstrap, 1993, ch. 8 and 13). Raises ValueError when the rows or their token counts do not pair.
    """
    if len(base) != len(tuned) or any(mine[1] != other[1] for mine, other in zip(base, tuned, strict=True)):
        raise ValueError("the two models were not scored on the same rows and tokens")
    estimate = mean_loss(tuned) - mean_loss(base)
    gains = [other[0] - mine[0] for mine, other in zip(base, tuned, strict=True)]
    tokens = [count for _, count in base]
    generator = random.Random(seed)
    rows = range(len(gains))
    found = []
    for _ in range(resamples):
        chosen = generator.choices(rows, k=len(gains))
        drawn = sum(map(tokens.__getitem__, chosen))
        if drawn:
            found.append(sum(map(gains.__getitem__, chosen)) / drawn)
    found.sort()
    tail = (1 - confidence) / 2
    return Interval(estimate, _quantile(found, tail), _quantile(found, 1 - tail))


def _quantile(ordered: Sequence[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def mcnemar_exact(only_base: int, only_tuned: int) -> float:
    """Two-sided exact p-value that two models are equally often right on the same rows (McNemar 1947, exact binomial form).

    `only_base`: rows that only the base got right; `only_tuned`: only the tuned model. Rows on which both agree say nothing.
    """
    if only_base < 0 or only_tuned < 0:
        raise ValueError("counts of rows cannot be negative")
    trials, fewer = only_base + only_tuned, min(only_base, only_tuned)
    if trials == 0:
        return 1.0
    # Whole numbers up to the one division, which Python rounds correctly however large they are.
    tail = sum(math.comb(trials, successes) for successes in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << trials))

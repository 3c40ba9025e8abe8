"""The pace against simulated platforms, in simulated time: slots that queue, slots that refuse, batches, outages."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable

import pytest

from tools.pace import FIRST, MOST, Pace

LATENCY = 0.05


def simulate(
    answer: Callable[[int, float], float | None], answers: int, pace: Pace | None = None, wait: float = 1.0
) -> tuple[Pace, float, int]:
    """Keeps the pace's limit in flight until so many answers came. (pace, seconds, refusals).

    `answer(in flight, now)` is how long the platform takes for a request, or None when it refuses it at once.
    """
    pace = pace or Pace()
    now, flying, refused, done, sequence = 0.0, list[tuple[float, int, float, bool]](), 0, 0, 0
    rng = random.Random(1)
    while done < answers:
        while len(flying) < pace.limit and now >= pace.resume_at:
            took = answer(sum(good for *_, good in flying) + 1, now)
            sequence += 1
            span = 0.001 if took is None else took * rng.uniform(0.97, 1.03)
            heapq.heappush(flying, (now + span, sequence, now, took is not None))
        if not flying:
            now = pace.resume_at
            continue
        now, _, began, good = heapq.heappop(flying)
        if good:
            done += 1
            pace.answered(now)
        else:
            refused += 1
            pace.pushed_back(began, now, wait)
    return pace, now, refused


def queueing(slots: int) -> Callable[[int, float], float | None]:
    """What is over the slots waits: latency grows in proportion."""
    return lambda flying, now: LATENCY * max(1.0, flying / slots)


def refusing(slots: int) -> Callable[[int, float], float | None]:
    return lambda flying, now: LATENCY if flying <= slots else None


@pytest.mark.parametrize("slots", [64, 100, 200])
def test_a_queueing_platform_is_kept_busy_and_not_drowned(slots: int) -> None:
    pace, seconds, _ = simulate(queueing(slots), max(1000, 80 * slots))
    assert max(1000, 80 * slots) / seconds >= 0.85 * slots / LATENCY
    assert 0.9 * slots <= pace.limit <= 2 * slots


@pytest.mark.parametrize("slots", [3, 64, 200])
def test_a_refusing_platform_is_kept_busy_and_seldom_refuses(slots: int) -> None:
    pace, seconds, refused = simulate(refusing(slots), max(1000, 80 * slots))
    assert max(1000, 80 * slots) / seconds >= 0.8 * slots / LATENCY
    assert refused <= FIRST + 0.05 * max(1000, 80 * slots) and pace.limit <= 1.25 * slots + 1


def test_a_platform_that_batches_is_given_large_batches_although_its_latency_grows() -> None:
    """Twice the latency at eight times the load is still four times the rate."""
    pace, *_ = simulate(lambda flying, now: LATENCY * (1 + flying / 64), 20_000)
    assert pace.limit >= 100


def test_one_request_alone_looks_whether_anybody_is_there() -> None:
    pace = Pace()
    pace.pushed_back(0.0, 0.1, wait=2.0)
    assert (pace.limit, pace.resume_at) == (1, 2.1)
    pace.answered(3.0)
    assert pace.limit == FIRST


def test_a_crowd_that_is_refused_counts_once() -> None:
    pace = Pace()
    pace.answered(0.0)
    for _ in range(FIRST):
        pace.pushed_back(0.001, 0.01, wait=1.0)
    assert pace.limit == FIRST // 2 and pace.resume_at == 0.0


def test_an_outage_is_waited_out_and_then_the_pace_comes_back() -> None:
    """Down from 2 s to 12 s: few requests are spent on it, and afterwards the old rate is reached again."""
    pace, seconds, refused = simulate(lambda flying, now: None if 2 <= now < 12 else LATENCY, 10_000)
    assert refused < 2 * MOST and pace.limit > 100 and seconds < 20


def test_the_limit_has_an_end() -> None:
    pace, *_ = simulate(lambda flying, now: LATENCY, 20_000)
    assert pace.limit == MOST

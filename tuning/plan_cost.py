"""What a plan's items cost and take together: cost lines, total, the worst case over branches, wall time."""

from __future__ import annotations

from tuning.plan import ZERO, Interval, PlanItem
from tuning.workflows import RETRIES


def totals(items: tuple[PlanItem, ...]) -> tuple[tuple[tuple[str, Interval | None], ...], Interval, tuple[str, ...]]:
    """Cost lines, total and what has no known price. Of alternatives the cheapest counts low and the dearest high."""
    by_phase: dict[str, Interval | None] = {}
    for phase in dict.fromkeys(item.phase for item in items if item.kind != "upload"):
        by_phase[phase] = _phase_cost([item for item in items if item.phase == phase])
    trained = [item.cost for item in items if item.kind == "train" and item.cost is not None]
    retry = Interval(low=0.0, high=max((c.high for c in trained), default=0.0) * RETRIES)
    training = _sum([by_phase.get("sweep", ZERO), by_phase.get("full run", ZERO)])
    lines = [
        ("Training: sweep", by_phase.get("sweep", ZERO)),
        ("Training: full run", by_phase.get("full run", ZERO)),
        (f"Training: room for {RETRIES} further attempt after a platform failure", retry),
        ("Inference (probe of the deployment)", ZERO),
        ("Deployment, first hour", by_phase.get("deployment", ZERO)),
    ]
    total = _sum([training, retry, by_phase.get("deployment", ZERO)])
    unknown = tuple(item.id for item in items if item.cost is None)
    known = total or _sum([value for _, value in lines if value is not None]) or ZERO
    return tuple(lines), known, unknown


def _phase_cost(items: list[PlanItem]) -> Interval | None:
    fixed = _sum([item.cost for item in items if not item.alternative])
    numbers = sorted({item.candidate for item in items if item.alternative and item.candidate is not None})
    branches = [_sum([item.cost for item in items if item.alternative and item.candidate == n]) for n in numbers]
    if fixed is None or any(branch is None for branch in branches):
        return None
    known = [branch for branch in branches if branch is not None]
    if not known:
        return fixed
    return fixed + Interval(low=min(b.low for b in known), high=max(b.high for b in known))


def _sum(values: list[Interval | None]) -> Interval | None:
    total = ZERO
    for value in values:
        if value is None:
            return None
        total = total + value
    return total


def wall_time(items: tuple[PlanItem, ...]) -> Interval:
    """Minutes of the whole plan. The platform may run the sweep's jobs one by one, which bounds the time from above."""
    sweep = [item.minutes for item in items if item.phase == "sweep"]
    tails = [item.minutes for item in items if item.phase in ("full run", "deployment")]
    low = max((m.low for m in sweep), default=0.0) + min((m.low for m in tails), default=0.0)
    finals = max((item.minutes.high for item in items if item.phase == "full run"), default=0.0)
    deploy = max((item.minutes.high for item in items if item.phase == "deployment"), default=0.0)
    return Interval(low=round(low, 2), high=round(sum(m.high for m in sweep) + finals + deploy, 2))

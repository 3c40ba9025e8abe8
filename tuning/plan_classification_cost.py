"""What a classification plan costs and takes: the worst case over which models are tuned, which of theirs win, who deploys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tuning.plan import ZERO, Candidate, Interval, PlanItem
from tuning.workflows import RETRIES

BASE_LINE = "Base inference"
TUNING_LINE = "Fine-tuning"
RETRY_LINE = f"Training: room for {RETRIES} further attempt after a platform failure"
TUNED_LINE = "Tuned inference"
DEPLOYMENT_LINE = "Deployment, first hour"
"""Inference is what the evaluation deployments cost; fine-tuning is the sweep and the full runs."""

Lines = tuple[tuple[str, Interval | None], ...]


def totals(
    items: tuple[PlanItem, ...], candidates: tuple[Candidate, ...], tuned: int
) -> tuple[Lines, Interval, tuple[str, ...]]:
    """Cost lines in USD, their total, and the items without a known price. `tuned` models of all are tuned at most."""
    base = _sum([item.cost for item in items if item.phase == "benchmark"])
    lines: list[tuple[str, Interval | None]] = [(BASE_LINE, base)]
    if candidates:
        found = _Branches(items, candidates, tuned)
        trains = [item.cost for item in items if item.kind == "train" and item.cost is not None]
        lines += [
            (TUNING_LINE, _sum([found.all_of("sweep", ("train",)), found.best_of("full run", ("train",))])),
            (RETRY_LINE, Interval(low=0.0, high=RETRIES * max((cost.high for cost in trains), default=0.0))),
            (TUNED_LINE, _sum([found.all_of("sweep", ("deploy",)), found.best_of("evaluation", ("deploy",))])),
        ]
        if any(item.phase == "deployment" for item in items):
            lines.append((DEPLOYMENT_LINE, found.winner()))
    known = _sum([cost for _, cost in lines if cost is not None]) or ZERO
    return tuple(lines), known, tuple(item.id for item in items if item.cost is None)


def wall_time(items: tuple[PlanItem, ...], candidates: tuple[Candidate, ...], tuned: int) -> Interval:
    """Minutes of the whole plan. The platform may run everything one after another, which bounds the time from above."""
    timed = tuple(item.model_copy(update={"cost": item.minutes}) for item in items)
    kinds = ("train", "deploy", "evaluate")
    base = _sum([item.cost for item in timed if item.phase == "benchmark"]) or ZERO
    total = [base]
    if candidates:
        found = _Branches(timed, candidates, tuned)
        total += [
            found.all_of("sweep", kinds) or ZERO,
            found.best_of("full run", kinds) or ZERO,
            found.best_of("evaluation", kinds) or ZERO,
            found.winner() or ZERO,
        ]
    whole = _sum(total) or ZERO
    return Interval(low=round(whole.low, 2), high=round(whole.high, 2))


class _Branches:
    """The items by model and candidate."""

    def __init__(self, items: tuple[PlanItem, ...], candidates: tuple[Candidate, ...], tuned: int) -> None:
        self.items = items
        self.tuned = tuned
        self.models: dict[str, list[int]] = {}
        for candidate in candidates:
            self.models.setdefault(candidate.base_model, []).append(candidate.number)

    def all_of(self, phase: str, kinds: Sequence[str]) -> Interval | None:
        """Of every tuned model all candidates."""
        return self._tuned(lambda numbers: _sum([self._of(phase, kinds, number) for number in numbers]))

    def best_of(self, phase: str, kinds: Sequence[str]) -> Interval | None:
        """Of every tuned model one candidate."""
        return self._tuned(lambda numbers: _either(self._of(phase, kinds, number) for number in numbers))

    def winner(self) -> Interval | None:
        """One candidate of all."""
        return _either(self._of("deployment", ("deploy",), n) for numbers in self.models.values() for n in numbers)

    def _of(self, phase: str, kinds: Sequence[str], number: int) -> Interval | None:
        return _sum([i.cost for i in self.items if i.phase == phase and i.kind in kinds and i.candidate == number])

    def _tuned(self, of_model: Callable[[list[int]], Interval | None]) -> Interval | None:
        """The cheapest choice of models to the dearest."""
        costs = [of_model(numbers) for numbers in self.models.values()]
        known = [cost for cost in costs if cost is not None]
        if len(known) < len(costs):
            return None
        low = sum(sorted(cost.low for cost in known)[: self.tuned])
        high = sum(sorted((cost.high for cost in known), reverse=True)[: self.tuned])
        return Interval(low=round(low, 6), high=round(high, 6))


def _either(costs: Iterable[Interval | None]) -> Interval | None:
    known: list[Interval] = []
    for cost in costs:
        if cost is None:
            return None
        known.append(cost)
    return Interval(low=min(c.low for c in known), high=max(c.high for c in known)) if known else ZERO


def _sum(values: Iterable[Interval | None]) -> Interval | None:
    total = ZERO
    for value in values:
        if value is None:
            return None
        total = total + value
    return total

"""Who among the alternatives of a classification plan may run: computed from scores, so that nobody has to be believed.

    strongest    the base models with the best base accuracy (`workflows.STRONGEST` of them); those not measured come last
    validation   of each tuned model the configuration with the best accuracy on the validation rows
    test         of the full runs the one with the best accuracy on the test rows: the winner

Ties go to the earlier number. A choice is made when every score that it rests on is there or can't come any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

from tuning.plan import Candidate, ChosenBy, Plan, PlanItem
from tuning.request import Request
from tuning.workflows import STRONGEST


class Scored(Protocol):
    """What an election looks at of a score."""

    @property
    def accuracy(self) -> float: ...


Scores = Mapping[str, Scored]
"""Evaluate item -> its score."""


class Choice(NamedTuple):
    """Candidate numbers that may run, and the evaluate items whose scores are still awaited before the choice is whole."""

    numbers: tuple[int, ...]
    waiting: tuple[str, ...] = ()


def elect(plan: Plan, scores: Scores, lost: Collection[str], chosen_by: ChosenBy) -> Choice:
    """The candidates chosen so far in that way. `lost` are items of the plan that can't be finished any more.

    The user's own choice is not computed: "user" gives nothing.
    """
    if chosen_by == "strongest":
        models, waiting = tuned_models(plan, scores, lost)
        return Choice(tuple(c.number for c in plan.candidates if c.base_model in models), waiting)
    if chosen_by == "validation":
        return _best_of_each_model(plan, scores, lost)
    if chosen_by == "test":
        return _winner(plan, scores, lost)
    return Choice(())


def winner(plan: Plan, scores: Scores, lost: Collection[str]) -> int | None:
    """The candidate with the best test accuracy, None while that is open or when none was scored."""
    return next(iter(_winner(plan, scores, lost).numbers), None)


def tuned_models(plan: Plan, scores: Scores, lost: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(base models that are tuned, evaluate items still awaited for that choice)."""
    models = tuple(dict.fromkeys(c.base_model for c in plan.candidates))
    if len(models) <= most_tuned(plan.request, len(models)):
        return models, ()
    items = {model: base_evaluation(plan, model) for model in models}
    waiting = _unsettled((item for item in items.values() if item), scores, lost)
    if waiting:
        return (), waiting

    def place(model: str) -> tuple[bool, float]:
        item = items[model]
        score = scores.get(item.id) if item else None
        return (score is None, -score.accuracy if score else 0.0)

    strongest = set(sorted(models, key=place)[:STRONGEST])
    return tuple(model for model in models if model in strongest), ()


def most_tuned(request: Request, models: int) -> int:
    """How many of so many models are tuned at most: the user's word, or the strongest."""
    return models if request.tune_all or request.tune_models else min(STRONGEST, models)


def base_evaluation(plan: Plan, model: str) -> PlanItem | None:
    """The item that benchmarks an untuned model."""
    return next(
        (i for i in plan.items if _evaluates(i, "benchmark") and i.envelope and i.envelope.model == model), None
    )


def evaluation(plan: Plan, phase: str, number: int) -> PlanItem | None:
    """The item that scores a candidate's model in that phase ("sweep" or "evaluation")."""
    return next((item for item in plan.items if _evaluates(item, phase) and item.candidate == number), None)


def _evaluates(item: PlanItem, phase: str) -> bool:
    return item.kind == "evaluate" and item.phase == phase


def _best_of_each_model(plan: Plan, scores: Scores, lost: Collection[str]) -> Choice:
    models, waiting = tuned_models(plan, scores, lost)
    numbers: list[int] = []
    for model in models:
        candidates = [c for c in plan.candidates if c.base_model == model]
        if len(candidates) == 1:
            numbers.append(candidates[0].number)
            continue
        open_items = _unsettled(_items(plan, "sweep", candidates), scores, lost)
        if open_items:
            waiting += open_items
        elif (best := _best(plan, "sweep", candidates, scores)) is not None:
            numbers.append(best)
    return Choice(tuple(sorted(numbers)), waiting)


def _winner(plan: Plan, scores: Scores, lost: Collection[str]) -> Choice:
    numbers, waiting = _best_of_each_model(plan, scores, lost)
    finals = [c for c in plan.candidates if c.number in numbers]
    waiting += _unsettled(_items(plan, "evaluation", finals), scores, lost)
    best = None if waiting else _best(plan, "evaluation", finals, scores)
    return Choice(() if best is None else (best,), waiting)


def _items(plan: Plan, phase: str, candidates: Iterable[Candidate]) -> Iterable[PlanItem]:
    found = (evaluation(plan, phase, candidate.number) for candidate in candidates)
    return (item for item in found if item is not None)


def _unsettled(items: Iterable[PlanItem], scores: Scores, lost: Collection[str]) -> tuple[str, ...]:
    return tuple(item.id for item in items if item.id not in scores and item.id not in lost)


def _best(plan: Plan, phase: str, candidates: Iterable[Candidate], scores: Scores) -> int | None:
    """The candidate with the highest accuracy, the earlier number of equals; None when none has a score."""
    items = [item for item in _items(plan, phase, candidates) if item.id in scores]
    ranked = sorted(items, key=lambda item: (-scores[item.id].accuracy, item.candidate or 0))
    return ranked[0].candidate if ranked else None

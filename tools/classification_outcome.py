"""What a classification came to: the winner against its base, the two best against each other, the cost, what still runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prompts.units import percent
from tools.ending import Ending, bills, cost_lines, running, total
from tools.facts import ModelScored
from tools.judged import Judged, best_first, difference, judged
from tools.known import Known
from tuning.election import winner
from tuning.judgement import Comparison
from tuning.plan import OUTPUT, PlanItem
from tuning.workflows import held_out

Verdict = Literal["gain", "none", "worse", "not measured"]
TARGETS: Mapping[str, tuple[str, Callable[[ModelScored], float]]] = {
    "accuracy": ("accuracy", lambda fact: fact.accuracy),
    "score": ("accuracy", lambda fact: fact.accuracy),
    "macro_f1": ("macro-F1", lambda fact: fact.macro_f1),
}
"""Metric of a target -> its name, and where it is read."""


@dataclass(frozen=True)
class Pair:
    """A second model against a first one; `found` None: their answers do not lie there to be compared."""

    first: Judged
    second: Judged
    found: Comparison | None


@dataclass(frozen=True)
class ClassificationOutcome(Ending):
    """`models` are all that were scored. `winner` is the tuned model that won, `base` the model it was tuned from."""

    models: tuple[Judged, ...]
    winner: Judged | None
    base: Judged | None
    gains: tuple[Pair, ...]
    """Every tuned model against its own base, best first."""
    leaders: Pair | None
    """The second best tuned model against the best; of base models where none was tuned."""
    verdict: Verdict
    caveat: str
    """What the figures can't claim."""


def classification_outcome(known: Known, workspace: Path, *, platform: str, free: bool) -> ClassificationOutcome:
    """The fold of all that a classification's report says in numbers. Raises OSError."""
    plan, models = known.plan, judged(known, workspace)
    number = _winner(known)
    tuned, untuned = best_first(models, "tuned"), best_first(models, "base")
    bases = {each.base_model: each for each in untuned}
    best = next((each for each in tuned if each.item.candidate == number), None)
    source = _source(known, number)
    job = known.job(source) if source else None
    gains = tuple(_pair(bases[each.base_model], each) for each in tuned if each.base_model in bases)
    own = next((pair.found for pair in gains if pair.second == best), None)
    best_two = (tuned or untuned)[:2]
    lines = cost_lines(plan, known, free=free)
    return ClassificationOutcome(
        models=models,
        winner=best,
        base=bases.get(best.base_model) if best else None,
        gains=gains,
        leaders=_pair(best_two[1], best_two[0]) if len(best_two) > 1 else None,
        verdict=own.verdict if own else "not measured",
        caveat=_caveat(known, len(tuned)) if tuned else "",
        job=job.resource if job else "",
        model=known.outputs().get(source, ""),
        target=_target(known, best or (untuned[0] if untuned and plan and not plan.candidates else None)),
        deployment=known.deployment(f"deploy-{number}") if number is not None else None,
        cost_lines=lines,
        total=total(plan, lines),
        running=running(known),
        bills=bills(known, platform),
    )


def source_of(item: PlanItem) -> str:
    """The training item whose model an evaluate item asks about; empty for a base model."""
    model = item.envelope.model if item.envelope else ""
    return model.get(OUTPUT, "") if isinstance(model, dict) else ""


def _winner(known: Known) -> int | None:
    """The candidate that was deployed, else the one that the scores choose."""
    plan = known.plan
    if plan is None:
        return None
    begun = (
        i.candidate for i in plan.items if i.phase == "deployment" and i.kind == "deploy" and known.deployment(i.id)
    )
    return next(begun, None) or winner(plan, known.scores, known.lost())


def _source(known: Known, number: int | None) -> str:
    items = known.plan.items if known.plan and number is not None else ()
    return next((source_of(i) for i in items if i.phase == "evaluation" and i.candidate == number and source_of(i)), "")


def _pair(first: Judged, second: Judged) -> Pair:
    return Pair(first, second, difference(first, second))


def _caveat(known: Known, tuned: int) -> str:
    if not held_out(known.request):
        return "These rows were trained on too, as you asked, so the tuned models' figures are no held-out figures."
    if known.material is not None and known.material.validation_is_test:
        return "There were too few rows for a test split: these rows also chose the winner, so its figure flatters it."
    if tuned > 1:
        return f"These rows also chose the winner among {tuned} tuned models, so its figure flatters it a little."
    return ""


def _target(known: Known, measured: Judged | None) -> str:
    """The user's target against the winner (of a benchmark alone: the best base model)."""
    wanted = known.request.target
    if wanted is None or known.plan is None:
        return ""
    name, read = TARGETS.get(wanted.metric, (wanted.metric.replace("_", " "), None))
    rates = wanted.metric in TARGETS
    goal = f"{percent(wanted.value)}" if rates and name == "accuracy" else f"{wanted.value:g}"
    if measured is None or read is None:
        return f"Your target of {goal} for the {name} was not measured."
    value = read(measured.fact)
    met = "met" if value >= wanted.value else "not met"
    if name != "accuracy":
        return f"Your target of {goal} for the {name} was {met}: {measured.title} has {value:.3f}."
    low, high = percent(measured.fact.low), percent(measured.fact.high)
    return (
        f"Your target of {goal} for the {name} was {met}: {measured.title} has {percent(value)} "
        f"(95% interval {low} to {high})."
    )

"""What a session came to, read from what is known: the winner, its numbers, the cost, what still runs. All pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tools.ending import Ending, bills, cost_lines, running, total
from tools.facts import CandidateMeasured
from tools.known import SUCCEEDED, Known
from tools.present_scoreboard import Standing, rank, standing, standings
from tuning.plan import Plan, PlanItem
from tuning.workflows import held_out

Verdict = Literal["gain", "none", "worse", "no interval", "not measured"]


@dataclass(frozen=True)
class Outcome(Ending):
    """`result` is the job whose model the session leaves: the full run's, or the winner's own where there was none."""

    candidates: tuple[Standing, ...]
    winner: Standing | None
    final: Standing | None
    result: Standing | None
    measured: CandidateMeasured | None
    verdict: Verdict
    caveat: str


def outcome(known: Known, replies: Sequence[Mapping[str, Any]], *, platform: str, free: bool) -> Outcome:
    """The fold of all that a report says in numbers. An unfinished session gives an outcome with gaps."""
    plan = known.plan
    table = rank(standings(plan, known)) if plan else ()
    if plan and not table:
        runs = (_standing(plan, known, "final", candidate.number) for candidate in plan.candidates)
        table = tuple(run for run in runs if run is not None)
    number = promoted(plan, known, replies)
    winner = _standing(plan, known, "sweep", number) or _standing(plan, known, "final", number)
    final = _standing(plan, known, "final", number)
    final = final if final and final.job else None
    result = next((s for s in (final, winner) if s and s.job and s.state in SUCCEEDED), None)
    measured = known.measured.get(result.item) if result else None
    deployment = known.deployment(f"deploy-{number}") if number is not None else None
    lines = cost_lines(plan, known, free=free)
    return Outcome(
        candidates=table,
        winner=winner,
        final=final,
        result=result,
        job=result.job if result else "",
        model=known.outputs().get(result.item, "") if result else "",
        measured=measured,
        verdict=verdict(measured),
        caveat=caveat(known, result) if measured else "",
        target=target(known, result) if plan else "",
        deployment=deployment,
        cost_lines=lines,
        total=total(plan, lines),
        running=running(known),
        bills=bills(known, platform),
    )


def promoted(plan: Plan | None, known: Known, replies: Sequence[Mapping[str, Any]]) -> int | None:
    """The candidate that went on: the one confirmed, else where a full run or deployment began; None for none."""
    if plan is None:
        return None
    board = known.scoreboard
    yes = ("promotion", "approve", board.digest if board else "")
    if board and any((r.get("gate"), r.get("answer", "approve"), r.get("digest")) == yes for r in replies):
        return board.candidate
    for item in reversed(plan.items):
        begun = item.kind == "deploy" and known.deployment(item.id) is not None
        if begun or (item.kind == "train" and item.phase == "full run" and known.job(item.id) is not None):
            return item.candidate
    return None


def verdict(measured: CandidateMeasured | None) -> Verdict:
    """What base against tuned shows: a gain only where the whole 95% interval lies above zero."""
    if measured is None or measured.base_loss is None or measured.eval_loss is None:
        return "not measured"
    if measured.gain is None or measured.gain_low is None or measured.gain_high is None:
        return "no interval"
    if measured.gain_low > 0:
        return "gain"
    return "worse" if measured.gain_high < 0 else "none"


def caveat(known: Known, result: Standing | None) -> str:
    """What the figure can't claim."""
    if result is not None and result.item.startswith("sweep-"):
        return "These are the validation rows, which also chose the winner, so the figure flatters it."
    if not held_out(known.request):
        return "These rows were trained on too, as you asked, so this is no held-out figure."
    if known.material is not None and known.material.validation_is_test:
        return "There were too few rows for a test split: these rows also chose the winner, so the figure flatters it."
    return ""


def target(known: Known, result: Standing | None) -> str:
    """The user's target against what was measured; a metric that nothing measured is said to be so."""
    wanted = known.request.target
    if wanted is None:
        return ""
    metric = wanted.metric.replace("_", " ")
    loss = result.eval_loss if result and wanted.metric == "validation_loss" else None
    if loss is None:
        return f"Your target of {wanted.value:g} for the {metric} was not measured."
    verdict = "met" if loss <= wanted.value else "not met"
    return f"Your target of {wanted.value:g} for the {metric} was {verdict}: it is {loss:.4f}."


def _standing(plan: Plan | None, known: Known, stage: str, number: int | None) -> Standing | None:
    item: PlanItem | None = plan.item(f"{stage}-{number}") if plan and number is not None else None
    if plan is None or item is None:
        return None
    candidate = next(c for c in plan.candidates if c.number == number)
    return standing(candidate, item, known, None)

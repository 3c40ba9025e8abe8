"""What a session came to, read from what is known: the winner, its numbers, the cost, what still runs. All pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tools.facts import CandidateMeasured, DeploymentSeen
from tools.known import SUCCEEDED, TERMINAL, Known
from tools.present_scoreboard import Standing, rank, standing, standings
from tuning.plan import Interval, Plan, PlanItem
from tuning.workflows import SCALE_TO_ZERO_MINUTES, held_out

Verdict = Literal["gain", "none", "worse", "no interval", "not measured"]

COST_PHASES = {"Training: sweep": "sweep", "Training: full run": "full run", "Deployment, first hour": "deployment"}
"""Which phase's spending stands against which line of the plan's cost table."""
RETRY_LINE = "Training: room for"


@dataclass(frozen=True)
class CostLine:
    """USD. `actual` is None where the platform reported none; `delta` is how far it lies outside the estimate."""

    label: str
    estimated: Interval | None
    actual: float | None
    reported: float = 0.0
    """Of a total: what is known of the actual cost, all of it or not."""

    @property
    def delta(self) -> float | None:
        if self.actual is None or self.estimated is None:
            return None
        over, under = self.actual - self.estimated.high, self.actual - self.estimated.low
        return round(over if over > 0 else min(under, 0.0), 6)


@dataclass(frozen=True)
class Outcome:
    """`result` is the job whose model the session leaves: the full run's, or the winner's own where there was none."""

    candidates: tuple[Standing, ...]
    winner: Standing | None
    final: Standing | None
    result: Standing | None
    model: str
    measured: CandidateMeasured | None
    verdict: Verdict
    caveat: str
    target: str
    """Whether the user's target was reached, in words; empty without one."""
    deployment: DeploymentSeen | None
    cost_lines: tuple[CostLine, ...]
    total: CostLine | None
    running: tuple[str, ...]
    bills: tuple[str, ...]


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
    lines = cost_lines(plan, known, free=free) if plan else ()
    return Outcome(
        candidates=table,
        winner=winner,
        final=final,
        result=result,
        model=known.outputs().get(result.item, "") if result else "",
        measured=measured,
        verdict=verdict(measured),
        caveat=caveat(known, result) if measured else "",
        target=target(known, result) if plan else "",
        deployment=deployment,
        cost_lines=lines,
        total=_total(plan, lines) if plan else None,
        running=tuple(_running(known)),
        bills=tuple(_bills(known, platform)),
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


def cost_lines(plan: Plan, known: Known, *, free: bool) -> tuple[CostLine, ...]:
    """The plan's cost table with what the platform reported beside it. A free platform's actual cost is 0."""
    found: list[CostLine] = []
    for label, estimated in plan.cost_lines:
        actual = 0.0 if free else _actual(label, plan, known)
        found.append(CostLine(label=label, estimated=estimated, actual=actual))
    return tuple(found)


def _actual(label: str, plan: Plan, known: Known) -> float | None:
    """Sum of what jobs reported; None as soon as one that ran reported nothing, or for what no job reports."""
    retries = label.startswith(RETRY_LINE)
    phase = COST_PHASES.get(label)
    if not retries and phase in (None, "deployment"):
        begun = phase == "deployment" and bool(known.deployments)
        return None if begun else 0.0
    spent = 0.0
    for item in plan.items:
        if item.kind != "train" or not (retries or item.phase == phase):
            continue
        for attempt in range(2, item.attempts + 1) if retries else (1,):
            job = known.jobs.get(item.resource(attempt))
            if item.resource(attempt) in known.settled:
                continue  # paid for in an earlier run, which has a report of its own
            if job is not None and job.reported_cost_usd is None:
                return None
            spent += (job.reported_cost_usd or 0.0) if job else 0.0
    return round(spent, 6)


def _total(plan: Plan, lines: tuple[CostLine, ...]) -> CostLine:
    actual = [line.actual for line in lines]
    known = [value for value in actual if value is not None]
    total = round(sum(known), 6) if len(known) == len(actual) else None
    estimated = None if plan.unknown_prices else plan.cost
    return CostLine(label="Total", estimated=estimated, actual=total, reported=round(sum(known), 6))


def _standing(plan: Plan | None, known: Known, stage: str, number: int | None) -> Standing | None:
    item: PlanItem | None = plan.item(f"{stage}-{number}") if plan and number is not None else None
    if plan is None or item is None:
        return None
    candidate = next(c for c in plan.candidates if c.number == number)
    return standing(candidate, item, known, None)


def _running(known: Known) -> list[str]:
    return [
        f"Training job {job.resource} is still {job.state.removeprefix('JOB_STATE_').lower()}."
        for job in known.jobs.values()
        if job.state not in TERMINAL
    ]


def _bills(known: Known, platform: str) -> list[str]:
    """Deployments that may still run, with how to stop them."""
    found: list[str] = []
    for resource, seen in known.deployments.items():
        if known.replicas.get(resource) == 0:
            continue
        bill = (
            "it bills per GPU second while a replica is up and scales to zero after "
            f"{SCALE_TO_ZERO_MINUTES} minutes without requests"
            if platform == "fireworks"
            else "it costs nothing but memory on your machine"
        )
        stop = f"fireagent deployment stop {resource.rsplit('/', 1)[-1]}"
        found.append(f"Deployment {resource} ({seen.state.lower()}): {bill}. To stop it: {stop}")
    return found

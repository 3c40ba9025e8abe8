"""What every session's end has, whatever its workflow: the model it leaves, what it cost, what still runs. All pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tools.facts import DeploymentSeen
from tools.known import TERMINAL, Known
from tuning.plan import Interval, Plan
from tuning.plan_classification_cost import BASE_LINE, DEPLOYMENT_LINE, TUNED_LINE, TUNING_LINE
from tuning.workflows import SCALE_TO_ZERO_MINUTES


class Spending(NamedTuple):
    """Which items' spending stands against a line of the plan's cost table. Only jobs report what they cost."""

    kind: str
    phases: tuple[str, ...]


SPENDING: Mapping[str, Spending] = {
    "Training: sweep": Spending("train", ("sweep",)),
    "Training: full run": Spending("train", ("full run",)),
    BASE_LINE: Spending("deploy", ("benchmark",)),
    TUNING_LINE: Spending("train", ("sweep", "full run")),
    TUNED_LINE: Spending("deploy", ("sweep", "evaluation")),
    DEPLOYMENT_LINE: Spending("deploy", ("deployment",)),
}
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
class Ending:
    """`job` is the full name of the training job whose model the session leaves, `model` that model; both may be empty."""

    job: str
    model: str
    target: str
    """Whether the user's target was reached, in words; empty without one."""
    deployment: DeploymentSeen | None
    cost_lines: tuple[CostLine, ...]
    total: CostLine | None
    running: tuple[str, ...]
    bills: tuple[str, ...]


def cost_lines(plan: Plan | None, known: Known, *, free: bool) -> tuple[CostLine, ...]:
    """The plan's cost table with what the platform reported beside it. A free platform's actual cost is 0."""
    found: list[CostLine] = []
    for label, estimated in plan.cost_lines if plan else ():
        actual = 0.0 if free or plan is None else _actual(label, plan, known)
        found.append(CostLine(label=label, estimated=estimated, actual=actual))
    return tuple(found)


def total(plan: Plan | None, lines: tuple[CostLine, ...]) -> CostLine | None:
    """The sum of the lines; its actual cost is None as soon as one line's is. None without a plan."""
    if plan is None:
        return None
    known = [line.actual for line in lines if line.actual is not None]
    spent = round(sum(known), 6)
    estimated = None if plan.unknown_prices else plan.cost
    return CostLine("Total", estimated, spent if len(known) == len(lines) else None, reported=spent)


def running(known: Known) -> tuple[str, ...]:
    """Training jobs that go on without the session."""
    return tuple(
        f"Training job {job.resource} is still {job.state.removeprefix('JOB_STATE_').lower()}."
        for job in known.jobs.values()
        if job.state not in TERMINAL
    )


def bills(known: Known, platform: str) -> tuple[str, ...]:
    """Deployments that may still run, with how to stop them."""
    bill = (
        "it bills per GPU second while a replica is up and scales to zero after "
        f"{SCALE_TO_ZERO_MINUTES} minutes without requests"
        if platform == "fireworks"
        else "it costs nothing but memory on your machine"
    )
    return tuple(
        f"Deployment {resource} ({seen.state.lower()}): {bill}. "
        f"To stop it: fireagent deployment stop {resource.rsplit('/', 1)[-1]}"
        for resource, seen in known.deployments.items()
        if known.replicas.get(resource) != 0
    )


def _actual(label: str, plan: Plan, known: Known) -> float | None:
    """Sum of what jobs reported; None as soon as one that ran reported nothing, or for what no job reports."""
    retries = label.startswith(RETRY_LINE)
    line = SPENDING.get(label)
    items = [item for item in plan.items if retries or (line and item.kind == line.kind and item.phase in line.phases)]
    if line is not None and line.kind == "deploy":
        return None if any(known.deployment(item.id) for item in items) else 0.0
    spent = 0.0
    for item in items:
        for attempt in range(2, item.attempts + 1) if retries else (1,):
            job = known.jobs.get(item.resource(attempt))
            if item.resource(attempt) in known.settled:
                continue  # paid for in an earlier run, which has a report of its own
            if job is not None and job.reported_cost_usd is None:
                return None
            spent += (job.reported_cost_usd or 0.0) if job else 0.0
    return round(spent, 6)

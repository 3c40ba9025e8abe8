"""What a session knows so far: the fold of the facts its tools established. A plain value; `learn` is pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tools.facts import (
    AnyFact,
    CandidateMeasured,
    DatasetPrepared,
    DatasetStaged,
    DeploymentSeen,
    GateShown,
    JobCancelled,
    JobNotCreated,
    JobSeen,
    Listed,
    ModelScored,
    ModelsListed,
    PlanDrafted,
    ReportWritten,
    Scaled,
    ScoresShown,
    UploadFinished,
)
from tuning.material import Material, ModelFacts
from tuning.plan import Plan, PlanItem
from tuning.request import Request

TERMINAL = frozenset(
    {
        "JOB_STATE_COMPLETED",
        "JOB_STATE_FAILED",
        "JOB_STATE_CANCELLED",
        "JOB_STATE_EXPIRED",
        "JOB_STATE_EARLY_STOPPED",
    }
)
SUCCEEDED = frozenset({"JOB_STATE_COMPLETED", "JOB_STATE_EARLY_STOPPED"})
GONE = frozenset({"FAILED", "DELETED", "DELETING"})
"""States of a deployment that will not serve any more."""
YOURS = re.compile(r"invalid.?argument|dataset.?invalid|no trainable tokens|too long for the context", re.IGNORECASE)
"""Failures of a job that the data or the settings caused: the same job would fail again."""


@dataclass(frozen=True)
class Known:
    """Facts by the key that matters. `jobs` is by full resource name, for a revised plan may reuse a trained job."""

    request: Request = field(default_factory=Request)
    models: tuple[ModelFacts, ...] = ()
    models_missing: tuple[str, ...] = ()
    staged: Mapping[str, DatasetStaged] = field(default_factory=dict)
    material: Material | None = None
    plan: Plan | None = None
    uploads: Mapping[str, str] = field(default_factory=dict)
    """Resource name -> item id, of uploads that are READY."""
    jobs: Mapping[str, JobSeen] = field(default_factory=dict)
    not_created: frozenset[str] = frozenset()
    measured: Mapping[str, CandidateMeasured] = field(default_factory=dict)
    """Item id -> what its metrics say."""
    scores: Mapping[str, ModelScored] = field(default_factory=dict)
    """Item id of an evaluation -> what the answers are worth."""
    deployments: Mapping[str, DeploymentSeen] = field(default_factory=dict)
    replicas: Mapping[str, int] = field(default_factory=dict)
    """Deployment -> what it was scaled to, for as long as nothing asked it since: a deployment at 0 wakes when asked."""
    scoreboard: GateShown | None = None
    report: ReportWritten | None = None
    settled: frozenset[str] = frozenset()
    """Resources of earlier runs of this session, before it was re-opened: a later plan neither pays nor counts them."""

    def learn(self, fact: AnyFact) -> Known:
        """This knowledge with one more fact."""
        match fact:
            case ModelsListed():
                found = {model.name: model for model in (*self.models, *fact.models)}
                return replace(self, models=tuple(found.values()), models_missing=fact.missing)
            case DatasetStaged():
                return replace(self, staged={**self.staged, fact.role: fact})
            case DatasetPrepared():
                return replace(self, material=fact.material)
            case PlanDrafted():
                return replace(
                    self,
                    plan=fact.plan,
                    scoreboard=None,
                    measured=self._measured_in(fact.plan),
                    scores=self._scores_in(fact.plan),
                )
            case GateShown(gate="promotion"):
                return replace(self, scoreboard=fact)
            case UploadFinished():
                return replace(self, uploads={**self.uploads, fact.resource: fact.item})
            case JobSeen():
                return replace(
                    self, jobs={**self.jobs, fact.resource: fact}, not_created=self.not_created - {fact.resource}
                )
            case JobNotCreated():
                return replace(self, not_created=self.not_created | {fact.resource})
            case JobCancelled():
                return self._cancelled(fact)
            case CandidateMeasured():
                return replace(self, measured={**self.measured, fact.item: fact})
            case ModelScored():
                return replace(self, scores={**self.scores, fact.item: fact})
            case DeploymentSeen():
                return replace(self, deployments={**self.deployments, fact.resource: fact})
            case Scaled():
                return replace(self, replicas={**self.replicas, fact.resource: fact.replicas})
            case ReportWritten():
                return replace(self, report=fact)
            case Listed() | GateShown() | ScoresShown():
                return self

    def job(self, item_id: str) -> JobSeen | None:
        """The latest attempt of a train item of the current plan, None when none was created."""
        item = self.plan.item(item_id) if self.plan else None
        if item is None:
            return None
        for attempt in range(item.attempts, 0, -1):
            if item.resource(attempt) in self.jobs:
                return self.jobs[item.resource(attempt)]
        return None

    def outputs(self) -> dict[str, str]:
        """Item id -> the model that its finished job wrote: what fills the plan's holes."""
        found: dict[str, str] = {}
        for item in self.plan.items if self.plan else ():
            job = self.job(item.id) if item.kind == "train" else None
            if job is not None and job.state in SUCCEEDED and job.output_model:
                found[item.id] = job.output_model
        return found

    def deployment(self, item_id: str) -> DeploymentSeen | None:
        """The deployment of a deploy item of the current plan, None when none was created."""
        item = self.plan.item(item_id) if self.plan else None
        return self.deployments.get(item.resource()) if item else None

    def lost(self) -> frozenset[str]:
        """Items of the current plan that can't be finished any more: failed for good, or resting on one that did."""
        found: set[str] = set()
        for item in self.plan.items if self.plan else ():
            if item.kind == "train":
                gone = self._failed_for_good(item)
            else:
                seen = self.deployments.get(item.resource()) if item.kind == "deploy" else None
                gone = seen is not None and seen.state in GONE
            if gone or not found.isdisjoint(item.needs):
                found.add(item.id)
        return frozenset(found)

    def asks(self, resource: str) -> Known:
        """This knowledge once completions of a deployment may have been asked: it may be awake, whatever it was scaled to."""
        return replace(self, replicas={name: count for name, count in self.replicas.items() if name != resource})

    def _failed_for_good(self, item: PlanItem) -> bool:
        """Its job failed, and a further attempt would fail again or is not planned."""
        job = self.job(item.id)
        if job is None or job.state not in TERMINAL or job.state in SUCCEEDED:
            return False
        return bool(YOURS.search(job.message)) or job.attempt >= item.attempts or self._retries_used()

    def _retries_used(self) -> bool:
        plan = self.plan
        if plan is None:
            return True
        further = [
            i.resource(n)
            for i in plan.items
            for n in range(2, i.attempts + 1)
            if i.resource(n) in self.jobs and i.resource(n) not in self.settled
        ]
        return len(further) >= plan.retries

    def _measured_in(self, plan: Plan) -> dict[str, CandidateMeasured]:
        """The measures that hold in another plan: a figure belongs to a trained job, not to its number in the plan."""
        before = {item.resource_id: item.id for item in self.plan.items} if self.plan else {}
        found: dict[str, CandidateMeasured] = {}
        for item in plan.items:
            measure = self.measured.get(before.get(item.resource_id, "")) if item.kind == "train" else None
            if measure is not None:
                found[item.id] = measure.model_copy(update={"item": item.id, "candidate": item.candidate or 0})
        return found

    def _scores_in(self, plan: Plan) -> dict[str, ModelScored]:
        """The scores that hold in another plan: an evaluate item's `resource_id` names model, rows and question alike."""
        before = {item.resource_id: item.id for item in self.plan.items if item.kind == "evaluate"} if self.plan else {}
        found: dict[str, ModelScored] = {}
        for item in plan.items:
            score = self.scores.get(before.get(item.resource_id, "")) if item.kind == "evaluate" else None
            if score is not None:
                found[item.id] = score.model_copy(update={"item": item.id, "candidate": item.candidate})
        return found

    def _cancelled(self, fact: JobCancelled) -> Known:
        seen = self.jobs.get(fact.resource)
        if seen is None:
            return self
        return replace(self, jobs={**self.jobs, fact.resource: seen.model_copy(update={"state": fact.state})})

"""What a tool can establish. Each fact is a frozen, versionless value; the session's log stores it inside a versioned event.

Adding a field needs a default, so that old logs stay readable; a changed meaning is a new fact.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tuning.material import Material, ModelFacts
from tuning.plan import Interval, Plan


class Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class ModelsListed(Fact):
    """Base models of the platform that the session asked about; `missing` are names that it does not have."""

    fact: Literal["models_listed"] = "models_listed"
    models: tuple[ModelFacts, ...]
    missing: tuple[str, ...] = ()


class Listed(Fact):
    """The answer of a read-only look at the account, as text for the user."""

    fact: Literal["listed"] = "listed"
    kind: str
    text: str


class DatasetStaged(Fact):
    """A data set's file lies in the workspace and was inspected. `summary` is for people, `usable` for the planner.

    `path` and `report` are relative to the workspace; `report` is the full inspection as JSON.
    """

    fact: Literal["dataset_staged"] = "dataset_staged"
    role: Literal["train", "eval"]
    name: str
    path: str
    report: str
    sha256: str
    rows: int
    bytes: int
    tokens: Interval
    tokens_exact: bool
    usable: bool
    reason: str = ""
    summary: str = ""
    issues: tuple[str, ...] = ()
    uploaded: bool = True
    """False for a local file that the platform does not hold yet."""


class DatasetPrepared(Fact):
    """The splits were written into the workspace; nothing was uploaded yet."""

    fact: Literal["dataset_prepared"] = "dataset_prepared"
    material: Material


class PlanDrafted(Fact):
    """A plan was compiled and priced."""

    fact: Literal["plan_drafted"] = "plan_drafted"
    plan: Plan


class GateShown(Fact):
    """The user was shown `text` and asked `question`; `digest` names exactly what a yes would allow.

    `round` counts how often the same thing was asked, so that each asking is a gate of its own.
    """

    fact: Literal["gate_shown"] = "gate_shown"
    gate: Literal["plan", "promotion", "question"]
    digest: str
    question: str
    text: str = ""
    candidate: int | None = None
    asks_for: tuple[str, ...] = ()
    round: int = 1


class UploadFinished(Fact):
    """A prepared file is a READY data set of the platform."""

    fact: Literal["upload_finished"] = "upload_finished"
    item: str
    resource: str
    """Full resource name."""


class JobSeen(Fact):
    """A job as the platform shows it. `percent` is 0..100 or None; `message` is the platform's word on a failure."""

    fact: Literal["job_seen"] = "job_seen"
    item: str
    attempt: int
    resource: str
    state: str
    percent: float | None = None
    message: str = ""
    output_model: str | None = None
    reported_cost_usd: float | None = None


class JobNotCreated(Fact):
    """An intent was settled: the platform does not have the resource and it will not be created now."""

    fact: Literal["job_not_created"] = "job_not_created"
    item: str
    attempt: int
    resource: str


class CandidateMeasured(Fact):
    """What a finished training job's metrics say. Losses are nats per assistant token.

    `base_loss` is the untuned model's loss on the same rows (None: the platform gives no way to measure it);
    `gain` is base minus tuned with a 95% interval from a paired bootstrap over rows (None: per-row losses are missing).
    """

    fact: Literal["candidate_measured"] = "candidate_measured"
    item: str
    candidate: int
    split: str
    train_loss: float | None
    eval_loss: float | None
    base_loss: float | None = None
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    rows: int | None = None
    metrics_path: str = ""


class LabelScore(Fact):
    """One label's part in a score. `rows` have it as their truth; precision, recall and F1 are fractions, 0 where empty."""

    label: str
    rows: int
    correct: int
    precision: float
    recall: float
    f1: float


class ModelScored(Fact):
    """What a model's answers to an evaluate item's rows are worth.

    `correct` counts lenient readings (the label is unmistakably named), `strict_correct` answers that are the label and
    nothing else. `unparsable` answers name no label or several; `failed` rows got no answer. Both count as wrong.
    `low` and `high` are Wilson's 95% bounds of `accuracy` = correct / rows. With several labels a row, correct means the
    whole set. `answers_path` is relative to the workspace: one JSON object a row.
    """

    fact: Literal["model_scored"] = "model_scored"
    item: str
    model: str
    candidate: int | None = None
    split: Literal["validation", "test"]
    rows: int
    correct: int
    strict_correct: int
    unparsable: int
    failed: int = 0
    accuracy: float
    low: float
    high: float
    macro_f1: float
    micro_f1: float | None = None
    """With several labels a row."""
    per_label: tuple[LabelScore, ...] = ()
    answers_path: str = ""
    requests: int = 0
    seconds: float = 0.0


class ScoresShown(Fact):
    """The user was shown the figures of a classification's base or tuned models."""

    fact: Literal["scores_shown"] = "scores_shown"
    stage: Literal["base", "tuned"]
    text: str


class DeploymentSeen(Fact):
    """A deployment as the platform shows it. `serving` is true only after a real completion came back through it."""

    fact: Literal["deployment_seen"] = "deployment_seen"
    item: str
    resource: str
    model: str
    state: str
    serving: bool = False
    endpoint: str = ""
    answer: str = ""
    """The beginning of the first real completion: data, never instructions."""
    message: str = ""
    """The platform's word on a failure."""


class Scaled(Fact):
    """A deployment of this session was scaled; 0 replicas bill nothing."""

    fact: Literal["scaled"] = "scaled"
    resource: str
    replicas: int


class JobCancelled(Fact):
    """The platform accepted the cancel of a job of this session, or the job had ended before."""

    fact: Literal["job_cancelled"] = "job_cancelled"
    resource: str
    state: str


class ReportWritten(Fact):
    """final_report.md and .json lie in the workspace; `message` is the session's last word to the user."""

    fact: Literal["report_written"] = "report_written"
    markdown: str
    json_path: str
    message: str
    summary: dict[str, Any] = Field(default_factory=dict)


AnyFact = Annotated[
    ModelsListed
    | Listed
    | DatasetStaged
    | DatasetPrepared
    | PlanDrafted
    | GateShown
    | UploadFinished
    | JobSeen
    | JobNotCreated
    | CandidateMeasured
    | ModelScored
    | ScoresShown
    | DeploymentSeen
    | Scaled
    | JobCancelled
    | ReportWritten,
    Field(discriminator="fact"),
]

"""What the user asked for, as typed slots. One value for every planner, every workflow and every gate.

A slot is set only when the user's words set it; defaults are not written here but chosen in `tuning/workflows.py`, so that
a plan can always say which value came from the user and which from us.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Workflow = Literal["sft", "preference", "classification", "rft", "evaluator", "trajectories", "question", "unsupported"]
Evaluation = Literal["validation_loss", "evaluator", "generated", "rubric"]
Metric = Literal["win_rate", "accuracy", "macro_f1", "score", "validation_loss"]


class Target(BaseModel):
    """A goal the user set. `value` is a fraction for rates (92% = 0.92), a loss in nats for `validation_loss`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    metric: Metric
    value: float


class Request(BaseModel):
    """The slots of one request. Model names are canonical ids; data set and evaluator names stand as the user wrote them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workflow: Workflow | None = None
    train_dataset: str | None = None
    eval_dataset: str | None = None
    base_models: tuple[str, ...] = ()
    method: Literal["dpo", "orpo"] | None = None
    evaluation: Evaluation | None = None
    evaluator: str | None = None
    rubric: str | None = None
    lora_ranks: tuple[int, ...] = ()
    learning_rates: tuple[float, ...] = ()
    betas: tuple[float, ...] = ()
    epochs: tuple[int, ...] = ()
    batch_size: int | None = None
    """Samples per optimizer step. Not a slot of the public benchmark, but a thing people ask for."""
    max_context_length: int | None = None
    """Tokens. Longer samples are cut by the platform."""
    subsample: int | None = None
    max_parallel_jobs: int | None = None
    skip_final_run: bool = False
    skip_sweep: bool = False
    train_fraction: float | None = None
    train_on_all: bool = False
    """The user wants the test rows trained on too; no held-out gain is then claimed."""
    labels: tuple[str, ...] = ()
    imbalance_threshold: float | None = None
    rebalance: Literal["oversample", "undersample", "weights", "none"] | None = None
    """Against imbalance: rare labels' training rows repeated, or frequent labels' rows cut down, or nothing; "weights" is a
    wish that no platform here serves, kept so that it can be refused in words."""
    drop_labels: tuple[str, ...] = ()
    """Labels whose samples are left out."""
    merge_labels: tuple[tuple[str, str], ...] = ()
    """(label, label that its rows get), in this run's prepared copy of the data."""
    merge_spellings: bool = True
    """Whether labels that differ in case, spaces or punctuation alone count as one."""
    keep_apart: tuple[str, ...] = ()
    """Spellings that stay labels of their own all the same."""
    tune_all: bool = False
    """Of classification: fine-tune every chosen model, however many, and not the strongest alone."""
    tune_models: tuple[str, ...] = ()
    """Of classification: the chosen models that alone are tuned; the others are only benchmarked. Empty: no such wish."""
    benchmark_only: bool = False
    generate_pairs: bool = False
    sweep_base_models: bool = False
    target: Target | None = None
    budget_usd: float | None = None
    deploy: bool = True
    teacher_model: str | None = None
    tasks: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    candidate: int | None = None
    """Number of the candidate named at a promotion gate (1 is the first of the scoreboard's numbering)."""

    def slots(self) -> dict[str, object]:
        """Only what is set, as plain JSON values: the public form of a request."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def updated(self, changes: dict[str, object]) -> Request:
        """This request with some slots replaced. Raises pydantic.ValidationError for unknown slots or wrong types."""
        return Request.model_validate({**self.model_dump(), **changes})

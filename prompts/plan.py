"""What the user reads at the plan gate: the plan as Markdown, and the question under it."""

from __future__ import annotations

from typing import ClassVar

from prompts.base import Prompt, Values
from prompts.units import Span


class Line(Values):
    """A name, its value and, where that matters, where the value came from."""

    name: str
    value: str
    source: str = ""


class CandidateRow(Values):
    """One configuration of the sweep as the plan's table shows it."""

    number: int
    model: str
    rank: int
    learning_rate: float
    epochs: int


class PlannedItem(Values):
    """One thing the plan makes. `resource` is its name on the platform, `cost` None where no price is known."""

    title: str
    resource: str
    cost: Span | None
    only_if: int | None = None
    """Number of the candidate that must win for it to happen."""


class CostRow(Values):
    """One line of the cost table. None: no price is known."""

    label: str
    cost: Span | None


class PlanFrame(Prompt):
    """What every workflow's plan says. `minutes` is wall time in minutes, money is USD."""

    title: str
    revision: int
    plan_digest: str
    platform: str
    account: str
    understood: tuple[Line, ...]
    data: tuple[str, ...]
    warnings: tuple[str, ...]
    candidates: tuple[CandidateRow, ...]
    decisions: tuple[Line, ...]
    cost_rows: tuple[CostRow, ...]
    cost: Span
    spent: float | None
    """Of the session so far; None leaves it out."""
    free: bool
    price_table: str
    unknown_prices: tuple[str, ...]
    minutes: Span
    active_jobs: int
    retries: int
    sweep: bool
    full_run: bool
    deploy: bool


class PlanText(PlanFrame):
    """The plan of a supervised fine-tuning in full."""

    template: ClassVar[str] = "plan.md.j2"
    items: tuple[PlannedItem, ...]


class LabelCount(Values):
    """A label and its rows."""

    label: str
    training: int
    held_out: int


class CreatedGroup(Values):
    """Things of one sort that the plan makes; `at_most` where a choice decides how many. `first` names one of them."""

    title: str
    count: int
    at_most: bool
    first: str
    there: int = 0
    """So many candidates for it are there from earlier in the session."""


class ClassificationPlan(PlanFrame):
    """The plan of a classification in full."""

    template: ClassVar[str] = "plan_classification.md.j2"
    multi_label: bool
    rule: str
    origin: str
    labels: tuple[LabelCount, ...]
    labels_not_shown: int
    labels_file: str
    merges: tuple[Line, ...]
    """name: the label, value: another spelling of it."""
    merges_not_shown: int
    joined: tuple[Line, ...]
    """name: the label, value: another label that the user wants read as it."""
    joined_not_shown: int
    samples: tuple[Line, ...]
    """name: the label, value: the text that it was read from."""
    models: tuple[str, ...]
    tunable: int
    """How many of the models may be tuned."""
    tuned: int
    """How many of these are tuned at most."""
    created: tuple[CreatedGroup, ...]


class PlanQuestion(Prompt):
    """The question at the plan gate. `budget` is the user's own, None when none was named."""

    template: ClassVar[str] = "plan_question.j2"
    revision: int
    cost: Span
    minutes: Span
    free: bool
    budget: float | None
    over_budget: bool
    unknown_prices: tuple[str, ...]

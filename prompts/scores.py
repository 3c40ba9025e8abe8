"""What the chat shows of a classification's figures: the base models before anything is tuned, and tuned beside base."""

from __future__ import annotations

from typing import ClassVar, Literal

from prompts.base import Prompt, Values
from prompts.units import Span

Outcome = Literal["gain", "none", "worse", "not measured"]


class EvaluatedRow(Values):
    """One model on the rows that judge it. Rates are fractions; `interval` is the accuracy's 95% interval."""

    title: str
    tuned: bool
    rows: int
    accuracy: float
    interval: Span
    strict: float
    macro_f1: float
    micro_f1: float | None
    unparsable: int
    failed: int
    details: str
    """The file with every figure, in the workspace."""


class GainRow(Values):
    """A second model against a first one on the same rows; `gain` is a difference of accuracies."""

    first: str
    second: str
    outcome: Outcome
    gain: float | None
    interval: Span | None
    p_value: float | None
    only_first: int | None
    only_second: int | None


class LabelRow(Values):
    """One label: how many rows have it, and its accuracy by each model of the table's head."""

    label: str
    rows: int
    accuracies: tuple[float, ...]


class LabelTable(Values):
    """Accuracy per label of several models on the same rows; `split` says which."""

    split: str
    heads: tuple[str, ...]
    rows: tuple[LabelRow, ...]


class Scores(Prompt):
    """Overall and per label. Of many labels the weakest are shown; `labels` is how many there are."""

    template: ClassVar[str] = "scores.md.j2"
    stage: Literal["base", "tuned"]
    rows: int
    split: str
    multi_label: bool
    models: tuple[EvaluatedRow, ...]
    gains: tuple[GainRow, ...]
    leaders: GainRow | None
    """The second best model of the stage against the best."""
    table: LabelTable | None
    labels: int
    unranked: tuple[str, ...]
    """Models that could not be evaluated."""

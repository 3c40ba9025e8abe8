"""What a plan is compiled from besides the request: the prepared data, the models as the platform has them, the place."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from tuning.plan import Interval
from tuning.pricing import Prices
from tuning.workflows import LoraConfig


class ModelFacts(BaseModel):
    """What the platform says about a base model."""

    model_config = ConfigDict(frozen=True)
    name: str
    display_name: str = ""
    parameter_count: int | None = None
    context_length: int | None = None
    tunable: bool = False
    recommended: tuple[LoraConfig, ...] = ()
    recommended_batch_size: int | None = None
    tokens_per_second: float | None = None


class Part(BaseModel):
    """One prepared file of the session. `tokens` are those of the whole rows, once over; `path` is in the workspace."""

    model_config = ConfigDict(frozen=True)
    role: str
    path: str
    rows: int
    bytes: int
    sha256: str
    tokens: Interval
    longest: int = 0
    """Bytes of the longest row."""


class LabelSet(BaseModel):
    """The labels of a classification data set as the plan states them; every text is data of the user's, never an order.

    `counts` are samples per label over the training rows (train + validation), `test_counts` over the held-out rows;
    with several labels a row they count positives. `imbalance` is most / least frequent over `counts` (None: fewer than
    two labels have samples).
    """

    model_config = ConfigDict(frozen=True)
    labels: tuple[str, ...]
    source: str
    """"you listed them" or how they were inferred."""
    rule: str
    """Where a row's label is read: ground_truth, or a rule about the final assistant turn."""
    samples: tuple[tuple[str, str], ...] = ()
    """(end of the assistant turn, label read from it), some rows on which the user can check the rule."""
    multi_label: bool = False
    counts: tuple[tuple[str, int], ...] = ()
    test_counts: tuple[tuple[str, int], ...] = ()
    merges: tuple[tuple[str, str], ...] = ()
    """(as written, label it was read as)."""
    imbalance: float | None = None
    threshold: float = 50.0
    empty: tuple[str, ...] = ()
    """Labels of the user's list without samples."""
    unseen: tuple[str, ...] = ()
    """Labels of held-out rows that training lacks."""
    mitigation: str = ""
    """What was done about the imbalance at the user's word; empty: nothing."""
    listed_in_prompt: bool = True
    """Whether the labels stand in the system message, in training and in evaluation alike."""


class Material(BaseModel):
    """What the data set became: parts by role (sweep, validation, full, test), and what was done to get there.

    `test_dataset` is set instead of a test part when the user named an evaluation data set that is used as it is.
    """

    model_config = ConfigDict(frozen=True)
    source: str
    total_rows: int
    parts: tuple[Part, ...]
    test_dataset: str | None = None
    validation_is_test: bool = False
    """Too few rows for a test split: the figure at the end is the one that also chose the winner."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    labels: LabelSet | None = None
    """Of classification."""

    def part(self, role: str) -> Part | None:
        """The part of that role, None when the data was not divided so."""
        return next((part for part in self.parts if part.role == role), None)


@dataclass(frozen=True)
class Site:
    """Where the plan will run: the platform's kind, the user's account there, this session, its prices."""

    kind: str
    account: str
    session: str
    prices: Prices

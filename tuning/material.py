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

"""What understanding returns: frozen values, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tuning.request import Request

Gate = Literal["plan", "promotion", "comparison", "question"]
Label = Literal["approve", "revise", "reject", "ask", "unclear"]


@dataclass(frozen=True)
class UnknownModel:
    """A model name that the catalogue does not hold (or holds more than once), with the ids nearest to it."""

    written: str
    nearest: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """An instruction as understood.

    `missing` names the required inputs that the text does not give; `questions` are what to ask, in plain English;
    `refused` are the parts that are not served, each in words that name the right place to go.
    """

    request: Request
    missing: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    unknown_models: tuple[UnknownModel, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """A reply at an open gate as understood.

    `changes` are Request slots (revise only). `ends` tells a no that wants the whole session ended from one that
    only holds. `reason` says in words why the label was chosen; it is never empty.
    """

    label: Label
    reason: str
    changes: Mapping[str, object] = field(default_factory=dict)
    ends: bool = False

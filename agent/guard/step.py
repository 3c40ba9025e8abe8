"""What a planner may ask for: one step at a time, each resting on the user's last word that the planner had seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.session.events import PlannerReplied, RequestUnderstood
from tools.base import ToolCall


@dataclass(frozen=True)
class Run:
    """Run one tool."""

    call: ToolCall


@dataclass(frozen=True)
class Say:
    """Tell the user something. `about` is the user's event that it answers, 0 if none."""

    key: str
    text: str
    about: int = 0


@dataclass(frozen=True)
class Understand:
    """Write down what the request is now."""

    key: str
    event: RequestUnderstood


@dataclass(frozen=True)
class Think:
    """Write down what a model answered; nothing of it is done yet."""

    key: str
    event: PlannerReplied


@dataclass(frozen=True)
class Decline:
    """Write down that a model's call can't be carried out, and why. `tool` is as the model named it."""

    key: str
    tool: str
    reason: str


@dataclass(frozen=True)
class Wait:
    """Nothing to do until something happens, or until `until` (seconds since the epoch)."""

    until: float | None = None


@dataclass(frozen=True)
class Finish:
    """The session is at its end."""

    status: Literal["succeeded", "failed", "cancelled"]
    reason: str = ""


Step = Run | Say | Understand | Think | Decline | Wait | Finish

"""What a planner may ask for: one step at a time, each resting on the user's last word that the planner had seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.session.events import RequestUnderstood
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
class Wait:
    """Nothing to do until something happens, or until `until` (seconds since the epoch)."""

    until: float | None = None


@dataclass(frozen=True)
class Finish:
    """The session is at its end."""

    status: Literal["succeeded", "failed", "cancelled"]
    reason: str = ""


Step = Run | Say | Understand | Wait | Finish

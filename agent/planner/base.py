"""The one protocol of planners: from the state of a session to its next step."""

from __future__ import annotations

from typing import Protocol

from agent.guard.step import Run, Step
from agent.session.state import SessionState

Next = Step | tuple[Run, ...]
"""A step, or several look-ups that are run at the same time."""


class Planner(Protocol):
    """Swapping planners changes what is said and in which order, and no guarantee: the guard judges every step."""

    async def next_step(self, state: SessionState, now: float) -> Next:
        """The next step from this state. `now` is in seconds since the epoch. Never acts by itself."""
        ...

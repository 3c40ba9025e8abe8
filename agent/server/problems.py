"""What can go wrong with a request, as an answer: {"error": {"message", "owner", "next_step"}} and a status.

Problem
├─ 400 what was sent can't be used          owner: yours
├─ 401, 403 not allowed                     owner: yours
├─ 404 no such session or resource          owner: yours
├─ 409 it collides with what stands         owner: yours
├─ 502 the platform                         owner: as the platform's trouble says
└─ 503, 507 the log can't be written        owner: yours (the machine's)
"""

from __future__ import annotations

from typing import Literal

from agent.guard.approval import Conflict
from agent.session.store import SessionUnknown, StoreError
from tools.base import ToolError

Owner = Literal["yours", "platform", "unknown"]


class Problem(Exception):
    """A request that was not done, in words."""

    def __init__(self, status: int, message: str, *, owner: Owner = "yours", next_step: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.owner = owner
        self.next_step = next_step

    def body(self) -> dict[str, dict[str, str]]:
        return {"error": {"message": self.message, "owner": self.owner, "next_step": self.next_step}}


def as_problem(error: Conflict | SessionUnknown | StoreError | ToolError) -> Problem:
    """The answer for trouble of the floors below."""
    match error:
        case Conflict():
            return Problem(409, str(error), next_step="Look at `fireagent session get`.")
        case SessionUnknown():
            return Problem(
                404, f"there is no session {error.args[0]!r}", next_step="`fireagent session list` shows all."
            )
        case StoreError():
            full = "full" in str(error)
            return Problem(507 if full else 503, str(error), next_step="Try again when that is mended.")
        case ToolError():
            return Problem(502, error.message, owner=error.owner, next_step=error.next_step)

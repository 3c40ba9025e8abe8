"""How commands end: exit codes and errors in words.

0 done, or waiting for the user    1 failed or cancelled    2 wrong usage    3 refused, or in conflict with what stands
"""

from __future__ import annotations

import sys
from typing import Any

DONE, FAILED, USAGE, REFUSED = 0, 1, 2, 3
ENDED_BADLY = ("failed", "cancelled")
_BY_STATUS = {400: USAGE, 401: REFUSED, 403: REFUSED, 404: USAGE, 409: REFUSED, 413: USAGE}


class Failure(Exception):
    """A command that ends here: what is wrong, and what to do next."""

    def __init__(self, message: str, code: int = FAILED, next_step: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.next_step = next_step


def usage(message: str, next_step: str = "") -> Failure:
    return Failure(message, USAGE, next_step)


def answered(status: int, body: Any) -> Failure:
    """The failure that an answer of the server tells."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return Failure(f"the server answered HTTP {status} without words", FAILED, "Look at server.log in the home.")
    message = str(error.get("message", ""))
    if error.get("owner") == "platform":
        message += " (this is the platform's)"
    return Failure(message, _BY_STATUS.get(status, FAILED), str(error.get("next_step") or ""))


def tell(failure: Failure) -> int:
    """Prints a failure for people; returns the exit code."""
    print(f"error: {failure}", file=sys.stderr)
    if failure.next_step:
        print(f"next: {failure.next_step}", file=sys.stderr)
    return failure.code

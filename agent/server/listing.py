"""Filter, order and pages of the list of sessions. Pure; what can't be read is said in words.

The grammar is the small part of the platform's own that people use: `status=waiting`, joined by AND; `create_time desc`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Any

from agent.server.problems import Problem

FILTERS = ("status", "workflow", "account", "phase", "platform", "session_id")
ORDERS = ("create_time", "update_time", "status", "session_id")
DEFAULT_PAGE, MAX_PAGE = 50, 200
_CLAUSE = re.compile(r"""\s*(\w+)\s*(=|!=)\s*("[^"]*"|'[^']*'|[^\s"']+)\s*""")

Row = dict[str, Any]


def page(
    rows: Sequence[Row], filter_text: str, order_by: str, page_size: int, page_token: str
) -> tuple[list[Row], str, int]:
    """(rows of this page, token of the next or "", number of all that match). Raises Problem."""
    if not 0 <= page_size <= MAX_PAGE:
        raise _bad(f"page size {page_size} is not within 1 to {MAX_PAGE}")
    size = page_size or DEFAULT_PAGE
    found = ordered(filtered(rows, filter_text), order_by)
    mark = hashlib.sha256(f"{filter_text}\0{order_by}".encode()).hexdigest()[:8]
    start = _start(page_token, mark)
    after = start + size
    token = base64.urlsafe_b64encode(f"{mark}:{after}".encode()).decode() if after < len(found) else ""
    return found[start:after], token, len(found)


def filtered(rows: Sequence[Row], text: str) -> list[Row]:
    """The rows that match every clause."""
    clauses = [_clause(part) for part in re.split(r"\s+AND\s+", text.strip())] if text.strip() else []
    return [row for row in rows if all((row.get(name) == value) == equal for name, equal, value in clauses)]


def ordered(rows: Sequence[Row], text: str) -> list[Row]:
    """Sorted as told; newest first when nothing is told."""
    words = (text or "create_time desc").replace(",", " ").split()
    if len(words) > 2 or words[0] not in ORDERS or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
        raise _bad(f"can't order by {text!r}; use one of {', '.join(ORDERS)}, then asc or desc")
    descending = len(words) == 2 and words[1].lower() == "desc"
    return sorted(rows, key=lambda row: (str(row.get(words[0]) or ""), row["session_id"]), reverse=descending)


def _clause(text: str) -> tuple[str, bool, str]:
    found = _CLAUSE.fullmatch(text)
    if found is None or found[1] not in FILTERS:
        raise _bad(
            f"can't read the filter {text[:100]!r}; write for example status=waiting, with one of {', '.join(FILTERS)}"
        )
    return found[1], found[2] == "=", found[3].strip("\"'")


def _start(token: str, mark: str) -> int:
    if not token:
        return 0
    try:
        given, _, offset = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        start = int(offset)
    except ValueError:
        raise _bad("the page token can't be read; take it from the page before") from None
    if given != mark or start < 0:
        raise _bad("the page token belongs to a list with another filter or order")
    return start


def _bad(message: str) -> Problem:
    return Problem(400, message, next_step="Change it and ask again.")

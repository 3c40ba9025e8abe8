"""Lists as the API answers them: filter (a subset of AIP-160), order_by, pages.

The filter grammar: comparisons joined by AND, `field OP value`, fields with dots, OP one of = != < <= > >= and : (has).
`*` in a value of = or : matches any text. A filter outside it is an INVALID_ARGUMENT, never silently ignored.
"""

import base64
import binascii
import fnmatch
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Query

from local_platform.api.errors import invalid

Document = dict[str, Any]
_TERM = re.compile(r'\s*([A-Za-z_][\w.]*)\s*(!=|<=|>=|=|<|>|:)\s*("(?:[^"\\]|\\.)*"|\'[^\']*\'|[^\s()"\'=<>!]+)\s*')
DEFAULT_PAGE, MAX_PAGE = 50, 200


class ListQuery:
    """The query parameters every list route takes."""

    def __init__(
        self,
        filter: Annotated[str, Query()] = "",
        order_by: Annotated[str, Query(alias="orderBy")] = "",
        page_size: Annotated[int, Query(alias="pageSize")] = 0,
        page_token: Annotated[str, Query(alias="pageToken")] = "",
    ) -> None:
        self.filter = filter
        self.order_by = order_by
        self.page_size = page_size
        self.page_token = page_token


def list_page(key: str, documents: Sequence[Document], query: ListQuery) -> Document:
    """One page as `{key: [...], nextPageToken, totalSize}`. Raises ApiError for a filter, order or token it can't read."""
    matches = parse_filter(query.filter)
    found = order([document for document in documents if matches(document)], query.order_by)
    if query.page_size < 0:
        raise invalid(f"pageSize must not be negative, got {query.page_size}")
    size = min(query.page_size or DEFAULT_PAGE, MAX_PAGE)
    start = _offset(query)
    token = _token(start + size, query) if start + size < len(found) else ""
    return {key: found[start : start + size], "nextPageToken": token, "totalSize": len(found)}


def parse_filter(text: str) -> Callable[[Document], bool]:
    """The predicate a filter text stands for; an empty text is true of everything."""
    terms: list[tuple[str, str, str]] = []
    position, text = 0, text.strip()
    while position < len(text):
        if terms:
            joint = re.compile(r"\s*AND\b\s*").match(text, position)
            if not joint:
                raise invalid(f"filter: expected AND at character {position} of {text!r}")
            position = joint.end()
        term = _TERM.match(text, position)
        if not term:
            raise invalid(f"filter: expected FIELD OP VALUE at character {position} of {text!r}")
        field, operator, value = term.groups()
        terms.append((field, operator, _unquote(value)))
        position = term.end()
    return lambda document: all(_holds(_field(document, field), op, value) for field, op, value in terms)


def order(documents: list[Document], order_by: str) -> list[Document]:
    """Sorted by `field [asc|desc], ...`; by name when nothing is asked. Missing values come first."""
    result = sorted(documents, key=lambda document: str(document.get("name", "")))
    for part in reversed([part.split() for part in order_by.split(",") if part.strip()]):
        if len(part) > 2 or part[-1].lower() not in ("asc", "desc", part[0].lower()):
            raise invalid(f"orderBy: expected FIELD [asc|desc], got {' '.join(part)!r}")
        field, descending = part[0], part[-1].lower() == "desc"
        result.sort(key=lambda document, field=field: _sort_key(_field(document, field)), reverse=descending)  # type: ignore[misc]
    return result


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def _field(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document.get(_camel(part)) if isinstance(document, dict) else None
    return document


def _unquote(value: str) -> str:
    if value[:1] == value[-1:] and value[:1] in ("'", '"'):
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def _sort_key(value: Any) -> tuple[int, float, str]:
    number = _number(value)
    return (0, 0.0, "") if value is None else (1, number, "") if number is not None else (2, 0.0, str(value))


def _number(value: Any) -> float | None:
    # int64 travels as a string, so "12" must compare as 12.
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
        return None
    return float(value)


def _holds(actual: Any, operator: str, wanted: str) -> bool:
    if isinstance(actual, list):
        return operator == ":" and any(_holds(item, "=", wanted) for item in actual)
    if isinstance(actual, bool):
        actual = str(actual).lower()
    if operator in ("=", "!=", ":"):
        text = "" if actual is None else str(actual)
        pattern = re.sub(r"([\[\]?])", r"[\1]", wanted)
        equal = fnmatch.fnmatchcase(text, f"*{pattern}*" if operator == ":" and wanted != "*" else pattern)
        if operator == ":" and wanted == "*":
            equal = actual is not None
        return equal != (operator == "!=")
    left, right = _sort_key(actual), _sort_key(wanted)
    if actual is None or left[0] != right[0]:
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


def _fingerprint(query: ListQuery) -> str:
    return hashlib.sha256(f"{query.filter}\0{query.order_by}".encode()).hexdigest()[:16]


def _token(offset: int, query: ListQuery) -> str:
    return base64.urlsafe_b64encode(json.dumps([offset, _fingerprint(query)]).encode()).decode()


def _offset(query: ListQuery) -> int:
    if not query.page_token:
        return 0
    try:
        offset, fingerprint = json.loads(base64.urlsafe_b64decode(query.page_token))
    except (ValueError, binascii.Error, TypeError) as error:
        raise invalid("pageToken: not a token of this server") from error
    if fingerprint != _fingerprint(query) or not isinstance(offset, int):
        raise invalid("pageToken: belongs to a list with another filter or order")
    return offset

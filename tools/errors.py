"""The one place where trouble with the platform becomes words: whose it is, what to do next, whether to try again.

The platform's own text is data: capped, without control characters, and never with the key in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import fireworks
import httpx
from fireworks import APIConnectionError, APIStatusError, APITimeoutError, FireworksError

from tools.base import ToolError

GUARD_HEADER = "x-fireagent-guard"
"""Set to "refused" on the 403 that our own guard gives in the platform's place; nothing was sent then."""
MAX_QUOTE = 300
_KEY = re.compile(r"\bfw_[A-Za-z0-9_-]{8,}|(?<=\bbearer )\S+", re.IGNORECASE)

_Told = tuple[str, Literal["yours", "platform", "unknown"], str, bool]

_BY_STATUS: dict[int, _Told] = {
    400: (
        "the platform did not accept the request",
        "unknown",
        "Read the platform's words and change the request.",
        False,
    ),
    401: ("the API key is not accepted", "yours", "Check the API key and the account it belongs to.", False),
    403: (
        "this key may not do that",
        "yours",
        "Use a key whose role allows it, or a resource of your own account.",
        False,
    ),
    404: ("the platform does not have it", "yours", "Check the name and the account.", False),
    408: ("the platform took too long", "platform", "The same step can be tried again.", True),
    409: ("something of that name is there already", "unknown", "Look at it before going on.", False),
    412: ("the platform does not allow it in this state", "platform", "Read the platform's words.", False),
    422: (
        "the platform did not accept the request",
        "unknown",
        "Read the platform's words and change the request.",
        False,
    ),
    429: (
        "the platform's rate limit or your quota is used up",
        "platform",
        "It can be tried again later; on a training job it means that no GPU of your quota is free.",
        True,
    ),
}
_SERVER: _Told = ("the platform has an internal problem", "platform", "The same step can be tried again.", True)
_OTHER: _Told = ("the platform answered unexpectedly", "unknown", "Read the platform's words.", False)


class NotJsonError(FireworksError):
    """The platform answered a success that is no JSON object. The SDK passes such answers on unread."""


def refused_by_guard(error: FireworksError) -> bool:
    """Whether our own guard gave this answer, so that the platform never saw the request."""
    return isinstance(error, APIStatusError) and error.response.headers.get(GUARD_HEADER) == "refused"


def told(error: FireworksError, doing: str) -> ToolError:
    """The ToolError for any exception of the SDK. `doing` reads like "creating the job X"."""
    if isinstance(error, APITimeoutError):
        return _error(f"{doing}: the platform did not answer in time", "platform", "It can be tried again.", True)
    if isinstance(error, APIConnectionError):
        return _error(
            f"{doing}: the platform cannot be reached, or the connection broke",
            "platform",
            "Check that it runs and that the network is there; the same step can be tried again.",
            True,
        )
    if isinstance(error, fireworks.APIResponseValidationError | NotJsonError):
        return _error(f"{doing}: the platform's answer cannot be read", "platform", "Report it to the platform.", False)
    if not isinstance(error, APIStatusError):
        return _error(f"{doing}: {quote(str(error))}", "unknown", "", False)
    words = quote(_message(error), _key_of(error))
    if refused_by_guard(error):
        return _error(
            f"{doing}: the guard did not let it pass ({words})",
            "unknown",
            "It must be part of an approved plan.",
            False,
        )
    status = error.status_code
    what, owner, next_step, retry = _SERVER if status >= 500 else _BY_STATUS.get(status, _OTHER)
    said = f"; it says: {words}" if words else ""
    return _error(f"{doing}: {what} (HTTP {status}){said}", owner, next_step, retry)


@contextmanager
def platform_errors(doing: str) -> Iterator[None]:
    """Turns what the SDK and the signed-URL client raise inside into a ToolError; nothing else is touched."""
    try:
        yield
    except FireworksError as error:
        raise told(error, doing) from error
    except json.JSONDecodeError as error:
        raise told(NotJsonError(str(error)), doing) from error
    except httpx.HTTPStatusError as error:
        raise _signed_url(error, doing) from error
    except httpx.HTTPError as error:
        raise _error(f"{doing}: the connection broke", "platform", "The same step can be tried again.", True) from error


def quote(text: object, key: str = "") -> str:
    """Foreign text fit for a message: one line, at most 300 characters, no control characters, no key."""
    plain = _KEY.sub("[key]", str(text))
    if key:
        plain = plain.replace(key, "[key]")
    plain = " ".join("".join(c if c.isprintable() else " " for c in plain).split())
    return plain if len(plain) <= MAX_QUOTE else f"{plain[: MAX_QUOTE - 1]}…"


def _signed_url(error: httpx.HTTPStatusError, doing: str) -> ToolError:
    status = error.response.status_code
    if status in (401, 403, 404, 410):
        return _error(
            f"{doing}: the signed address is no longer valid (HTTP {status})",
            "platform",
            "The same step can be tried again; it asks for a fresh address.",
            True,
        )
    return _error(
        f"{doing}: the file store answered HTTP {status}", "platform", "It can be tried again.", status >= 500
    )


def _error(message: str, owner: Literal["yours", "platform", "unknown"], next_step: str, retry: bool) -> ToolError:
    return ToolError(message, owner=owner, next_step=next_step, retry=retry)


def _message(error: APIStatusError) -> str:
    """The message in grpc-gateway's or OpenAI's error body, else the body's text."""
    body = error.body
    if isinstance(body, dict):
        inner = body.get("error")
        source = inner if isinstance(inner, dict) else body
        reasons = [d.get("reason") for d in source.get("details") or () if isinstance(d, dict) and d.get("reason")]
        return " ".join(str(part) for part in (source.get("message") or "", *reasons) if part)
    return str(body or "")


def _key_of(error: APIStatusError) -> str:
    return str(error.request.headers.get("authorization", "")).removeprefix("Bearer ").strip()

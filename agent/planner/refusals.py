"""What an endpoint's refusal means, in words for the user: what is wrong, whose it is and what to do.

The body of a refusal is somebody else's text: it is looked at for a cause and never shown.

Errors raised:
    EndpointTrouble      no answer can be had now. The key is never in its text. `patient`: trying soon is no use, for
                         somebody has to change a setting first. `after`: seconds that the endpoint wants to be left alone
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from tools.retry_after import wanted_pause

_TOOLS = re.compile(r"\btools?\b|tool[_ -]|function[_ -]?call|\bfunctions?\b")
_NO_MODEL = re.compile(
    r"model[^.]{0,120}(?:not found|does not exist|doesn't exist|not a valid model)|(?:unknown|invalid|no such) model"
)
_NO_MONEY = re.compile(r"insufficient[_ ](?:quota|funds|balance|credit)|exceeded your current quota|payment required")
_TOO_LONG = re.compile(r"context[_ ](?:length|window|size)|maximum context|prompt is too long|too many tokens")


class EndpointTrouble(Exception):
    """The model can't be asked now."""

    def __init__(self, text: str, *, patient: bool = False, after: float = 0.0) -> None:
        super().__init__(text)
        self.patient = patient
        self.after = after


def refused(who: str, status: int, body: str, headers: Mapping[str, str]) -> EndpointTrouble:
    """A status that is no success. `who` names model and address; `headers` are the answer's, names in small letters."""
    body = body.casefold()
    if words := _setting(status, body):
        return EndpointTrouble(f"{who} {words}", patient=True)
    return EndpointTrouble(f"{who} is not ready (HTTP {status})", after=wanted_pause(headers, time.time()))


def _setting(status: int, body: str) -> str:
    """What somebody has to change; empty for trouble that may pass."""
    if status == 401:
        return "does not accept the key (HTTP 401): check FIREAGENT_LLM_KEY"
    if status == 403:
        return "does not let this key use it (HTTP 403): check FIREAGENT_LLM_KEY and what it may use"
    if status == 402 or (status == 429 and _NO_MONEY.search(body)):
        return f"wants to be paid (HTTP {status}): add credit to the account of FIREAGENT_LLM_KEY, or set another key"
    if 300 <= status < 400:
        return f"sends us elsewhere (HTTP {status}), which is not followed: set FIREAGENT_LLM_URL to the final address"
    if status in (400, 404, 413, 422):
        return _request(status, body)
    return ""


def _request(status: int, body: str) -> str:
    if _TOO_LONG.search(body) or status == 413:
        return f"takes no prompt of this length (HTTP {status}): the planner needs a model with 36,000 tokens of context or more"
    if _NO_MODEL.search(body):
        return f"was not found (HTTP {status}): check FIREAGENT_LLM_URL and FIREAGENT_LLM_MODEL"
    if "schema" in body:
        return (
            f"does not take the tools' schemas (HTTP {status}): choose another model with FIREAGENT_LLM_MODEL, or use the "
            "offline planner"
        )
    if _TOOLS.search(body):
        return (
            f"can't call tools natively (HTTP {status}); the planner needs a model that can: choose another with "
            "FIREAGENT_LLM_MODEL, start its server with tool calls switched on, or use the offline planner"
        )
    if status == 404:
        return "was not found (HTTP 404): check FIREAGENT_LLM_URL and FIREAGENT_LLM_MODEL"
    return f"refuses the request (HTTP {status})"

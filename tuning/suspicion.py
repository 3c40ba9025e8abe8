"""Finds texts in a data set that look like an order to the agent, or that hold a chat template's control tokens.

A finding is a warning for the person who reads the plan. The guard does not rest on it: rows are never instructions,
whatever they say.
"""

from __future__ import annotations

import re

_TRIGGERS = (
    b"nstruction", b"prompt", b"agent", b"approv", b"api key", b"credential", b"the user", b"budget", b"parallel", b"deploy",
    b"dataset", b"data set", b"session",
)  # fmt: skip
"""Cheap substrings, one of which every order below holds: they spare the patterns nearly all ordinary text."""

_CONTROL = re.compile(rb"<\|[a-z0-9_]{2,40}\|>|<(?:start|end)_of_turn>")
_OF = rb"(?:all |any |the |your |my |these |those |of |every )*"
_ORDERS = tuple(
    (re.compile(pattern), why)
    for pattern, why in (
        (
            rb"\b(?:ignore|disregard|forget|override) " + _OF + rb"(?:previous|prior|above|earlier|preceding|system)"
            rb"[\w ]{0,20}(?:instruction|prompt)",
            "asks to set earlier instructions aside",
        ),
        (
            rb"\bapprove " + _OF + rb"(?:plan|cost|budget|gate|job|deployment|training run)s?\b",
            "speaks of approving a plan",
        ),
        (
            rb"\b(?:user|customer|owner|admin|boss|i) (?:has|have|had)? ?(?:already |just |pre-?)*approved?\b"
            rb"|\bapproved[,.!]? proceed\b|\b(?:already |pre-?)approved\b",
            "claims an approval",
        ),
        (
            rb"\b(?:raise|increase|lift|set|remove|ignore|double) " + _OF + rb"(?:[\w-]+ ){0,2}"
            rb"(?:max_parallel_jobs|parallel jobs|job (?:cap|limit)|cost ceiling|budget_usd|budget (?:to|above|limit|cap))\b",
            "speaks of raising a limit",
        ),
        (
            rb"\b(?:delete|drop|wipe|remove|overwrite|destroy) " + _OF + rb"(?:[\w-]+ )?"
            rb"(?:datasets?|data sets?|deployments?|models? accounts)\b",
            "speaks of deleting or overwriting",
        ),
        (
            rb"\bdeploy "
            + _OF
            + rb"(?:[\w-]+ ){0,2}(?:model|candidate|now)\b|\bmark "
            + _OF
            + rb"(?:session|job|run|task)s? (?:as )?(?:done|succeeded|complete|finished)",
            "speaks of deploying or of being done",
        ),
        (
            rb"\b(?:skip|bypass|without|no need for|disable) (?:the |any |user |human )*approval\b",
            "speaks of going round an approval",
        ),
        (
            rb"\b(?:print|reveal|send|leak|show|upload|exfiltrate|give me) " + _OF + rb"(?:\w+ )?"
            rb"(?:api keys?|credentials?|system prompt)\b",
            "asks for secrets",
        ),
        (
            rb"\b(?:note|message|instructions?|attention|order)s? (?:to|for) (?:the |any |all )*"
            rb"(?:[\w-]+ ){0,2}agents?\b|\b(?:ai|fine-?tuning|training) agent[,:]",
            "addresses an agent",
        ),
        (rb"\bdo not (?:tell|inform) the user\b", "asks to keep something from the user"),
    )
)
_CONTEXT = 60


def find_suspicion(text: bytes, lowered: bytes) -> tuple[str, str] | None:
    """(excerpt of at most 200 bytes, why) for the first thing found in a UTF-8 text; None for an ordinary one.

    `lowered` is `text.lower()`, which the caller has anyway.
    """
    if b"<" in lowered and (b"<|" in lowered or b"_of_turn>" in lowered):
        control = _CONTROL.search(lowered)
        if control is not None:
            return _excerpt(text, control), f"contains the control token {control[0].decode()}"
    if any(map(lowered.__contains__, _TRIGGERS)):
        for pattern, why in _ORDERS:
            found = pattern.search(lowered)
            if found is not None:
                return _excerpt(text, found), why
    return None


def _excerpt(text: bytes, found: re.Match[bytes]) -> str:
    start, end = max(0, found.start() - _CONTEXT), found.end() + _CONTEXT
    return " ".join(text[start:end][:200].decode(errors="ignore").split())

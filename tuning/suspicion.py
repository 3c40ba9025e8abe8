"""Finds texts in a data set that look like an order to the agent, or that hold a chat template's control tokens.

A finding is a warning for the person who reads the plan. The guard does not rest on it: rows are never instructions,
whatever they say.
"""

from __future__ import annotations

import re

_TRIGGERS = (
    "<|", "[inst]", "_of_turn>", "<<sys>>", "ignore", "disregard", "forget", "override", "bypass", "approve", "approval",
    "agent", "api key", "api_key", "credential", "system prompt", "not tell the user", "not inform the user",
)  # fmt: skip
"""Cheap substrings, one of which every pattern below needs."""

_CONTROL = re.compile(r"<\|[a-z0-9_▁]{2,40}\|>|\[/?inst\]|<(?:start|end)_of_turn>|<</?sys>>")
_OF_BEFORE = r"(?:all |any |the |your |my |these |those |of |every )*"
_ORDERS = tuple(
    (re.compile(pattern), why)
    for pattern, why in (
        (
            rf"\b(?:ignore|disregard|forget|override) {_OF_BEFORE}(?:previous|prior|above|earlier|preceding|system)"
            r"[\w ]{0,20}(?:instruction|prompt|message|rule|direction|command)",
            "asks to set earlier instructions aside",
        ),
        (
            rf"\b(?:approve|confirm|accept) {_OF_BEFORE}(?:plan|cost|budget|gate|job|deployment|training run)s?\b",
            "speaks of approving a plan",
        ),
        (
            r"\b(?:skip|bypass|without|no need for|disable) (?:the |any |user |human )*(?:approval|guard|gate|confirmation)",
            "speaks of going round an approval",
        ),
        (
            rf"\b(?:print|reveal|send|leak|show|upload|exfiltrate|give me) {_OF_BEFORE}(?:\w+ )?"
            r"(?:api[ _-]?keys?|credentials?|system prompt)\b",
            "asks for secrets",
        ),
        (
            r"\b(?:note|message|instructions?|attention|order)s? (?:to|for) (?:the |any |all )*(?:ai |fine-?tuning |training )*agents?\b"
            r"|\b(?:ai|fine-?tuning|training) agent[,:]",
            "addresses an agent",
        ),
        (r"\bdo not (?:tell|inform) the user\b", "asks to keep something from the user"),
    )
)
_CONTEXT = 60


def find_suspicion(text: str) -> tuple[str, str] | None:
    """(excerpt of at most about 200 characters, why) for the first thing found in a text; None for an ordinary one."""
    lowered = text.lower()
    if not any(trigger in lowered for trigger in _TRIGGERS):
        return None
    control = _CONTROL.search(lowered)
    if control is not None:
        return _excerpt(text, control), f"contains the control token {control[0]!r}"
    for pattern, why in _ORDERS:
        found = pattern.search(lowered)
        if found is not None:
            return _excerpt(text, found), why
    return None


def _excerpt(text: str, found: re.Match[str]) -> str:
    # Lower-casing can change the length of a text (İ), so positions are only nearly those of the original.
    start, end = max(0, found.start() - _CONTEXT), min(len(text), found.end() + _CONTEXT)
    return " ".join(text[start:end][:200].split())

"""Finds texts in a data set that look like an order to the agent, or that hold a chat template's control tokens.

A finding is a warning for the person who reads the plan. The guard does not rest on it: rows are never instructions,
whatever they say.
"""

from __future__ import annotations

import re

_TRIGGERS = (
    "ignor", "disregard", "forget", "overrid", "bypass", "approv", "agent", "api key", "credential", "system prompt",
    "the user",
)  # fmt: skip
"""Cheap substrings, one of which every order below holds: they spare the patterns nearly all ordinary text."""
_CONTROL_TRIGGERS = ("<|", "_of_turn>")

_CONTROL = re.compile(r"<\|[a-z0-9_▁]{2,40}\|>|<(?:start|end)_of_turn>")
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
            rf"\bapprove {_OF_BEFORE}(?:plan|cost|budget|gate|job|deployment|training run)s?\b",
            "speaks of approving a plan",
        ),
        (
            r"\b(?:skip|without|no need for|disable) (?:the |any |user |human )*approval|\bbypass (?:the |any )*(?:gate|guard)\b",
            "speaks of going round an approval",
        ),
        (
            rf"\b(?:print|reveal|send|leak|show|upload|exfiltrate|give me) {_OF_BEFORE}(?:\w+ )?"
            r"(?:api keys?|credentials?|system prompt)\b",
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


def find_suspicion(text: str, lowered: str) -> tuple[str, str] | None:
    """(excerpt of at most 200 characters, why) for the first thing found in a text; None for an ordinary one.

    `lowered` is the same text in lower case, which the caller has anyway.
    """
    if any(map(lowered.__contains__, _CONTROL_TRIGGERS)):
        control = _CONTROL.search(lowered)
        if control is not None:
            return _excerpt(text, control), f"contains the control token {control[0]!r}"
    if any(map(lowered.__contains__, _TRIGGERS)):
        for pattern, why in _ORDERS:
            found = pattern.search(lowered)
            if found is not None:
                return _excerpt(text, found), why
    return None


def _excerpt(text: str, found: re.Match[str]) -> str:
    # Lower-casing can change the length of a text (İ), so positions are only nearly those of the original.
    start, end = max(0, found.start() - _CONTEXT), min(len(text), found.end() + _CONTEXT)
    return " ".join(text[start:end][:200].split())

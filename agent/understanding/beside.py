"""Settings beside or inside a question at a gate: "one epoch only, and how long will it take?".

What is stated beside the question is a change. What only the question names changes nothing, and that is said: a later
yes would else mean another plan than the user has in mind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from agent.understanding import patterns as re
from agent.understanding.result import Reply

ASKS = "The reply asks a question."
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n")
_TURN = re.compile(
    r",\s*(?:(?:and|but|so)\s+)?(?=(?:how|what|why|when|who|which|is|are|can|could|will|would|does|do|ok|okay|right)\b)",
    re.I,
)
_OPENS_QUESTION = re.compile(
    r"^(?:(?:and|but|so|ok|okay|yes|well|hmm|sounds good|fine|great)\b[, ]*)*"
    r"(?:how|what|why|when|who|which|where|is|are|does|do|did|will|would|can|could|was|if|whether|suppose)\b",
    re.I,
)


def stated(own: str) -> str:
    """What the text states and does not ask, its questions left out."""
    kept = []
    for sentence in _SENTENCE.split(own):
        piece = sentence if not sentence.rstrip().endswith("?") else _TURN.split(sentence, maxsplit=1)[0]
        if piece and not piece.rstrip().endswith("?") and not _OPENS_QUESTION.match(piece.strip()):
            kept.append(piece)
    return ". ".join(kept)


def beside_a_question(reply: Reply, own: str, read: Callable[[str], Mapping[str, object]]) -> Reply:
    """The reply that asks, as a revision when it states a setting too; else with a word on the settings it asks about."""
    if changes := read(stated(own)):
        return Reply("revise", "The reply changes the plan, and asks.", changes)
    named = ", ".join(slot.replace("_", " ") for slot in read(own.replace("?", ".")))
    if not named:
        return reply
    said = f"It names {named}: nothing is changed by that. To change the plan, say it without a question."
    return replace(reply, reason=f"{ASKS} {said}")

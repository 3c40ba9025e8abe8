"""What the user's word to a session that has ended does: a question gets its answer, a further wish re-opens the session.

Re-opening allows nothing: the request is a new revision, its plan has a cost of its own and is asked for, and no yes of
before counts. What the session made stays known, so that work that is there already is neither done nor paid for again.

Errors raised:
    Conflict     the message can't be taken now; it tells what stands instead. Nothing was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from agent.session.events import Event, ReplyReading, RequestUnderstood, SessionReopened, UserMessage
from agent.session.state import SessionState
from agent.understanding import Reading, read_instruction, read_reply
from agent.understanding.label_additions import with_added_labels
from agent.understanding.questions import missing_inputs, questions_for
from agent.understanding.result import Gate
from tuning.request import Request

KEPT = ("train_dataset", "base_models", "budget_usd", "max_parallel_jobs")
"""What another kind of work takes over from the one before, unless the user names it anew."""
NO_WORK = ("question", "unsupported", None)
_AGAIN = re.compile(r"(?:please )?(?:try (?:it |that )?again|retry|again|go on|continue)(?: please)?")
_DEPLOYS = re.compile(r"\b(?:deploy|serve)\b")
_DEPLOYS_BASE = re.compile(r"\b(?:deploy|serve|host)\b[^.;?!\n]{0,60}\b(?:bases?|untuned|un-tuned)\b")
BASE_STAYS = (
    "I deploy models that this session tuned; an untuned base model is deployed with the platform's own tools. Its figures "
    "stand in the report."
)
_NAMES_SFT = re.compile(r"\bsft\b|\bsupervised\b")
ENDED = {"succeeded": "succeeded", "failed": "failed", "cancelled": "been cancelled"}


class Conflict(Exception):
    """The session can't take this message; the text says why and what stands."""


def follow_up(state: SessionState, text: str, key: str) -> Sequence[tuple[str, Event]]:
    """The events that follow from a message to an ended session. Raises Conflict.

    A yes finds nothing to approve. A cancelled session is asked about and takes no further work: what it had begun was
    stopped under names that can't be used twice.
    """
    known_models = tuple(model.name.rsplit("/", 1)[-1] for model in state.known.models)
    wish = read_instruction(text, known_models)
    reading = _read(state, text, wish, known_models)
    if reading.label == "approve" and state.ended != "cancelled":
        raise Conflict(
            f"the session has {ENDED[state.ended or 'failed']}, so nothing is waiting for an answer. Say what to do next, or "
            "ask about what it did."
        )
    if reading.label in ("approve", "revise") and state.ended == "cancelled":
        raise Conflict(
            "the session has been cancelled and takes no further work; start a new one with /new in the chat or with "
            "`fireagent session create`."
        )
    seq = state.last_seq + 1
    message = (f"user/{key}", UserMessage(text=text, reading=reading))
    request = _next_request(state.known.request, wish, reading.changes)
    if reading.label != "revise" or request is None or (request == state.known.request and not _once_more(state, text)):
        return [message]
    missing = missing_inputs(request)
    understood = RequestUnderstood(
        request=request,
        missing=missing,
        questions=questions_for(request, missing, wish.unknown_models),
        refused=wish.refused,
        unknown_models=tuple(model.written for model in wish.unknown_models),
        notes=wish.notes,
        source=seq,
    )
    return [message, *reopened(state, seq), (f"request/{seq}", understood)]


def _once_more(state: SessionState, text: str) -> bool:
    """Does this ask for the same work again where it failed?"""
    return state.ended == "failed" and bool(_AGAIN.fullmatch(" ".join(text.casefold().split()).strip(" .!")))


def reopened(state: SessionState, message: int) -> list[tuple[str, Event]]:
    """The event that lets an ended session go on; none for one that has not ended."""
    return [] if state.ended is None else [(f"reopened/{message}", SessionReopened(message=message))]


def standing_request(state: SessionState) -> Request:
    """The request that a reply is read against: with the labels that the user was shown, where none were listed."""
    request, material = state.known.request, state.known.material
    shown = material.labels.labels if material and material.labels else ()
    return request if request.labels or request.workflow != "classification" else request.updated({"labels": shown})


def _read(state: SessionState, text: str, wish: Reading, known_models: tuple[str, ...]) -> ReplyReading:
    """What the text says: as at the promotion where candidates can be named, else as at a plan; and as an instruction."""
    current = standing_request(state)
    gate: Gate = "promotion" if state.known.plan is not None else "plan"
    reply = with_added_labels(read_reply(text, gate, "", known_models, current), text, current)
    plain = " ".join(text.casefold().split()).strip(" .!")
    reading = ReplyReading(label=reply.label, changes=dict(reply.changes), ends=False, reason=reply.reason)
    if reply.label in ("unclear", "revise") and _DEPLOYS_BASE.search(plain) and "candidate" not in reply.changes:
        return ReplyReading(label="unclear", reason=BASE_STAYS)
    if reply.label == "unclear":
        if state.ended == "failed" and _AGAIN.fullmatch(plain):
            return ReplyReading(label="revise", reason="The same once more.")
        if wish.request.workflow == "unsupported":
            return ReplyReading(label="unclear", reason=" ".join(wish.refused))
        if not state.known.request.deploy and _DEPLOYS.search(plain):
            return ReplyReading(
                label="revise", changes={"deploy": True}, reason="The model is to be deployed after all."
            )
    elif reply.label == "revise" and wish.request.workflow not in NO_WORK:
        wished = wish.request.slots()
        if wished["workflow"] == "sft" and state.known.request.workflow is not None and not _NAMES_SFT.search(plain):
            del wished["workflow"]  # plain words of training go on with the work of before
        return reading.model_copy(update={"changes": {**wished, **reply.changes}})
    return reading


def _next_request(before: Request, wish: Reading, changes: Mapping[str, Any]) -> Request | None:
    """What is asked for now: the request of before with the changes, or another kind of work. None: it can't stand."""
    other = changes.get("workflow") not in (None, before.workflow)
    base = Request(**{slot: getattr(before, slot) for slot in KEPT}) if other else before.updated({"candidate": None})
    if wish.unknown_models and not changes.get("base_models"):
        base = base.updated({"base_models": ()})
    try:
        return base.updated(dict(changes))
    except ValidationError:
        return None

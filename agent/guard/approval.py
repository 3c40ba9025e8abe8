"""What the user's word does: pure functions from a message and the state to events. The only source of an approval.

A yes counts only as the user's own message, through the session's input, at the gate that was open in that moment, and
only when `understanding` reads it as an unconditional, unambiguous yes. Everything else is something less.

Errors raised:
    Conflict     the message can't be taken now; it tells what stands instead. Nothing was written.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from agent.guard.follow_up import Conflict as Conflict
from agent.guard.follow_up import follow_up, standing_request
from agent.session.events import Cancelling, Event, GateAnswered, GateKind, ReplyReading, RequestUnderstood, UserMessage
from agent.session.state import SessionState
from agent.understanding import read_instruction, read_reply
from agent.understanding.label_additions import with_added_labels
from tools.present_scoreboard import rank, standings
from tuning.request import Request

UNKNOWN_PRICE_WORDS = "at an unknown price"
"""What a yes must contain when the plan has items without a known price."""


RETRY = "retry"
"""What a question about trouble asks for: the user's word that the cause is mended."""
TRY_AGAIN = frozenset(
    {"try again", "please try again", "try it again", "retry", "again", "mended", "fixed", "it is fixed"}
)


def receive(
    state: SessionState, text: str, key: str, gate_digest: str = "", seen: int | None = None
) -> Sequence[tuple[str, Event]]:
    """The events that follow from the user's message. Raises Conflict.

    `key` makes a repeated delivery of the same message harmless; `gate_digest` is optional and must match the open gate;
    `seen` is the last event that the user was shown, and a gate that opened after it is not theirs to answer yet.
    """
    if state.ended is not None:
        return follow_up(state, text, key)
    if state.cancelling:
        raise Conflict("the session is being cancelled and takes no further messages.")
    gate = state.gate
    if gate_digest and (gate is None or gate.shown.digest != gate_digest):
        raise Conflict(f"that gate is not open. {_first_answer(state, gate_digest)}")
    known_models = tuple(m.name.rsplit("/", 1)[-1] for m in state.known.models)
    kind, context = (gate.shown.gate, gate.shown.question) if gate else ("plan", "")
    asked = gate.shown.asks_for if gate else ()
    reading = _read(text, kind, context, known_models, RETRY in asked, standing_request(state))
    if "workflow" in asked and (wanted := read_instruction(text, known_models).request).workflow is not None:
        reading = ReplyReading(label="revise", changes=wanted.slots(), reason="an instruction, as was asked for")
    if gate is not None and seen is not None and gate.seq > seen and reading.label != "ask":
        raise Conflict(
            "a question came up meanwhile that you have not seen; read it, and say it again if it still holds."
        )
    if gate is None and reading.label in ("approve", "unclear"):
        if not _heard_by_model(state):
            raise Conflict(f"nothing is waiting for an answer, so this was not taken. {_first_answer(state, '')}")
        reading = ReplyReading(label="unclear", reason="Nothing is waiting for an answer, so a yes approves nothing.")
    reading = _priced(state, reading, text)
    if state.understood is None and reading.label == "revise":
        raise Conflict("the instruction is still being read; say it again when the plan is shown.")
    message = UserMessage(text=text, gate=gate.ref if gate else None, reading=reading)
    seq = state.last_seq + 1
    events: list[tuple[str, Event]] = [(f"user/{key}", message)]
    request = _changed(state.known.request, reading)
    names_candidate = isinstance(reading.changes.get("candidate"), int)
    if gate is not None and (
        reading.label == "approve" or (reading.label == "revise" and (request or names_candidate))
    ):
        candidate = reading.changes.get("candidate") if names_candidate else gate.shown.candidate
        answer = GateAnswered(
            gate=gate.ref, answer="approve" if reading.label == "approve" else "revise", text=text, message=seq,
            candidate=candidate,
        )  # fmt: skip
        events.append((f"gate/{gate.seq}", answer))
    if reading.label == "revise" and request is not None:
        events.append((f"request/{seq}", RequestUnderstood(request=request, source=seq)))
    if reading.label == "reject" and reading.ends:
        events.append((state.keyed("cancelling"), Cancelling()))
    return events


def _heard_by_model(state: SessionState) -> bool:
    """Does a model plan the session, that can make something of words which code can't? It reads them, never as a yes."""
    return state.created is not None and state.created.planner == "llm" and state.understood is not None


def _read(
    text: str, kind: GateKind, context: str, known_models: tuple[str, ...], retry: bool, current: Request
) -> ReplyReading:
    """What the text says at this gate. A question about trouble takes a plain yes too, and 'try again'."""
    again = retry and " ".join(text.casefold().split()).strip(" .!") in TRY_AGAIN
    reply = with_added_labels(read_reply(text, kind, context, known_models, current), text, current)
    if again or (retry and reply.label == "unclear"):
        reply = read_reply("yes" if again else text, "plan", "", known_models, current)
    return ReplyReading(label=reply.label, changes=dict(reply.changes), ends=reply.ends, reason=reply.reason)


def standing(state: SessionState) -> Sequence[tuple[str, Event]]:
    """The user's standing yes (--approve-up-to) to the open gate: a plan within the sum, or the declared winner."""
    limit = state.created.approve_up_to_usd if state.created else None
    gate, plan = state.gate, state.known.plan
    if limit is None or gate is None or plan is None or state.held or state.earlier or _last_no(state):
        return ()  # given for what was asked for at the beginning: a re-opened session asks
    mine = {item.resource(n) for item in plan.items for n in range(1, item.attempts + 1)}
    before = sum(cost for resource, cost in state.committed.items() if resource not in mine)
    within = before + plan.ceiling_usd <= limit and not plan.unknown_prices
    own_plan = gate.shown.gate == "plan" and gate.shown.digest == plan.digest()
    best = [s.number for s in rank(standings(plan, state.known)) if s.eligible][:1]
    winner = gate.shown.gate == "promotion" and plan.digest() in state.approved and best == [gate.shown.candidate]
    if not within or not (own_plan or winner):
        return ()
    text = f"--approve-up-to {limit:g} given when the session was created"
    answer = GateAnswered(
        gate=gate.ref, answer="approve", by="standing", text=text, message=1, candidate=gate.shown.candidate
    )
    return ((f"gate/{gate.seq}", answer),)


def _last_no(state: SessionState) -> bool:
    """Did the user say stop, with no yes of their own since? A yes given beforehand does not outweigh that."""
    said_no = max((said.seq for said in state.messages if said.message.reading.label == "reject"), default=0)
    return said_no > max((a.message for a in state.answers if a.by == "user" and a.answer == "approve"), default=0)


def _priced(state: SessionState, reading: ReplyReading, text: str) -> ReplyReading:
    """Where a plan has unknown prices, a yes counts only with the words that say so, and with nothing beside them."""
    gate, plan = state.gate, state.known.plan
    if gate is None or gate.shown.gate != "plan" or plan is None or not plan.unknown_prices:
        return reading
    plain = " ".join(text.casefold().split())
    if UNKNOWN_PRICE_WORDS in plain:
        rest = read_reply(plain.replace(UNKNOWN_PRICE_WORDS, " "), "plan")
        return ReplyReading(label="approve", reason=rest.reason) if rest.label == "approve" else reading
    if reading.label != "approve":
        return reading
    return ReplyReading(label="unclear", reason=f"the plan has unknown prices; a yes must say '{UNKNOWN_PRICE_WORDS}'")


def _changed(request: Request, reading: ReplyReading) -> Request | None:
    """The request with the changes of a reply; None when they change no slot of it."""
    changes = {k: v for k, v in reading.changes.items() if k != "candidate"}
    if reading.label != "revise" or not changes:
        return None
    try:
        return request.updated(changes)
    except ValidationError:
        return None


def _first_answer(state: SessionState, digest: str) -> str:
    """What was answered first, for the one who comes second."""
    answers = [a for a in state.answers if not digest or a.gate.digest == digest]
    if not answers:
        return "Look at `fireagent session get` for what the session is doing."
    last = answers[-1]
    return f"The {last.gate.gate} gate was answered first with {last.answer}: {last.text[:200]!r}."

"""The state of a session is the fold of its log. Pure: `fold(records)` gives the same state everywhere and always."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from agent.session.events import (
    AgentSaid,
    Cancelling,
    Ended,
    GateAnswered,
    GateRef,
    InferenceReserved,
    JobStalled,
    Observed,
    PlannerReplied,
    Record,
    RequestUnderstood,
    SessionCreated,
    SessionEnded,
    SessionReopened,
    StepStale,
    ToolCalled,
    ToolFailed,
    ToolRefused,
    ToolReturned,
    Unknown,
    UserMessage,
)
from tools.facts import AnyFact, GateShown, JobNotCreated, JobSeen, PlanDrafted, ReportWritten
from tools.known import TERMINAL, Known

Status = Literal["running", "waiting", "succeeded", "failed", "cancelled"]


@dataclass(frozen=True)
class OpenGate:
    """What the user is being asked, and the event that asked it."""

    shown: GateShown
    seq: int

    @property
    def ref(self) -> GateRef:
        return GateRef(gate=self.shown.gate, digest=self.shown.digest, seq=self.seq)


@dataclass(frozen=True)
class Call:
    """The life of one tool call: pending until it returned, failed or was refused. `at` is when it last changed."""

    tool: str
    arguments: Mapping[str, Any]
    status: Literal["pending", "returned", "failed", "refused"]
    at: float
    called_at: float
    tries: int = 1
    item: str = ""
    attempt: int = 0
    resource: str = ""
    spends: bool = False
    based_on: int = 0
    message: str = ""
    next_step: str = ""
    owner: str = ""
    retry: bool = False


@dataclass(frozen=True)
class Said:
    """A message of the user that may still want a reaction."""

    seq: int
    message: UserMessage
    at: float


@dataclass(frozen=True)
class Replied:
    """A model's answer and its place in the log."""

    seq: int
    event: PlannerReplied
    at: float


@dataclass(frozen=True)
class PlannerUse:
    """What the planner's model calls came to. `usd` is the priced part; `unpriced` counts the calls without a price."""

    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0

    def __add__(self, event: PlannerReplied) -> PlannerUse:
        return PlannerUse(
            self.calls + 1,
            self.prompt_tokens + event.prompt_tokens,
            self.cached_tokens + event.cached_tokens,
            self.completion_tokens + event.completion_tokens,
            self.usd + (event.cost_usd or 0.0),
            self.unpriced + (event.cost_usd is None),
        )


@dataclass(frozen=True)
class Earlier:
    """A run of the session that had ended before the user's next wish re-opened it. `deployments` are what it left."""

    ended: Ended
    reason: str
    at: float
    report: ReportWritten | None
    deployments: frozenset[str]


@dataclass(frozen=True)
class SessionState:
    """All that the guard and the planners decide on."""

    id: str = ""
    created: SessionCreated | None = None
    created_at: float = 0.0
    updated_at: float = 0.0
    last_seq: int = 0
    last_user_seq: int = 0
    known: Known = field(default_factory=Known)
    understood: RequestUnderstood | None = None
    revision: int = 0
    """How often the request changed; 1 is the instruction as first read."""
    orders: Mapping[int, str] = field(default_factory=dict)
    """Seq -> the user's words that the request came from: the instruction and each change, no mere question."""
    gate: OpenGate | None = None
    answers: tuple[GateAnswered, ...] = ()
    answered_at: Mapping[int, float] = field(default_factory=dict)
    approved: frozenset[str] = frozenset()
    """Digests of plans with a yes."""
    promoted: int | None = None
    held: int = 0
    """Seq of the user's word that halts further launches, 0 if none."""
    calls: Mapping[str, Call] = field(default_factory=dict)
    committed: Mapping[str, float] = field(default_factory=dict)
    """Resource -> upper bound in USD of what was launched or is about to be."""
    reserved: Mapping[str, int] = field(default_factory=dict)
    """Evaluation (the resource id of its item) -> completions reserved so far, used or not."""
    woken: Mapping[str, int] = field(default_factory=dict)
    """Deployment -> seq of the last reservation that found it scaled to 0: from there on it may be awake again."""
    progress_at: Mapping[str, float] = field(default_factory=dict)
    stalled: frozenset[str] = frozenset()
    messages: tuple[Said, ...] = ()
    answered: frozenset[int] = frozenset()
    """Seqs of user events that got their words."""
    said: frozenset[str] = frozenset()
    """Keys of what was said to the user."""
    stale_steps: int = 0
    replied: Replied | None = None
    """The newest answer of the planner's model that saw the user's last word; the one to act on."""
    replies: int = 0
    """Answers of the planner's model since the user's last word."""
    planner_use: PlannerUse = PlannerUse()
    cancelling: bool = False
    ended: Ended | None = None
    end_reason: str = ""
    ended_seq: int = 0
    """Seq of the event that ended the session last; words of the user after it want an answer, or re-open it."""
    ended_at: float = 0.0
    earlier: tuple[Earlier, ...] = ()

    @property
    def status(self) -> Status:
        if self.ended is not None:
            return self.ended
        waiting = self.gate is not None and not self.pending and not self.unanswered and not self.cancelling
        return "waiting" if waiting else "running"

    @property
    def instruction(self) -> str:
        """The first order of the user's; before there is one, what the session began with."""
        return next(iter(self.orders.values()), self.created.instruction if self.created else "")

    @property
    def pending(self) -> tuple[str, ...]:
        return tuple(key for key, call in self.calls.items() if call.status == "pending")

    @property
    def unanswered(self) -> tuple[Said, ...]:
        """Questions and unclear messages without an answer yet."""
        return tuple(s for s in self.messages if s.seq not in self.answered)

    @property
    def afterwards(self) -> tuple[Said, ...]:
        """What was said to the ended session and wants words; nothing while it goes on."""
        return tuple(s for s in self.unanswered if s.seq > self.ended_seq) if self.ended is not None else ()

    @property
    def settled(self) -> bool:
        """Nothing more comes by itself: it waits for the user, or has ended and has answered."""
        return self.status != "running" and not self.afterwards

    def keyed(self, key: str) -> str:
        """A key of what happens once in a run of the session, which may have several."""
        return f"{key}/{len(self.earlier) + 1}" if self.earlier else key

    @property
    def plan_approved(self) -> bool:
        return self.known.plan is not None and self.known.plan.digest() in self.approved

    @property
    def active(self) -> frozenset[str]:
        """Jobs that take a slot: intents not settled, and everything that is not terminal."""
        running = {name for name, job in self.known.jobs.items() if job.state not in TERMINAL}
        intents = {
            call.resource
            for call in self.calls.values()
            if call.tool == "launch_job" and call.spends and call.resource and call.status != "returned"
        }
        settled = set(self.known.jobs) | self.known.not_created
        return frozenset(running | (intents - settled))


def fold(records: Iterable[Record], state: SessionState | None = None) -> SessionState:
    """The state after `records`, which continue `state`."""
    current = state or SessionState()
    for record in records:
        current = apply(current, record)
    return current


def apply(state: SessionState, record: Record) -> SessionState:
    """The state after one more event."""
    state = replace(state, last_seq=record.seq, updated_at=record.at)
    match record.event:
        case SessionCreated() as event:
            return replace(state, id=record.session, created=event, created_at=record.at, last_user_seq=record.seq)
        case RequestUnderstood() as event:
            return _understood(state, event)
        case PlannerReplied() as event:
            return _replied(state, record, event)
        case UserMessage() as event:
            return _heard(state, record, event)
        case GateAnswered() as event:
            return _answered(state, record, event)
        case ToolCalled() as event:
            return _called(state, record, event)
        case ToolReturned() as event:
            state = _settle(state, event.call, record.at, status="returned", message="")
            return _learn(state, event.facts, record, opens=_in_time(state, event.call))
        case ToolFailed() as event:
            return _settle(
                state, event.call, record.at, status="failed", message=event.message, next_step=event.next_step,
                owner=event.owner, retry=event.retry,
            )  # fmt: skip
        case ToolRefused() as event:
            # An earlier try of the same call may have created something: what it was about stays known.
            before = state.calls.get(event.call) or Call(
                tool=event.tool, arguments={}, status="refused", at=record.at, called_at=record.at
            )
            call = replace(before, status="refused", at=record.at, message=event.reason, retry=False)
            return replace(state, calls={**state.calls, event.call: call})
        case Observed() as event:
            return _learn(state, event.facts, record)
        case InferenceReserved() as event:
            taken = state.reserved.get(event.evaluation, 0) + event.requests
            return _woken(replace(state, reserved={**state.reserved, event.evaluation: taken}), event.item)
        case JobStalled() as event:
            return replace(state, stalled=state.stalled | {event.resource})
        case StepStale():
            return replace(state, stale_steps=state.stale_steps + 1)
        case AgentSaid() as event:
            heard = {s.seq for s in state.messages if s.seq <= event.about}
            return replace(state, answered=state.answered | heard | {event.about}, said=state.said | {record.key})
        case Cancelling():
            return replace(state, cancelling=True, gate=None, last_user_seq=record.seq)
        case SessionEnded() as event:
            return replace(
                state, ended=event.status, end_reason=event.reason, gate=None, ended_seq=record.seq, ended_at=record.at
            )
        case SessionReopened() as event:
            return _reopened(state, event)
        case Unknown():
            return state


def _reopened(state: SessionState, event: SessionReopened) -> SessionState:
    """The session goes on: what it made stays known, and nothing of what was allowed is allowed any more."""
    if state.ended is None:
        return state
    known = state.known
    wish = next((said.message.text for said in state.messages if said.seq == event.message), "")
    left = Earlier(state.ended, state.end_reason, state.ended_at, known.report, frozenset(known.deployments))
    return replace(
        state,
        ended=None,
        end_reason="",
        cancelling=False,
        gate=None,
        approved=frozenset(),
        promoted=None,
        held=0,
        orders={**state.orders, event.message: wish} if wish else state.orders,
        known=replace(known, report=None, scoreboard=None, settled=known.settled | set(state.committed)),
        earlier=(*state.earlier, left),
    )


def _understood(state: SessionState, event: RequestUnderstood) -> SessionState:
    """A new request. What it withdraws is no longer open and no longer approved."""
    digests = {gate.digest for gate in event.withdraws}
    return replace(
        state,
        understood=event,
        revision=state.revision + 1,
        orders=_orders(state, event),
        known=replace(state.known, request=event.request),
        gate=None if state.gate is not None and state.gate.ref in event.withdraws else state.gate,
        approved=state.approved - digests,
        promoted=None if any(gate.gate == "promotion" for gate in event.withdraws) else state.promoted,
        answered=state.answered | {event.source} if event.withdraws else state.answered,
    )


def _orders(state: SessionState, event: RequestUnderstood) -> Mapping[int, str]:
    """The orders with the words of this request, unless these only ask, greet, or are there already."""
    asked = event.request.workflow == "question" or not event.request.slots()
    if asked and not state.orders:
        return state.orders
    first = state.created.instruction if state.created and event.source == 1 else ""
    text = next((said.message.text for said in state.messages if said.seq == event.source), first)
    return {**state.orders, event.source: text} if text else state.orders


def _replied(state: SessionState, record: Record, event: PlannerReplied) -> SessionState:
    state = replace(state, planner_use=state.planner_use + event)
    if event.based_on != state.last_user_seq:
        return replace(state, stale_steps=state.stale_steps + 1)
    fresh = state.replied is None or state.replied.event.based_on != event.based_on
    return replace(state, replied=Replied(record.seq, event, record.at), replies=1 if fresh else state.replies + 1)


def _heard(state: SessionState, record: Record, event: UserMessage) -> SessionState:
    label = event.reading.label
    only_names = set(event.reading.changes) == {"candidate"} and event.gate is not None
    halts = bool(state.approved) and label in ("reject", "revise") and not only_names
    held = record.seq if halts else state.held
    said = Said(seq=record.seq, message=event, at=record.at)
    return replace(state, last_user_seq=record.seq, messages=(*state.messages, said), held=held)


def _answered(state: SessionState, record: Record, event: GateAnswered) -> SessionState:
    state = replace(
        state,
        gate=None,
        answers=(*state.answers, event),
        answered_at={**state.answered_at, event.gate.seq: record.at},
        answered=state.answered | {event.message},
    )
    if event.answer != "approve":
        return state
    if event.gate.gate == "plan":
        return replace(state, approved=state.approved | {event.gate.digest}, held=0)
    if event.gate.gate == "promotion":
        said_here = state.held >= event.gate.seq
        return replace(state, promoted=event.candidate, held=0 if said_here else state.held)
    return state


def _called(state: SessionState, record: Record, event: ToolCalled) -> SessionState:
    call = Call(
        tool=event.tool,
        arguments=event.arguments,
        status="pending",
        at=record.at,
        called_at=record.at,
        tries=event.tries,
        item=event.item,
        attempt=event.attempt,
        resource=event.resource,
        spends=event.effect == "spend",
        based_on=event.based_on,
    )
    committed, known = state.committed, state.known
    if call.spends and event.resource:
        committed = {**committed, event.resource: event.cost_high}
        known = replace(known, settled=known.settled - {event.resource})
    return replace(state, calls={**state.calls, event.call: call}, committed=committed, known=known)


def _settle(state: SessionState, key: str, at: float, **changes: Any) -> SessionState:
    call = state.calls.get(key)
    if call is None:
        return state
    return replace(state, calls={**state.calls, key: replace(call, at=at, **changes)})


def _woken(state: SessionState, evaluation: str) -> SessionState:
    """An evaluation is about to ask its deployment, which wakes by itself if it was scaled to 0."""
    plan = state.known.plan
    item = plan.item(evaluation) if plan else None
    serving = plan.item(item.needs[0]) if plan and item and item.needs else None
    name = serving.resource() if serving else ""
    if name not in state.known.replicas:
        return state
    return replace(state, known=state.known.asks(name), woken={**state.woken, name: state.last_seq})


def _in_time(state: SessionState, key: str) -> bool:
    """Was this call made after the user's last change? A gate shown before it asks about what no longer stands."""
    call = state.calls.get(key)
    changed = state.understood.source if state.understood else 0
    return not state.cancelling and (call is None or call.based_on >= changed)


def _learn(state: SessionState, facts: tuple[AnyFact, ...], record: Record, opens: bool = True) -> SessionState:
    for fact in facts:
        before = state.known
        state = replace(state, known=before.learn(fact))
        match fact:
            case GateShown() if opens:
                state = replace(state, gate=OpenGate(shown=fact, seq=record.seq))
            case JobSeen():
                seen = before.jobs.get(fact.resource)
                if seen is None or (seen.state, seen.percent) != (fact.state, fact.percent):
                    state = replace(
                        state,
                        progress_at={**state.progress_at, fact.resource: record.at},
                        stalled=state.stalled - {fact.resource},
                    )
            case PlanDrafted(plan=plan):
                same = before.plan is not None and before.plan.digest() == plan.digest()
                state = state if same else replace(state, promoted=None)
            case JobNotCreated():
                state = replace(state, committed={k: v for k, v in state.committed.items() if k != fact.resource})
            case _:
                pass
    return state

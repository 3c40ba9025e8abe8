"""Everything that can happen in a session, as frozen, versioned values. The log of these is the session.

Rules that keep old logs readable for ever: a new field has a default; a changed meaning is a new type or a higher `v`
with an upcaster in `UPCASTERS`; a type that this version does not know is kept as `Unknown` and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tools.facts import AnyFact
from tuning.request import Request

GateKind = Literal["plan", "promotion", "question"]
Answer = Literal["approve", "revise", "reject"]
Ended = Literal["succeeded", "failed", "cancelled"]


class Event(BaseModel):
    model_config = ConfigDict(frozen=True)
    v: ClassVar[int] = 1


class GateRef(BaseModel):
    """Which gate was open: `seq` is the event that opened it, so the same question asked twice is two gates."""

    model_config = ConfigDict(frozen=True)
    gate: GateKind
    digest: str
    seq: int


class ReplyReading(BaseModel):
    """How code read a message of the user. Stored, so that a later version's reading never rewrites an approval."""

    model_config = ConfigDict(frozen=True)
    label: Literal["approve", "revise", "reject", "ask", "unclear"]
    changes: dict[str, Any] = Field(default_factory=dict)
    ends: bool = False
    reason: str = ""


class LlmChoice(BaseModel):
    """Which model plans the session. `credential` is an alias; prices are USD per million tokens, None where unknown."""

    model_config = ConfigDict(frozen=True)
    url: str
    model: str
    credential: str = ""
    input_price: float | None = None
    cached_price: float | None = None
    output_price: float | None = None


class ModelCall(BaseModel):
    """A tool call as a model wrote it: nothing in it was checked yet."""

    model_config = ConfigDict(frozen=True)
    name: str
    arguments: str = ""


class SessionCreated(Event):
    """A session begins. `credential` is an alias; the key itself never enters the log."""

    type: Literal["session.created"] = "session.created"
    instruction: str
    account: str
    platform_kind: Literal["local", "fireworks"]
    platform_url: str = ""
    """As the server was told; empty means: the cloud's own address, or the local platform that the server starts."""
    credential: str = ""
    scope: str = "optimize"
    planner: str = "offline"
    llm: LlmChoice | None = None
    approve_up_to_usd: float | None = None
    versions: dict[str, str] = Field(default_factory=dict)


class RequestUnderstood(Event):
    """The typed request as it now stands, from the instruction or from a change. `source` is the user's event.

    `withdraws` are gates that rested on the request before: open ones close, and a yes to one of them no longer counts.
    """

    type: Literal["request.understood"] = "request.understood"
    request: Request
    missing: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    unknown_models: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    source: int
    by: Literal["code", "model"] = "code"
    withdraws: tuple[GateRef, ...] = ()


class UserMessage(Event):
    """The user's word. `gate` is what was open in the same transaction, or None: a yes to nothing approves nothing."""

    type: Literal["user.message"] = "user.message"
    text: str
    gate: GateRef | None = None
    reading: ReplyReading


class GateAnswered(Event):
    """The one answer that a gate gets. `by` is "user", or "standing" for the user's --approve-up-to."""

    type: Literal["gate.answered"] = "gate.answered"
    gate: GateRef
    answer: Answer
    by: Literal["user", "standing"] = "user"
    text: str = ""
    message: int
    """Seq of the user's event that this rests on."""
    candidate: int | None = None


class ToolCalled(Event):
    """A tool is about to run: for a spending tool this is the intent that precedes every remote effect."""

    type: Literal["tool.called"] = "tool.called"
    call: str
    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    effect: str
    based_on: int
    item: str = ""
    attempt: int = 0
    resource: str = ""
    cost_high: float = 0.0
    tries: int = 1


class ToolReturned(Event):
    type: Literal["tool.returned"] = "tool.returned"
    call: str
    tool: str
    facts: tuple[AnyFact, ...] = ()
    text: str = ""


class ToolFailed(Event):
    """A tool met known trouble. `retry`: the same call may succeed later."""

    type: Literal["tool.failed"] = "tool.failed"
    call: str
    tool: str
    message: str
    owner: Literal["yours", "platform", "unknown"]
    next_step: str = ""
    retry: bool = False


class ToolRefused(Event):
    """The guard said no before anything ran."""

    type: Literal["tool.refused"] = "tool.refused"
    call: str
    tool: str
    reason: str


class PlannerReplied(Event):
    """What a model answered, before anything acts on it. `based_on` is the user's last word that it had seen.

    `prompts` names the wording it was asked with (template -> digest); `cost_usd` is None where no price is known.
    """

    type: Literal["planner.replied"] = "planner.replied"
    based_on: int
    seen: int = 0
    """The last event that it had been shown."""
    model: str
    content: str = ""
    calls: tuple[ModelCall, ...] = ()
    trouble: str = ""
    """Why the reply can't be used as it is, empty when it can: cut, empty, in a form that is not understood."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    counted: bool = True
    """False: the endpoint told no usage and the tokens are an estimate."""
    cost_usd: float | None = None
    prompts: dict[str, str] = Field(default_factory=dict)


class StepStale(Event):
    """A planner's step that was computed before the user's last word; logged, not executed."""

    type: Literal["step.stale"] = "step.stale"
    call: str
    based_on: int
    newest: int


class Observed(Event):
    """What a look at the platform showed: changes only, never polls."""

    type: Literal["platform.observed"] = "platform.observed"
    facts: tuple[AnyFact, ...]


class InferenceReserved(Event):
    """A block of an evaluate item's envelope was taken: that many completions may leave, used or not.

    `evaluation` is the item's resource id: an equal evaluation of a revised plan goes on counting.
    """

    type: Literal["inference.reserved"] = "inference.reserved"
    item: str
    evaluation: str
    requests: int


class JobStalled(Event):
    """A job says RUNNING and has shown no new step for too long."""

    type: Literal["job.stalled"] = "job.stalled"
    resource: str
    seconds: float


class AgentSaid(Event):
    """Words to the user. `about` is the user's event that they answer, 0 if none."""

    type: Literal["agent.message"] = "agent.message"
    text: str
    about: int = 0


class Cancelling(Event):
    type: Literal["session.cancelling"] = "session.cancelling"
    by: Literal["user"] = "user"


class SessionEnded(Event):
    type: Literal["session.ended"] = "session.ended"
    status: Ended
    reason: str = ""


class SessionReopened(Event):
    """A session that had ended goes on with a further wish of the user. No yes of before counts any more.

    `message` is the seq of the user's event that asked for it.
    """

    type: Literal["session.reopened"] = "session.reopened"
    message: int


class Unknown(Event):
    """An event of a newer version: kept, shown, without effect here."""

    type: Literal["unknown"] = "unknown"
    original: str
    data: dict[str, Any]


AnyEvent = (
    SessionCreated
    | RequestUnderstood
    | UserMessage
    | GateAnswered
    | ToolCalled
    | ToolReturned
    | ToolFailed
    | ToolRefused
    | PlannerReplied
    | StepStale
    | Observed
    | InferenceReserved
    | JobStalled
    | AgentSaid
    | Cancelling
    | SessionEnded
    | SessionReopened
    | Unknown
)
_KNOWN: dict[str, type[Event]] = {
    model.model_fields["type"].default: model
    for model in (
        SessionCreated, RequestUnderstood, UserMessage, GateAnswered, ToolCalled, ToolReturned, ToolFailed, ToolRefused,
        PlannerReplied, StepStale, Observed, InferenceReserved,
        JobStalled, AgentSaid, Cancelling, SessionEnded, SessionReopened,
    )
}  # fmt: skip

UPCASTERS: Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""(type, v) -> the data of version v + 1. Append only."""

_any: TypeAdapter[AnyEvent] = TypeAdapter(Annotated[AnyEvent, Field(discriminator="type")])


class Record(BaseModel):
    """An event at its place in the log. `at` is in seconds since the epoch, UTC."""

    model_config = ConfigDict(frozen=True)
    session: str
    seq: int
    key: str
    at: float
    event: AnyEvent


def dump(event: Event) -> tuple[str, int, dict[str, Any]]:
    """(type, version, data) as stored."""
    data = event.model_dump(mode="json")
    return data.pop("type"), event.v, data


def load(kind: str, version: int, data: dict[str, Any]) -> AnyEvent:
    """The event of a stored row, brought up to today's version. Raises pydantic.ValidationError for a broken row."""
    model = _KNOWN.get(kind)
    if model is None or version > model.v:
        return Unknown(original=kind, data=data)
    while version < model.v:
        data = UPCASTERS[kind, version](data)
        version += 1
    return _any.validate_python({**data, "type": kind})

"""What a model reads of a session: its log as messages, oldest first, only ever added to.

The same log gives the same messages, and a longer log the same ones with more behind them, so that an endpoint can cache
them. What is long is cut with a pointer to the whole; when all of it grows too long, the oldest turns give way at once to
one line, seldom and many together, for each time costs the cache.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.session.events import (
    AgentSaid,
    AnyEvent,
    Cancelling,
    GateAnswered,
    JobStalled,
    ModelCall,
    Observed,
    PlannerReplied,
    Record,
    RequestUnderstood,
    SessionCreated,
    SessionEnded,
    SessionReopened,
    ToolFailed,
    ToolRefused,
    ToolReturned,
    UserMessage,
)
from prompts.planner import as_data
from prompts.quoting import clean, line
from tools.facts import AnyFact, DeploymentSeen, GateShown, JobSeen, PlanDrafted
from tools.known import TERMINAL

Message = dict[str, Any]
HIGH = 72_000
"""Bytes of turns at which the oldest give way; with prompt and tools well below 32,000 tokens."""
LOW = 36_000
"""Bytes that are left then."""
INSTRUCTION = 16_000
WORDS = 6_000
"""Bytes of a later message of the user that are shown."""
RESULTS = 10_000
"""Characters of tool results that one answer of the model gets back."""
SHORT = 300
"""Characters of a result, a call's arguments or a note for which there always is room."""
NOTES = 8_000
"""Characters of the program's notes that follow one turn."""
CONTENT = 2_000
_NAME = re.compile(r"[^A-Za-z0-9_-]+")
POINTERS = {"download_dataset": "dataset_report.json in the workspace", "estimate_cost": "plan.json in the workspace"}
FORGOTTEN = "[program] Earlier turns are left out here; the state of the session at the end holds what still counts."
AWAKE = "you are awake again."
STALE = "not carried out: the user said something new first."


@dataclass
class _Turn:
    """One answer of the model with what its calls gave, or what the user or the program said between."""

    said: list[str] = field(default_factory=list)
    reply: PlannerReplied | None = None
    seq: int = 0
    results: dict[int, str] = field(default_factory=dict)

    def messages(self) -> list[Message]:
        found: list[Message] = []
        if self.reply is not None:
            found.append(_assistant(self.reply, self.seq))
            room = RESULTS
            for index, call in enumerate(self.reply.calls):
                text = self.results.get(index, AWAKE if call.name == "wait_for_jobs" else STALE)
                text = text if len(text) <= max(room, SHORT) else f"{text[:SHORT]}…\n> … (cut here)"
                room -= len(text)
                found.append({"role": "tool", "tool_call_id": call_id(self.seq, index), "content": text})
        if self.said:
            found.append({"role": "user", "content": "\n".join(self.said)})
        return found


def messages(records: Iterable[Record]) -> list[Message]:
    """The messages of a log, without the system prompt and the state block."""
    turns = _turns(records)
    shown = [turn.messages() for turn in turns]
    start = _start([_size(part) for part in shown])
    head = shown[0] if shown else []
    if start > 1:
        head = [*head, {"role": "user", "content": FORGOTTEN}]
    return merged([message for part in (head, *shown[max(1, start) :]) for message in part])


def merged(parts: Sequence[Message]) -> list[Message]:
    """Messages of the user's role in a row become one: some models take no two of the same role."""
    found: list[Message] = []
    for part in parts:
        if found and part["role"] == "user" == found[-1]["role"]:
            found[-1] = {"role": "user", "content": f"{found[-1]['content']}\n{part['content']}"}
        else:
            found.append(part)
    return found


def call_id(seq: int, index: int) -> str:
    return f"call_{seq}_{index}"


def call_key(seq: int, index: int) -> str:
    """Under which the log knows the outcome of a call: from the answer's place in the log, never from chance."""
    return f"llm/{seq}/{index}"


def wakes(event: AnyEvent, known: Mapping[str, str]) -> bool:
    """Is this news for a model that waits? `known` are resource -> state before. Progress alone is not."""
    if isinstance(event, JobStalled | GateAnswered):
        return True
    return isinstance(event, Observed) and any(_news(fact, known) for fact in event.facts)


def _news(fact: AnyFact, known: Mapping[str, str]) -> bool:
    if isinstance(fact, JobSeen):
        return fact.state in TERMINAL and known.get(fact.resource) != fact.state
    return isinstance(fact, DeploymentSeen) and known.get(fact.resource) != fact.state


def _start(sizes: Sequence[int]) -> int:
    """The first turn that is shown after the instruction. A fold over the turns: it moves seldom and never back."""
    start, total = 1, 0
    for index, size in enumerate(sizes[1:], start=1):
        total += size
        if total > HIGH:
            while total > LOW and start < index:
                total -= sizes[start]
                start += 1
    return start


def _turns(records: Iterable[Record]) -> list[_Turn]:
    turns = [_Turn()]
    newest, states = 0, dict[str, str]()
    for record in records:
        event = record.event
        if isinstance(event, PlannerReplied):
            if event.based_on == newest:
                turns.append(_Turn(reply=event, seq=record.seq))
            continue
        if isinstance(event, SessionCreated | UserMessage | Cancelling):
            newest = record.seq
        _hear(turns, record, states)
    return turns


def _hear(turns: list[_Turn], record: Record, states: dict[str, str]) -> None:
    """Puts an event where it belongs: to the call that it came of, or among what was said."""
    turn, event = turns[-1], record.event
    index = _index(turn, record)
    if index is not None:
        text = _outcome(event)
        if text:
            turn.results[index] = text
        return
    said = list(_said(event, states, turn))
    if isinstance(event, UserMessage):
        turns.append(_Turn(said=said))
    elif sum(map(len, turn.said)) < NOTES:
        turn.said += said
    for fact in getattr(event, "facts", ()):
        if isinstance(fact, JobSeen | DeploymentSeen):
            states[fact.resource] = fact.state


def _index(turn: _Turn, record: Record) -> int | None:
    """Which call of the turn's answer this record is the outcome of."""
    if turn.reply is None:
        return None
    key = getattr(record.event, "call", record.key)
    prefix = f"llm/{turn.seq}/"
    if isinstance(record.event, ToolRefused) and record.event.tool == "finish":
        names = [call.name for call in turn.reply.calls]
        return names.index("finish") if "finish" in names else None
    head = key.removeprefix(prefix).partition("/")[0] if key.startswith(prefix) else ""
    return int(head) if head.isdigit() else None


def _outcome(event: AnyEvent) -> str:
    """What a call gave, for the model. Empty for what is only its beginning."""
    match event:
        case ToolReturned():
            return _returned(event)
        case ToolFailed():
            next_step = f"\nnext step: {line(event.next_step)}" if event.next_step else ""
            return f"failed ({event.owner}):\n{as_data(event.message)}{next_step}"
        case ToolRefused():
            return f"refused: {line(event.reason)}"
        case AgentSaid():
            return "said."
        case RequestUnderstood():
            return _understood(event)
        case _:
            return ""


def _returned(event: ToolReturned) -> str:
    gates = [fact for fact in event.facts if isinstance(fact, GateShown)]
    if gates:
        return "shown to the user, who is asked. Their answer comes by itself."
    plans = [fact.plan for fact in event.facts if isinstance(fact, PlanDrafted)]
    body = as_data(event.text, POINTERS.get(event.tool, "")) if event.text else "done."
    if not plans:
        return f"done:\n{body}"
    items = "; ".join(f"{i.id} ({i.kind}{', needs ' + ' '.join(i.needs) if i.needs else ''})" for i in plans[-1].items)
    return f"done:\n{body}\nitems: {items[:3_000]}"


def _understood(event: RequestUnderstood) -> str:
    parts = [f"written down. The request now: {json.dumps(event.request.slots(), ensure_ascii=False)}"]
    parts += [f"missing: {', '.join(event.missing)}"] if event.missing else []
    parts += [f"unknown model: {line(name)}" for name in event.unknown_models]
    parts += ["A yes or a question that rested on the request before no longer stands."] if event.withdraws else []
    return "\n".join(parts)


def _said(event: AnyEvent, states: Mapping[str, str], turn: _Turn) -> Iterable[str]:
    """What the user or the program said, as lines that say who speaks."""
    match event:
        case SessionCreated():
            yield f"[user] {_cut(event.instruction, INSTRUCTION)}"
        case UserMessage():
            gate = f" at the {event.gate.gate} gate" if event.gate else ""
            changes = (
                f", slots {json.dumps(event.reading.changes, ensure_ascii=False)}" if event.reading.changes else ""
            )
            yield f"[user] {_cut(event.text, WORDS)}"
            yield f"[program] read as: {event.reading.label}{gate}{changes}"
        case GateAnswered():
            by = "by the standing yes" if event.by == "standing" else "by the user"
            yield f"[program] the {event.gate.gate} gate is answered {by}: {event.answer}"
        case RequestUnderstood():
            yield f"[program] {_understood(event)}"
        case ToolReturned(tool="list_resources"):
            yield f"[program] base models that can be tuned here:\n{as_data(event.text)}"
        case ToolFailed():
            yield f"[program] {event.tool} failed: {line(event.message)}"
        case JobStalled():
            yield f"[program] {line(event.resource.rsplit('/', 1)[-1])} runs without a new step for {event.seconds / 60:.0f} minutes"
        case SessionEnded():
            yield f"[program] the session has ended: {event.status}."
        case SessionReopened():
            yield "[program] the session goes on: the request needs a new plan and the user's new approval."
        case Observed():
            yield from (_fact_line(fact) for fact in event.facts if _news(fact, states))
        case _:
            return


def _fact_line(fact: AnyFact) -> str:
    if isinstance(fact, JobSeen | DeploymentSeen):
        message = f"\n{as_data(fact.message)}" if isinstance(fact, JobSeen) and fact.message else ""
        return f"[program] {fact.item}: {clean(fact.state, 60)}{message}"
    return ""


def _assistant(reply: PlannerReplied, seq: int) -> Message:
    message: Message = {"role": "assistant", "content": reply.content[:CONTENT] or None}
    room = RESULTS
    calls = []
    for index, call in enumerate(reply.calls):
        arguments = _arguments(call)
        arguments = arguments if len(arguments) <= max(room, SHORT) else "{}"
        room -= len(arguments)
        function = {"name": _NAME.sub("_", call.name)[:60] or "unnamed", "arguments": arguments}
        calls.append({"id": call_id(seq, index), "type": "function", "function": function})
    if calls:
        message["tool_calls"] = calls
    elif not reply.content:
        message["content"] = "(no words)"
    return message


def _arguments(call: ModelCall) -> str:
    """The call's arguments as JSON that every endpoint can read; what can't be read is left out."""
    try:
        found = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return "{}"
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":")) if isinstance(found, dict) else "{}"
    return text if len(text) <= CONTENT else "{}"


def _cut(text: str, limit: int) -> str:
    """At most `limit` bytes of the text, its middle left out."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= limit:
        return text
    half = limit // 2
    head, tail = raw[:half].decode(errors="ignore"), raw[-half:].decode(errors="ignore")
    return f"{head}\n… ({len(raw) - limit:,} bytes are left out) …\n{tail}"


def _size(parts: Sequence[Message]) -> int:
    return sum(len(json.dumps(part, ensure_ascii=False).encode("utf-8", "replace")) for part in parts)

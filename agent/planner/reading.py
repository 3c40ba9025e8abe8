"""A model's reading of the benchmark's cases: through the same typed request as a session, and never a yes of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from agent.planner.briefing import system_prompt
from agent.planner.endpoint import Answer, Endpoint, Message
from agent.planner.slots import SlotError, changed, slots_schema
from agent.planner.toolbox import schema, schemas
from agent.understanding import read_instruction, read_reply
from agent.understanding.predict import gate_of, predict_instruction, public
from agent.understanding.questions import missing_inputs
from prompts.planner import Named, PlannerReply, PlannerTurn
from tuning.request import Request

AT_ONCE = 4
LABELS = ("no_change", "revise", "reject", "ask", "unclear")
Row = Mapping[str, object]
Read = Callable[[Row, Endpoint], Awaitable[dict[str, object]]]


async def read_cases(rows: Sequence[Row], read: Read, endpoint: Endpoint) -> AsyncIterator[dict[str, object]]:
    """Predictions in the order of the rows, some asked for at the same time. Raises EndpointTrouble."""
    for start in range(0, len(rows), AT_ONCE):
        for found in await asyncio.gather(*(read(row, endpoint) for row in rows[start : start + AT_ONCE])):
            yield found


async def instruction(row: Row, endpoint: Endpoint) -> dict[str, object]:
    """{"id", "pred", "missing"}. Where the model writes no request down, code's reading stands. Raises EndpointTrouble."""
    text = str(row["instruction"])
    turn = PlannerTurn(facts=(Named(name="request", value="not written down yet: call set_request"),)).render()
    answer = await _ask(endpoint, f"[user] {text}\n{turn}", schemas()[:1])
    slots = _call(answer, "set_request")
    try:
        request, _ = changed(Request(), slots.get("slots", slots), read_instruction(text).request)
    except SlotError:
        return predict_instruction(row)
    if not slots:
        return predict_instruction(row)
    return {"id": row["id"], "pred": public(request.slots()), "missing": list(missing_inputs(request))}


async def reply(row: Row, endpoint: Endpoint) -> dict[str, object]:
    """{"id", "label", "changes"}: approve only where code reads a yes and the model sees nothing beside it."""
    text, gate, context = str(row["reply"]), gate_of(row), str(row.get("context") or "")
    code = read_reply(text, gate, context)
    tool = schema("read_reply", "Says what a reply is.", {"label": {"type": "string", "enum": LABELS}, "slots": slots_schema()},
                  strict=False)  # fmt: skip
    prompt = PlannerReply(gate=gate, question=context or "Shall it go on?", reply=text).render()
    seen = _call(await _ask(endpoint, prompt, [tool]), "read_reply")
    label = seen.get("label")
    if label not in LABELS or label == "no_change":
        return {"id": row["id"], "label": code.label, "changes": public(dict(code.changes))}
    changes: dict[str, object] = {}
    if label == "revise":
        try:
            request, _ = changed(Request(), seen.get("slots") or {}, Request())
            changes = public(request.slots()) or public(dict(code.changes))
        except SlotError:
            changes = public(dict(code.changes))
    return {"id": row["id"], "label": label, "changes": changes}


async def _ask(endpoint: Endpoint, text: str, tools: Sequence[Mapping[str, Any]]) -> Answer:
    messages: list[Message] = [{"role": "system", "content": system_prompt()}, {"role": "user", "content": text}]
    return await endpoint.ask(messages, tools)


def _call(answer: Answer, name: str) -> dict[str, Any]:
    """The arguments of the first call of that name that can be read; empty when there is none."""
    for call in answer.calls:
        try:
            found = json.loads(call.arguments or "{}")
        except ValueError:
            continue
        if call.name == name and isinstance(found, dict):
            return found
    return {}

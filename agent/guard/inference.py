"""Completions: which may leave, out of which envelope, and how they are reserved before. Pure.

Nothing is asked of a model that no block of an approved envelope was reserved for. Probes reserve by their call in the log
(`PROBE_BLOCK` a try), evaluations by events of their own, at most `EVALUATION_BLOCK` at a time. A reservation counts as
used when the process that made it dies, so a kill wastes a block at most and never adds one.

Reasons are returned as text, empty for yes. `blocked` is the rule of `verdict.py` about items.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.session.state import SessionState
from tuning.plan import OUTPUT, Envelope, Plan, PlanItem
from tuning.workflows import EVALUATION_BLOCK

PROBE_BLOCK = 5

Blocked = Callable[[SessionState, Plan, PlanItem], str]


@dataclass(frozen=True)
class Permit:
    """An item whose completions an address may ask for, and what one state of the session says about it.

    `key` names its tally: the evaluation itself, so that an equal evaluation of a revised plan goes on counting.
    """

    item: str
    key: str
    evaluates: bool
    envelope: Envelope
    reserved: int
    blocked: str


Permits = Mapping[str, tuple[Permit, ...]]
"""By the address that a completion's `model` has to be."""


def permits(state: SessionState, blocked: Blocked) -> Permits:
    """All completions that this state allows or blocks; equal for as long as the state is the same."""
    plan = state.known.plan
    found: dict[str, tuple[Permit, ...]] = {}
    for item in plan.items if plan and state.ended is None else ():
        address = _address(item, state, plan) if plan else ""
        if plan and item.envelope and address:
            evaluates = item.kind == "evaluate"
            permit = Permit(
                item=item.id,
                key=item.resource_id if evaluates else item.id,
                evaluates=evaluates,
                envelope=item.envelope,
                reserved=state.reserved.get(item.resource_id, 0)
                if evaluates
                else probes_reserved(state, item.needs[0]),
                blocked=blocked(state, plan, item),
            )
            found[address] = (*found.get(address, ()), permit)
    return found


def _address(item: PlanItem, state: SessionState, plan: Plan) -> str:
    """What a completion of this item must call its model: the deployment of the item, and the model that it serves."""
    if item.envelope is None:
        return ""
    name = item.envelope.model
    if isinstance(name, dict):
        name = state.known.outputs().get(name[OUTPUT], "")
    deploy = plan.item(item.needs[0]) if item.kind == "evaluate" and item.needs else None
    deployment = deploy.resource_id if deploy else item.resource_id
    return f"{name}#accounts/{plan.account}/deployments/{deployment}" if name else ""


def completion_refused(body: Any, size: int, found: Permits, used: Mapping[str, int]) -> tuple[str, str]:
    """(reason, key of the tally that an allowed completion adds to). `used` counts what was sent out of the reserved.

    What `used` does not know was reserved by another process: of a probe nothing counts as used, of an evaluation all.
    """
    if not isinstance(body, dict):
        return "a completion needs a JSON body.", ""
    model = body.get("model")
    reason = f"no item of the plan allows completions of model {str(model)[:200]!r}."
    for number, permit in enumerate(found.get(model, ()) if isinstance(model, str) else ()):
        spent = used.get(permit.key, permit.reserved if permit.evaluates else 0)
        refused = _refused(body, size, permit, spent)
        if not refused:
            return "", permit.key
        reason = refused if not number else reason
    return reason, ""


def _refused(body: Mapping[str, Any], size: int, permit: Permit, spent: int) -> str:
    if permit.blocked:
        return f"{permit.item} can't run: {permit.blocked}"
    if spent >= permit.reserved:
        return f"no completion is reserved for {permit.item}."
    envelope = permit.envelope
    tokens = body.get("max_tokens")
    if not isinstance(tokens, int) or isinstance(tokens, bool) or not 0 < tokens <= envelope.max_tokens:
        return f"max_tokens must be set and at most {envelope.max_tokens}."
    if body.get("n") not in (None, 1) or spent >= envelope.requests:
        return f"the envelope allows {envelope.requests} single completions."
    if size > envelope.bytes // envelope.requests:
        return f"a request of this envelope has at most {envelope.bytes // envelope.requests} bytes."
    return ""


def reservation_refused(state: SessionState, item_id: str, requests: int, blocked: Blocked) -> str:
    """May this many completions be reserved for an evaluate item now? Only while a call that runs the item is pending."""
    plan = state.known.plan
    item = plan.item(item_id) if plan else None
    if state.ended is not None:
        return f"the session has ended ({state.ended})."
    if plan is None or item is None or item.kind != "evaluate" or item.envelope is None:
        return f"the plan has no evaluate item {item_id[:80]!r}."
    if not any(call.spends and call.item == item_id and call.status == "pending" for call in state.calls.values()):
        return f"{item_id} has no intent in the log."
    reason = blocked(state, plan, item)
    if reason:
        return f"{item_id} can't run: {reason}"
    if not 0 < requests <= EVALUATION_BLOCK:
        return f"1 to {EVALUATION_BLOCK} completions are reserved at a time."
    left = item.envelope.requests - state.reserved.get(item.resource_id, 0)
    if requests > left:
        return f"of the approved {item.envelope.requests} completions of {item_id} only {left} are left."
    return ""


def probes_reserved(state: SessionState, deploy_item: str) -> int:
    """Completions reserved so far for probing the deployment of this item: a block a try, used or not."""
    calls = (c for c in state.calls.values() if c.item == deploy_item and c.arguments.get("probe"))
    return sum(PROBE_BLOCK * call.tries for call in calls)

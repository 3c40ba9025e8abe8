"""The guard's judgement: pure functions from a request and the session's state to allow or refuse, with the reason.

Two questions are asked of the same state: may this step be taken (`judge_step`, before a tool runs), and may this request
go over the wire (`judge_wire`, when a byte is about to leave). Both rest on `blocked`, so that the wire can't be talked
into anything that the step was not allowed. What is not understood is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.guard.choice import deployment_name, left_up, may_rest, not_chosen, open_choice
from agent.guard.inference import PROBE_BLOCK, Permits, completion_refused, permits, probes_reserved
from agent.guard.manifest import Match, match
from agent.guard.step import Finish, Run, Say, Step, Understand
from agent.session.state import SessionState
from agent.understanding import read_instruction
from tools.base import Effect
from tools.known import GONE, SUCCEEDED, TERMINAL
from tuning.plan import Plan, PlanItem, canonical
from tuning.workflows import MAX_ACTIVE_JOBS

ITEM_TOOLS = {
    "upload_dataset": "upload",
    "launch_job": "train",
    "deploy_model": "deploy",
    "evaluate_model": "evaluate",
}
"""Spending tool -> the kind of plan item it may run. A spending tool that is not here is refused."""


@dataclass(frozen=True)
class Verdict:
    """Yes or no, and why. `reason` is for the planner to act on and for the user to read."""

    allowed: bool
    reason: str = ""
    tally: str = ""
    """Of an allowed completion: what it is counted under."""


ALLOW = Verdict(True)


def refuse(reason: str) -> Verdict:
    return Verdict(False, reason)


@dataclass(frozen=True)
class Wire:
    """A request as it is about to leave. `query` is sorted, `body` the parsed JSON (None: no body or not JSON)."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    size: int = 0


def judge_step(step: Step, effect: Effect | None, state: SessionState) -> Verdict:
    """May the planner's step be taken now? `effect` is that of the tool of a `Run`, None when there is no such tool."""
    if state.ended is not None:
        return _judge_afterwards(step, state)
    if isinstance(step, Finish):
        return _judge_finish(step, state)
    if isinstance(step, Understand):
        return _judge_understanding(step, state)
    if not isinstance(step, Run):
        return ALLOW
    if effect is None:
        return refuse(f"there is no tool named {step.call.tool!r}.")
    if effect is Effect.SPEND:
        return _judge_spend(step, state)
    if effect is Effect.SETTLE:
        return _judge_settle(step, state)
    if effect is Effect.ASK and state.cancelling:
        return refuse("the session is being cancelled; nothing is asked any more.")
    return ALLOW


def _judge_afterwards(step: Step, state: SessionState) -> Verdict:
    """An ended session is spoken with, and re-opened by a request that rests on what was said to it and is no question."""
    if isinstance(step, Understand) and state.ended != "cancelled":
        wishes = {said.seq for said in state.afterwards if said.message.reading.label != "ask"}
        return (
            _judge_understanding(step, state) if step.event.source in wishes else refuse("nothing new was asked for.")
        )
    return ALLOW if isinstance(step, Say) else refuse(f"the session has ended ({state.ended}).")


def judge_wire(
    wire: Wire, state: SessionState, account: str, inferred: Mapping[str, int], permitted: Permits | None = None
) -> Verdict:
    """May this request leave? `account` is the user's own; `inferred` counts completions sent so far per tally.

    `permitted` is `permits(state, blocked)` where the caller has it already.
    """
    found = match(wire.method, wire.path)
    if found is None:
        return refuse(f"{wire.method} {wire.path} is not in the manifest of allowed requests.")
    kind = found.rule.kind
    if kind == "read":
        return ALLOW
    if kind != "infer" and found.account != account:
        return refuse(f"writing into account {found.account!r} is not allowed; this session works in {account!r} only.")
    if state.ended is not None:
        return refuse(f"the session has ended ({state.ended}).")
    if kind == "settle":
        return _settle_wire(wire, found, state)
    if state.known.plan is None:
        return refuse("there is no plan yet, so nothing may be created.")
    if kind == "create":
        return _create_wire(wire, found, state, state.known.plan)
    if kind == "continue":
        return _continue_wire(found, state, state.known.plan)
    found_permits = permits(state, blocked) if permitted is None else permitted
    reason, tally = completion_refused(wire.body, wire.size, found_permits, inferred)
    return refuse(reason) if reason else Verdict(True, tally=tally)


def blocked(state: SessionState, plan: Plan, item: PlanItem, attempt: int = 1) -> str:
    """Why this item may not run now; empty when it may. The slot and the money of an own intent are not counted twice."""
    if state.cancelling:
        return "the session is being cancelled."
    if plan.digest() not in state.approved:
        return "the plan is not approved; nothing is spent before the user's yes to exactly this plan."
    if state.held:
        return "the user's last word halts further launches until the plan is approved again."
    if item.gate == "promotion" and state.promoted is None:
        return "the promotion gate is not passed."
    if reason := not_chosen(state, plan, item):
        return reason
    missing = [need for need in item.needs if not finished(state, plan, need)]
    if missing:
        return f"it needs {', '.join(missing)} first."
    return _attempt_blocked(state, plan, item, attempt) or _limits_blocked(state, plan, item, attempt)


def finished(state: SessionState, plan: Plan, item_id: str) -> bool:
    """Has this item of the plan reached its aim?"""
    item = plan.item(item_id)
    if item is None:
        return False
    known = state.known
    if item.kind == "upload":
        return item.resource() in known.uploads
    if item.kind == "train":
        return item_id in known.outputs()
    if item.kind == "evaluate":
        return item_id in known.scores
    if item.kind == "scale":
        name = deployment_name(plan, item)
        seen = known.deployments.get(name)
        return known.replicas.get(name) == 0 or not meant(state, name) or (seen is not None and seen.state in GONE)
    deployments = [d for d in known.deployments.values() if d.resource.endswith(f"/{item.resource_id}")]
    if item.kind == "deploy":
        return any(d.state == "READY" for d in deployments)
    return any(d.serving for d in deployments)


def _attempt_blocked(state: SessionState, plan: Plan, item: PlanItem, attempt: int) -> str:
    if not 1 <= attempt <= item.attempts:
        return f"attempt {attempt} of {item.id} is not in the plan ({item.attempts} planned)."
    if item.kind == "train" and item.resource(attempt) in state.known.jobs:
        return f"attempt {attempt} of {item.id} was launched already."
    if attempt == 1:
        return ""
    before = state.known.jobs.get(item.resource(attempt - 1))
    if before is None or before.state not in TERMINAL or before.state in SUCCEEDED:
        return f"attempt {attempt - 1} of {item.id} has not failed."
    further = {
        name for other in plan.items for n in range(2, other.attempts + 1)
        if (name := other.resource(n)) in state.known.jobs and name not in {item.resource(attempt), *state.known.settled}
    }  # fmt: skip
    if len(further) >= plan.retries:
        return f"the plan has room for {plan.retries} further attempt(s), and they are used."
    return ""


def _limits_blocked(state: SessionState, plan: Plan, item: PlanItem, attempt: int) -> str:
    own = item.resource(attempt)
    if item.kind == "train":
        others = state.active - {own}
        if own not in state.known.jobs and len(others) >= plan.max_active_jobs:
            return f"{len(others)} jobs are active and the limit is {plan.max_active_jobs}."
    if item.cost is None:
        if item.id not in plan.unknown_prices:
            return "its price is unknown."
        return ""
    mine = {resource for other in plan.items for n in range(1, other.attempts + 1) if (resource := other.resource(n))}
    in_plan = sum(cost for name, cost in state.committed.items() if name in mine - state.known.settled and name != own)
    if in_plan + item.cost.high > plan.ceiling_usd + 1e-6 and not plan.unknown_prices:
        return f"it could pass the approved ceiling of ${plan.ceiling_usd:.2f}."
    budget = state.known.request.budget_usd
    spent = sum(cost for name, cost in state.committed.items() if name != own)
    if budget is not None and spent + item.cost.high > budget + 1e-6:
        return f"it could cost up to ${item.cost.high:.2f} and pass the budget of ${budget:.2f}."
    return ""


def _judge_understanding(step: Understand, state: SessionState) -> Verdict:
    """A planner may read the user's words; what limits it, and which files are read, only those words themselves set."""
    event, before = step.event, state.understood
    spoken = {1, *(said.seq for said in state.messages)}
    if event.source not in spoken or (before is not None and event.source < before.source):
        return refuse("a request rests on the user's newest word about it.")
    created = state.created
    words = [created.instruction if created else "", *(said.message.text for said in state.messages)]
    heard = state.known.request if before is not None else read_instruction(words[0]).request
    for slot, default in (("budget_usd", math.inf), ("max_parallel_jobs", MAX_ACTIVE_JOBS)):
        wanted, allowed = (getattr(request, slot) for request in (event.request, heard))
        if wanted != allowed and (wanted is None or not wanted <= (default if allowed is None else allowed)):
            return refuse(f"{slot} is loosened by the user's own words alone.")
    for name in (event.request.train_dataset, event.request.eval_dataset):
        written = name.rsplit("/", 1)[-1] if name and name.startswith("accounts/") else name
        if written and not any(written in text for text in words):
            return refuse(f"the user named no data set {written[:200]!r}.")
    return ALLOW


def _judge_spend(step: Run, state: SessionState) -> Verdict:
    plan = state.known.plan
    kind = ITEM_TOOLS.get(step.call.tool)
    if plan is None or kind is None:
        return refuse("there is no plan with items for this tool.")
    item = plan.item(str(step.call.arguments.get("item", "")))
    if item is None or item.kind != kind:
        return refuse(f"the plan has no {kind} item {step.call.arguments.get('item')!r}; name an item of the plan.")
    if step.call.arguments.get("probe"):
        return _judge_probe(state, plan, item)
    reason = blocked(state, plan, item, int(step.call.arguments.get("attempt") or 1))
    return refuse(f"{item.id} can't run: {reason}") if reason else ALLOW


def _judge_probe(state: SessionState, plan: Plan, item: PlanItem) -> Verdict:
    probe = next((p for p in plan.items if p.kind == "probe" and item.id in p.needs), None)
    if probe is None or probe.envelope is None:
        return refuse(f"the plan has no inference for {item.id}.")
    reason = blocked(state, plan, probe)
    if reason:
        return refuse(f"{probe.id} can't run: {reason}")
    if probes_reserved(state, item.id) + PROBE_BLOCK > probe.envelope.requests:
        return refuse(f"the approved envelope of {probe.envelope.requests} requests of {probe.id} is used up.")
    return ALLOW


def _judge_settle(step: Run, state: SessionState) -> Verdict:
    resource = str(step.call.arguments.get("resource", ""))
    if not meant(state, resource):
        return refuse(f"{resource!r} was not created by this session.")
    if not state.cancelling and not may_rest(state, resource):
        return refuse("jobs and deployments are stopped only when the user cancels the session.")
    return ALLOW


def meant(state: SessionState, resource: str) -> bool:
    """Did this session set out to create the resource? What became of it may have to be looked up."""
    return bool(resource) and any(call.spends and call.resource == resource for call in state.calls.values())


def owned(state: SessionState, resource: str) -> bool:
    """Did this session create the resource? An intent of its own and the platform's word that it exists."""
    return meant(state, resource) and (resource in state.known.jobs or resource in state.known.deployments)


def _judge_finish(step: Finish, state: SessionState) -> Verdict:
    if step.status == "cancelled":
        alive = sorted(name for name in state.active if name not in state.known.not_created)
        if not state.cancelling:
            return refuse("only the user cancels a session.")
        return refuse(f"these jobs are not settled yet: {', '.join(alive)}") if alive else ALLOW
    if step.status == "failed":
        up = left_up(state)
        return refuse(f"evaluation deployments are still up: {', '.join(up)}") if up else ALLOW
    plan = state.known.plan
    if plan is None or state.known.report is None:
        return refuse("done needs a plan that was carried out and a report.")
    left = open_items(state)
    return refuse(f"these items are not finished: {', '.join(left)}") if left else ALLOW


def open_items(state: SessionState) -> tuple[str, ...]:
    """What the plan requires and what is not finished; of alternatives those that were chosen count.

    A sweep whose winner was not confirmed is open as "promotion", a classification without a winner as "winner".
    """
    plan = state.known.plan
    if plan is None:
        return ("plan",)
    needed = (item for item in plan.items if item.required and not not_chosen(state, plan, item))
    return (*(item.id for item in needed if not finished(state, plan, item.id)), *open_choice(state, plan))


def _create_wire(wire: Wire, found: Match, state: SessionState, plan: Plan) -> Verdict:
    outputs = state.known.outputs()
    for item in plan.items:
        if item.kind != found.rule.item:
            continue
        for attempt in range(1, item.attempts + 1):
            wanted = item.request_for(attempt, outputs)
            if wanted is None or (wanted.method, wanted.path, wanted.query) != (wire.method, wire.path, wire.query):
                continue
            if canonical(wanted.body) != canonical(wire.body):
                continue
            if not _intended(state, item.resource(attempt)):
                return refuse(f"{item.id} has no intent in the log.")
            reason = blocked(state, plan, item, attempt)
            return refuse(f"{item.id} can't run: {reason}") if reason else ALLOW
    return refuse(f"no item of the plan is exactly this {found.rule.item} request.")


def _continue_wire(found: Match, state: SessionState, plan: Plan) -> Verdict:
    item = next((i for i in plan.items if i.kind == "upload" and i.resource_id == found.id), None)
    if item is None or not _intended(state, item.resource()):
        return refuse(f"data set {found.id} is not an upload of this plan; existing data sets are never written to.")
    if item.resource() in state.known.uploads:
        return refuse(f"data set {found.id} is complete and is not written to again.")
    reason = blocked(state, plan, item)
    return refuse(f"{item.id} can't run: {reason}") if reason else ALLOW


def _intended(state: SessionState, resource: str) -> bool:
    return any(call.spends and call.resource == resource and call.status == "pending" for call in state.calls.values())


def _settle_wire(wire: Wire, found: Match, state: SessionState) -> Verdict:
    resource = wire.path.removeprefix("/v1/").rsplit(":", 1)[0]
    if not owned(state, resource):
        return refuse(f"{resource} was not created by this session.")
    if not state.cancelling and not may_rest(state, resource):
        return refuse("jobs and deployments are stopped only when the user cancels the session.")
    if wire.path.endswith(":scale") and (not isinstance(wire.body, dict) or wire.body != {"replicaCount": 0}):
        return refuse("a deployment may only be scaled to 0.")
    return ALLOW

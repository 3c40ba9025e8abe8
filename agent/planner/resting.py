"""Evaluation deployments that have done their work are scaled to 0: whoever plans the session, and however it stands still.

A deployment that still has an answer to give rests in three cases only: the session is cancelled (`offline.py`), it fails,
or it stands still and the hour that the deployment was priced for is over. Elsewhere than in a cloud it costs nothing and
nothing wakes it, so there it waits.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.guard.choice import left_up, may_rest
from agent.guard.step import Finish, Step, Wait
from agent.planner.base import Next
from agent.planner.calls import insist, run
from agent.planner.steps import first
from agent.session.state import SessionState
from tools.known import GONE
from tuning.plan import Plan
from tuning.workflows import CLASSIFICATION, EVALUATION_HOURS

LIFETIME = EVALUATION_HOURS[1] * 3600
"""Seconds that an evaluation deployment is priced for."""


def put_away(state: SessionState, now: float, step: Next) -> Next:
    """What has to be scaled to 0 before a session fails or while it waits; else the step itself. Pure."""
    if state.ended is not None or state.cancelling or state.known.plan is None:
        return step
    if isinstance(step, Finish) and step.status == "failed":
        known = state.known.deployments
        keys = {name: _rest_key(state, name) if name in known else f"settle/{name}" for name in left_up(state)}
        steps = (insist(state, now, key, "scale_deployment", resource=name) for name, key in keys.items())
        return first(steps) or step
    if not isinstance(step, Wait):
        return step
    resting = first(_when_still(state, now, state.known.plan))
    if isinstance(resting, Wait):
        return Wait(min((each for each in (step.until, resting.until) if each is not None), default=None))
    return resting or step


def put_to_rest(state: SessionState, now: float) -> Step | None:
    """What stops evaluation deployments that have done their work; for every planner alike, as it only saves money."""
    plan = state.known.plan
    if plan is None or plan.workflow != CLASSIFICATION.name or not state.plan_approved:
        return None
    return first((leftovers(state, now, plan), *(rest(state, now, name) for name in _done(state, plan))))


def leftovers(state: SessionState, now: float, plan: Plan) -> Step | None:
    """Evaluation deployments of an earlier revision that the plan no longer has are scaled to 0."""
    current = {item.resource() for item in plan.items if item.kind == "deploy"}
    return first(rest(state, now, name) for name in state.known.deployments if name not in current)


def rest(state: SessionState, now: float, resource: str) -> Step | None:
    """An evaluation deployment that has done its work costs nothing from here on."""
    if resource not in state.known.deployments or not is_up(state, resource):
        return None
    return run(state, now, _rest_key(state, resource), "scale_deployment", resource=resource)


def is_up(state: SessionState, resource: str) -> bool:
    """Is this an evaluation deployment that may bill and that nothing is asked of now?"""
    seen = state.known.deployments[resource]
    return may_rest(state, resource) and seen.state not in GONE and state.known.replicas.get(resource) != 0


def _rest_key(state: SessionState, resource: str) -> str:
    """One call per rest: what was asked again after it, and so woke, is put to rest by another call."""
    woken = state.woken.get(resource)
    return f"rest/{resource}/{woken}" if woken else f"rest/{resource}"


def _done(state: SessionState, plan: Plan) -> Iterator[str]:
    """The deployments of evaluations that are scored or can't be any more."""
    settled = {*state.known.scores, *state.known.lost()}
    for item in plan.items:
        serving = plan.item(item.needs[0]) if item.kind == "evaluate" and item.id in settled else None
        if serving is not None:
            yield serving.resource()


def _when_still(state: SessionState, now: float, plan: Plan) -> Iterator[Step | None]:
    """What rests while the session waits: for the user's answer, for a job, or held by the user's word."""
    done = set(_done(state, plan))
    billed = state.created is not None and state.created.platform_kind == "fireworks"
    began = {call.resource: call.at for call in state.calls.values() if call.tool == "deploy_model" and call.spends}
    for name in state.known.deployments:
        if not is_up(state, name):
            continue
        over = began.get(name, now) + LIFETIME
        if name in done or (billed and now >= over):
            yield insist(state, now, _rest_key(state, name), "scale_deployment", resource=name)
        elif billed:
            yield Wait(over)

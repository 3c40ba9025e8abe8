"""Who among the alternatives of a plan goes on: by the user's word at a gate, or by the rule that an item names.

The rules are computed from the scores in the log (`tuning/election.py`), so no planner can promote a loser. Here is also
which deployments serve an evaluation alone: these may be scaled to 0 as soon as nothing is asked of them.
"""

from __future__ import annotations

from agent.session.state import SessionState
from tools.known import GONE
from tuning.election import elect, winner
from tuning.plan import Plan, PlanItem
from tuning.plan_classification import SERVE

RULES = {
    "strongest": "its base model is not among those with the best base accuracy",
    "validation": "it is not the best of its model on the validation rows",
    "test": "it does not have the best accuracy on the held-out rows",
}


def not_chosen(state: SessionState, plan: Plan, item: PlanItem) -> str:
    """Why this alternative may not run; empty when it may, or when it is none."""
    if not item.alternative:
        return ""
    if item.chosen_by == "user":
        return "" if state.promoted == item.candidate else f"candidate {item.candidate} was not promoted."
    numbers, waiting = elect(plan, state.known.scores, state.known.lost(), item.chosen_by)
    if item.candidate in numbers:
        return ""
    if waiting:
        return f"whether candidate {item.candidate} goes on is open until {waiting[0]} is scored."
    return f"candidate {item.candidate} was not chosen: {RULES[item.chosen_by]}."


def ruled_out(state: SessionState, plan: Plan, item: PlanItem) -> bool:
    """Is this an alternative that will not run, since another was chosen?"""
    if not item.alternative:
        return False
    if item.chosen_by == "user":
        return state.promoted not in (None, item.candidate)
    numbers, waiting = elect(plan, state.known.scores, state.known.lost(), item.chosen_by)
    return item.candidate not in numbers and not waiting


def open_choice(state: SessionState, plan: Plan) -> tuple[str, ...]:
    """The choice that the end of the session needs and that was not made: by the user, or for want of scores."""
    if not any(item.kind == "evaluate" for item in plan.items):
        swept = any(item.phase == "sweep" for item in plan.items)
        return ("promotion",) if swept and state.promoted is None else ()
    if not plan.candidates:
        return () if any(item.id in state.known.scores for item in plan.items) else ("benchmark",)
    return () if winner(plan, state.known.scores, state.known.lost()) is not None else ("winner",)


def deployment_name(plan: Plan, item: PlanItem) -> str:
    """Full name of the deployment that a scale item is about."""
    return f"accounts/{plan.account}/deployments/{item.resource_id}"


def may_rest(state: SessionState, resource: str) -> bool:
    """Is this a deployment of the session's that only serves an evaluation, with none going on?"""
    asking = any(c.tool == "evaluate_model" and c.status == "pending" for c in state.calls.values())
    return _serves(state, resource) and not asking


def left_up(state: SessionState) -> tuple[str, ...]:
    """Evaluation deployments that may bill: not gone, not at 0; also such whose creation had no answer."""
    unanswered = {
        c.resource for c in state.calls.values() if c.tool == "deploy_model" and c.spends and c.status == "failed"
    }
    known = {name for name, seen in state.known.deployments.items() if seen.state not in GONE}
    names = known | (unanswered - set(state.known.deployments))
    return tuple(sorted(n for n in names if _serves(state, n) and state.known.replicas.get(n) != 0))


def _serves(state: SessionState, resource: str) -> bool:
    """Is this a deployment of the session's that only serves an evaluation?"""
    return f"/deployments/fa-{state.id}-{SERVE}-" in resource

"""What happens next in a session, in words: the open question, and the phases of its plan that are still to come. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from agent.guard.choice import ruled_out
from agent.guard.verdict import finished
from agent.session.state import SessionState
from tuning.plan import Plan
from tuning.workflows import CLASSIFICATION, SFT, WORKFLOWS

COMING: Mapping[str, Mapping[str, str]] = {
    SFT.name: {
        "sweep": "the candidates are trained and ranked by validation loss, and you are asked which one goes on",
        "full run": "the candidate that you confirm trains on the full data",
        "deployment": "it is deployed and asked for a first answer",
    },
    CLASSIFICATION.name: {
        "benchmark": "each base model is measured on the held-out rows, and you see its figures",
        "sweep": "the candidates are trained and ranked by accuracy on the validation rows",
        "full run": "the best configuration of each model trains on the training and validation rows",
        "evaluation": "the tuned models are measured on the same held-out rows",
        "deployment": "the one with the best accuracy is deployed and asked for a first answer",
    },
}


def outlook(state: SessionState) -> str:
    """What is waited for, and what comes then; after the end, what can be said to the session."""
    if state.ended == "cancelled":
        return (
            "Nothing: this session was cancelled and takes no further work. /new in the chat, or `fireagent session create`, "
            "begins another."
        )
    if state.ended is not None:
        return f"Nothing: this session has ended ({state.ended}). Say what to do next, or ask about what was done."
    plan = state.known.plan
    flow = WORKFLOWS.get(state.known.request.workflow or "")
    if plan is None or flow is None:
        return (
            "The data is inspected and a plan with its cost is made; nothing is created or spent before your yes to it."
        )
    coming = _coming(state, plan)
    words = "; then ".join([*coming, "the report is written"])
    if state.gate is not None:
        return f"I wait for your answer to the {state.gate.shown.gate} question. After your yes: {words}."
    if not state.plan_approved or state.held:
        return f"A new plan is made and you are asked about it. After your yes: {words}."
    return f"Next: {words}."


def _coming(state: SessionState, plan: Plan) -> list[str]:
    """The phases in which something is still to be done."""
    lost = state.known.lost()
    left = {
        item.phase
        for item in plan.items
        if item.kind in ("train", "evaluate", "deploy")
        and item.id not in lost
        and not finished(state, plan, item.id)
        and not ruled_out(state, plan, item)
    }
    return [words for phase, words in COMING.get(plan.workflow, {}).items() if phase in left]

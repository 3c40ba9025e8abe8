"""A session's state as the API's documents: the whole one of `get`, the short one of `list`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.session.state import SessionState
from tools.ending import cost_lines, total
from tools.known import TERMINAL
from tuning.plan import Plan
from tuning.plan_classification import SERVE
from tuning.workflows import CLASSIFICATION


def document(state: SessionState, workspaces: Path) -> dict[str, Any]:
    """All of a session that programs ask for."""
    known, plan = state.known, state.known.plan
    return {
        **summary(state),
        "workspace": str(workspaces / state.id),
        "gate": _gate(state),
        "request": known.request.slots(),
        "missing": list(state.understood.missing) if state.understood else [],
        "plan": {"digest": plan.digest(), **plan.model_dump(mode="json")} if plan else {},
        "jobs": [_job(state, name) for name in known.jobs],
        "cost": _cost(state),
        "planner": _planner(state),
        "deployment": _deployment(state),
        "earlier": [
            {"ended": run.ended, "ended_time": rfc3339(run.at), "deployments": sorted(run.deployments)}
            for run in state.earlier
        ],
        "reason": state.end_reason,
        "last_seq": state.last_seq,
    }


def summary(state: SessionState) -> dict[str, Any]:
    """One line of a list."""
    created = state.created
    return {
        "session_id": state.id,
        "status": state.status,
        "phase": phase(state),
        "workflow": state.known.request.workflow,
        "account": created.account if created else "",
        "platform": created.platform_kind if created else "",
        "scope": created.scope if created else "",
        "instruction": state.instruction,
        "create_time": rfc3339(state.created_at),
        "update_time": rfc3339(state.updated_at),
    }


def phase(state: SessionState) -> str:
    """How far the session has come: the last phase of the playbook in which something happened."""
    known = state.known
    if state.ended is not None:
        return "ended"
    if state.cancelling:
        return "cancelling"
    if known.report is not None:
        return "report"
    items = known.plan.items if known.plan else ()
    begun = {i.phase for i in items if known.job(i.id) or known.deployment(i.id) or i.id in known.scores}
    for last in ("deployment", "evaluation"):
        if last in begun:
            return last
    if state.promoted is not None or "full run" in begun:
        measured = any(item.phase == "full run" and item.id in known.measured for item in items)
        return "evaluation" if measured else "full run"
    if state.plan_approved:
        planned = {item.phase for item in items}
        first = next((name for name in ("benchmark", "sweep") if name in planned), "full run")
        return "sweep" if "sweep" in begun else first
    return "plan" if known.plan is not None else "inspection"


def _farthest(state: SessionState, plan: Plan) -> str:
    """The last phase of a classification in which anything was made or scored."""
    known = state.known
    begun = {
        item.phase
        for item in plan.items
        if item.id in known.scores or known.job(item.id) is not None or item.resource() in known.deployments
    }
    return next((phase for phase in reversed(CLASSIFICATION.phases) if phase in begun), "benchmark")


def rfc3339(at: float) -> str:
    """Seconds since the epoch as RFC 3339 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _gate(state: SessionState) -> dict[str, Any] | None:
    if state.gate is None:
        return None
    shown = state.gate.shown
    return {"kind": shown.gate, "digest": shown.digest, "question": shown.question, "asks_for": list(shown.asks_for)}


def _job(state: SessionState, name: str) -> dict[str, Any]:
    job, plan = state.known.jobs[name], state.known.plan
    item = plan.item(job.item) if plan else None
    measured = state.known.measured.get(job.item)
    return {
        "name": name,
        "state": job.state,
        "candidate": item.candidate if item else None,
        "item": job.item,
        "percent": job.percent,
        "message": job.message,
        "output_model": job.output_model,
        "stalled": name in state.stalled and job.state not in TERMINAL,
        "eval_loss": measured.eval_loss if measured else None,
    }


def _planner(state: SessionState) -> dict[str, Any]:
    """Who plans, and what its model calls came to; `cost_usd` is None where a call has no known price."""
    created, use = state.created, state.planner_use
    return {
        "name": created.planner if created else "",
        "model": created.llm.model if created and created.llm else None,
        "calls": use.calls,
        "prompt_tokens": use.prompt_tokens,
        "cached_tokens": use.cached_tokens,
        "completion_tokens": use.completion_tokens,
        "cost_usd": None if use.unpriced else use.usd,
    }


def _cost(state: SessionState) -> dict[str, float | None]:
    """`estimated_usd` is the ceiling that an approval carries; `actual_usd` is None where the platform reports none."""
    created, plan = state.created, state.known.plan
    if created is None or plan is None:
        return {"estimated_usd": None, "estimated_low_usd": None, "actual_usd": 0.0}
    free = created.platform_kind == "local"
    found = total(plan, cost_lines(plan, state.known, free=free))
    actual = found.actual if found else None
    return {"estimated_usd": plan.cost.high, "estimated_low_usd": plan.cost.low, "actual_usd": actual}


def _deployment(state: SessionState) -> dict[str, Any] | None:
    """The newest deployment of the session; those that only serve an evaluation do not count."""
    kept = (d for d in state.known.deployments.values() if f"/fa-{state.id}-{SERVE}-" not in d.resource)
    seen = next(reversed(list(kept)), None)
    if seen is None:
        return None
    return {
        "name": seen.resource,
        "model": seen.model,
        "state": seen.state,
        "serving": seen.serving,
        "endpoint": seen.endpoint,
        "address": f"{seen.model}#{seen.resource}",
        "replicas": state.known.replicas.get(seen.resource),
    }

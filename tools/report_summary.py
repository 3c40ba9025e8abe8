"""final_report.json: the report's facts for programs. What was not measured is the text "not measured"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from tools.base import ToolContext
from tools.ending import CostLine, Ending
from tools.known import SUCCEEDED
from tools.outcome import Outcome
from tools.present_scoreboard import Standing
from tuning.plan import Interval
from tuning.workflows import SEED

NOT_MEASURED = "not measured"


def summary(context: ToolContext, found: Outcome) -> dict[str, Any]:
    """A JSON object of a supervised fine-tuning; equal knowledge and history give an equal one."""
    head, tail = frame_of(context, found)
    return {
        **head,
        "winner": {**_candidate(found.winner), "model": found.model or None} if found.winner else None,
        "candidates": [_candidate(s) for s in found.candidates],
        "final": _candidate(found.final) if found.final else None,
        "base": _side(found, tuned=False),
        "tuned": _side(found, tuned=True),
        "gain": _gain(found),
        **tail,
    }


def frame_of(context: ToolContext, found: Ending) -> tuple[dict[str, Any], dict[str, Any]]:
    """What every workflow's JSON says: before its results, and after them."""
    known, history, plan = context.known, context.history, context.known.plan
    head = {
        "session": context.session,
        "ended": ended(history),
        "workflow": plan.workflow if plan else known.request.workflow,
        "instruction": str(history.get("instruction", "")),
    }
    tail = {
        "target": found.target or None,
        "training_job_id": job_id(found) or None,
        "deployment": deployment(found),
        "cost": {
            **_cost(found.total),
            "reported_usd": found.total.reported if found.total else None,
            "lines": [{"label": line.label, **_cost(line)} for line in found.cost_lines],
        },
        "approvals": [reply for reply in replies(history) if reply["answer"] == "approve"],
        "other_replies": [reply for reply in replies(history) if reply["answer"] != "approve"],
        "provenance": provenance(context),
        "still_running": list(found.running),
        "still_bills": list(found.bills),
        "notes": notes(history, found),
        "plan_digest": plan.digest() if plan else None,
        "plan": plan.model_dump(mode="json") if plan else None,
    }
    return head, tail


def ended(history: Mapping[str, Any]) -> Literal["succeeded", "cancelled", "failed"]:
    """succeeded, cancelled or failed; a session that does not say that it succeeded did not."""
    match history.get("ended"):
        case "succeeded":
            return "succeeded"
        case "cancelled":
            return "cancelled"
        case _:
            return "failed"


def replies(history: Mapping[str, Any]) -> list[dict[str, str]]:
    """The user's answers to gates, in order: gate, digest, answer, text, by, at (UTC)."""
    return [
        {
            **{name: str(entry.get(name, "")) for name in ("gate", "digest", "text", "by")},
            "answer": str(entry.get("answer", "approve")),
            "at": moment(entry.get("at")),
        }
        for entry in history.get("approvals") or ()
    ]


def notes(history: Mapping[str, Any], found: Ending) -> list[str]:
    """What else the reader should know: the session's own notes, and what became of the user's target."""
    said = [str(entry) for entry in history.get("notes") or ()]
    return [*said, found.target] if found.target else said


def moment(value: object) -> str:
    """Seconds since the epoch as UTC in ISO 8601; other text as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value or "unknown")


def provenance(context: ToolContext) -> dict[str, str]:
    """Where the result came from: data with hashes and rows, seed, prices, planner, versions."""
    known, history = context.known, context.history
    rows = {"Session created": moment(history.get("created_at"))}
    rows |= {f"SHA-256 of {fact.name} ({fact.role}, {fact.rows} rows)": fact.sha256 for fact in known.staged.values()}
    if known.material is not None:
        rows |= {f"SHA-256 of the {p.role} split ({p.rows} rows)": p.sha256 for p in known.material.parts}
    rows["Seed of splits and subsample"] = str(SEED)
    if known.plan is not None:
        rows["Price table"] = known.plan.price_table
    rows["Planner"] = str(history.get("planner", "unknown"))
    rows["Platform"] = f"{context.platform_kind}, {context.platform_url}"
    versions: Mapping[str, Any] = history.get("versions") or {}
    return rows | {f"Version of {name}": str(value) for name, value in sorted(versions.items())}


def deployment(found: Ending) -> dict[str, Any] | None:
    """Model, deployment and endpoint; `address` is what a request names as its model."""
    seen = found.deployment
    if seen is None:
        return None
    return {
        "model": seen.model,
        "deployment": seen.resource,
        "endpoint": f"{seen.endpoint.rstrip('/')}/chat/completions" if seen.endpoint else "",
        "address": f"{seen.model}#{seen.resource}",
        "serving": seen.serving,
    }


def job_id(found: Ending) -> str:
    """Short id of the training job that made the session's model."""
    return found.job.rsplit("/", 1)[-1]


def _candidate(s: Standing) -> dict[str, Any]:
    return {**s.model_dump(mode="json"), "succeeded": s.state in SUCCEEDED}


def _side(found: Outcome, *, tuned: bool) -> dict[str, Any] | str:
    """The base's or the tuned model's loss with the job it came from."""
    s, m = found.result, found.measured
    value = (s.eval_loss if tuned else s.base_loss) if s else None
    if s is None or m is None or value is None:
        return NOT_MEASURED
    return {
        "loss": value,
        "split": m.split,
        "rows": m.rows,
        "job": s.job,
        "model": found.model if tuned else s.base_model,
    }


def _gain(found: Outcome) -> dict[str, Any]:
    s = found.result
    values = {"value": s.gain, "low": s.gain_low, "high": s.gain_high} if s else {}
    return {"verdict": found.verdict, **values, "caveat": found.caveat}


def _cost(line: CostLine | None) -> dict[str, Any]:
    return {
        "estimated_usd": _span(line.estimated) if line else None,
        "actual_usd": line.actual if line else None,
        "delta_usd": line.delta if line else None,
    }


def _span(value: Interval | None) -> dict[str, float] | None:
    return None if value is None else {"low": value.low, "high": value.high}

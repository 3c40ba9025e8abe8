"""Writes the final report, for people and for programs, the loss curves, the snippet and the session's last message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from prompts.plan import Line
from prompts.report import (
    Approved,
    Comparison,
    CostResult,
    Ended,
    Figure,
    LastMessage,
    Report,
    Served,
    Snippet,
    TrainedRow,
    Turn,
)
from prompts.units import Span
from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolResult
from tools.facts import ReportWritten
from tools.figures import Curve, draw, read_curve
from tools.files import write_whole
from tools.known import SUCCEEDED
from tools.outcome import CostLine, Outcome, outcome
from tools.present_plan import plan_text
from tools.present_scoreboard import Standing, interval, note, state_in_words
from tuning.formats import prompt_of
from tuning.workflows import SEED, WORKFLOWS

REPORT = "final_report.md"
REPORT_JSON = "final_report.json"
SNIPPET = "outputs/snippet.py"
SWEEP_FIGURE = "figures/sweep_loss.png"
FULL_RUN_FIGURE = "figures/full_run_loss.png"
SNIPPET_TOKENS = {"local": 128, "fireworks": 1024}
"""Thinking models need room to come to their answer."""
PROMPT_BYTES = 4_000
GREETING = (Turn(role="user", content="Hello! Please answer with one short sentence."),)


class ReportArguments(Arguments):
    """Takes nothing: a report says what is known."""


async def write_report(arguments: ReportArguments, context: ToolContext) -> ToolResult:
    """Writes final_report.md, final_report.json, figures/ and outputs/snippet.py. Raises OSError."""
    fact = await asyncio.to_thread(_write, context)
    return ToolResult(facts=(fact,), text=fact.message)


def _write(context: ToolContext) -> ReportWritten:
    approvals = tuple(context.history.get("approvals") or ())
    found = outcome(context.known, approvals, platform=context.platform_kind, free=context.prices.free)
    served = _served(found)
    snippet = _snippet(context, served).render() if served else ""
    figures = _figures(context, found)
    message = _message(context, found, served, snippet)
    document = summary(context, found)
    markdown = _report(context, found, served, snippet, figures)
    if snippet:
        write_whole(context.workspace / SNIPPET, [snippet.encode()])
    write_whole(context.workspace / REPORT, [markdown.encode()])
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(context.workspace / REPORT_JSON, [text.encode(), b"\n"])
    return ReportWritten(markdown=REPORT, json_path=REPORT_JSON, message=message, summary=document)


def summary(context: ToolContext, found: Outcome) -> dict[str, Any]:
    """final_report.json: the report's facts for programs. What was not measured is the text "not measured"."""
    known, history = context.known, context.history
    plan, served = known.plan, _served(found)
    return {
        "session": context.session,
        "ended": _ended(history),
        "workflow": plan.workflow if plan else known.request.workflow,
        "instruction": str(history.get("instruction", "")),
        "winner": {**_candidate(found.winner), "model": found.model or None} if found.winner else None,
        "candidates": [_candidate(s) for s in found.candidates],
        "final": _candidate(found.final) if found.final else None,
        "base": _side(found, tuned=False),
        "tuned": _side(found, tuned=True),
        "gain": _gain(found),
        "training_job_id": _job_id(found) or None,
        "deployment": served.model_dump(mode="json") if served else None,
        "cost": {
            "estimated_usd": _span_json(found.total.estimated) if found.total else None,
            "actual_usd": found.total.actual if found.total else None,
            "delta_usd": found.total.delta if found.total else None,
            "lines": [
                {
                    "label": line.label,
                    "estimated_usd": _span_json(line.estimated),
                    "actual_usd": line.actual,
                    "delta_usd": line.delta,
                }
                for line in found.cost_lines
            ],
        },
        "approvals": [dict(approval) for approval in history.get("approvals") or ()],
        "provenance": {row.name: row.value for row in _provenance(context)},
        "still_running": list(found.running),
        "still_bills": list(found.bills),
        "plan_digest": plan.digest() if plan else None,
        "plan": plan.model_dump(mode="json") if plan else None,
    }


def _report(
    context: ToolContext, found: Outcome, served: Served | None, snippet: str, figures: tuple[Figure, ...]
) -> str:
    known, history, plan = context.known, context.history, context.known.plan
    workflow = plan.workflow if plan else (known.request.workflow or "")
    return Report(
        session=context.session,
        ended=_ended(history),
        workflow=WORKFLOWS[workflow].title if workflow in WORKFLOWS else workflow,
        instruction=str(history.get("instruction", "")),
        training_job=_job_id(found),
        model=found.model,
        served=served,
        snippet=snippet,
        winner=_row(found.winner) if found.winner else None,
        candidates=tuple(_row(s) for s in found.candidates if s.item.startswith("sweep-")),
        final=_row(found.final) if found.final else None,
        comparison=_comparison(found),
        figures=figures,
        cost_rows=tuple(_cost(line) for line in found.cost_lines),
        total=_cost(found.total) if found.total else None,
        approvals=tuple(
            Approved(**{name: str(entry.get(name, "")) for name in Approved.model_fields})
            for entry in history.get("approvals") or ()
        ),
        provenance=tuple(_provenance(context)),
        running=found.running,
        bills=found.bills,
        notes=_notes(history),
        plan_text=plan_text(plan, known, platform=context.platform_kind, free=context.prices.free) if plan else "",
        plan_approved=plan is not None
        and any(a.get("gate") == "plan" and a.get("digest") == plan.digest() for a in history.get("approvals") or ()),
    ).render()


def _message(context: ToolContext, found: Outcome, served: Served | None, snippet: str) -> str:
    return LastMessage(
        ended=_ended(context.history),
        training_job=_job_id(found),
        model=found.model,
        served=served,
        snippet=snippet,
        result=_row(found.result) if found.result else None,
        result_split=found.measured.split if found.measured else "",
        comparison=_comparison(found),
        total=_cost(found.total) if found.total else None,
        running=found.running,
        bills=found.bills,
        notes=_notes(context.history),
        report=str(context.workspace / REPORT),
    ).render()


def _served(found: Outcome) -> Served | None:
    seen = found.deployment
    if seen is None:
        return None
    return Served(
        model=seen.model,
        deployment=seen.resource,
        endpoint=f"{seen.endpoint.rstrip('/')}/chat/completions" if seen.endpoint else "",
        address=f"{seen.model}#{seen.resource}",
        serving=seen.serving,
    )


def _snippet(context: ToolContext, served: Served) -> Snippet:
    return Snippet(
        address=served.address,
        base_url=None if context.platform_kind == "fireworks" else context.platform_url,
        messages=_first_prompt(context),
        max_tokens=SNIPPET_TOKENS[context.platform_kind],
    )


def _first_prompt(context: ToolContext) -> tuple[Turn, ...]:
    """The first held-out row without its answer, for that is what the model was tuned for; a greeting otherwise."""
    material = context.known.material
    for part in (material.part(role) for role in ("test", "validation")) if material else ():
        path = context.workspace / part.path if part else None
        if path is None or not path.is_file():
            continue
        with path.open("rb") as file:
            line = file.readline(PROMPT_BYTES)
        turns = prompt_of(json.loads(line)) if line.endswith(b"\n") else []
        if turns and all(isinstance(turn.get("content"), str) for turn in turns):
            return tuple(Turn(role=str(turn["role"]), content=turn["content"]) for turn in turns)
    return GREETING


def _figures(context: ToolContext, found: Outcome) -> tuple[Figure, ...]:
    """One picture of the sweep and one of the full run, as far as their metrics files lie in the workspace."""
    groups = (
        (SWEEP_FIGURE, "Loss of the sweep's candidates", [s for s in found.candidates if s != found.final]),
        (FULL_RUN_FIGURE, "Loss of the full run", (found.final,) if found.final else ()),
    )
    drawn: list[Figure] = []
    for path, title, group in groups:
        curves = [curve for s in sorted(group, key=lambda s: s.number) if (curve := _curve(context, s))]
        if curves:
            draw(curves, title, context.workspace / path)
            drawn.append(Figure(title=title, path=path))
    return tuple(drawn)


def _curve(context: ToolContext, s: Standing) -> Curve | None:
    measured = context.known.measured.get(s.item)
    if measured is None or not measured.metrics_path:
        return None
    label = f"candidate {s.number} (rank {s.rank}, rate {s.learning_rate:g})"
    return read_curve(context.workspace / measured.metrics_path, label)


def _provenance(context: ToolContext) -> list[Line]:
    known, history = context.known, context.history
    rows = [Line(name="Session created", value=str(history.get("created_at", "")))]
    rows += [Line(name=f"{f.role} data {f.name}, SHA-256", value=f.sha256) for f in known.staged.values()]
    if known.material is not None:
        rows += [Line(name="Data set", value=f"{known.material.source}, {known.material.total_rows} rows")]
        rows += [
            Line(name=f"{part.role} split, {part.rows} rows, SHA-256", value=part.sha256)
            for part in known.material.parts
        ]
    rows.append(Line(name="Seed of splits and subsample", value=str(SEED)))
    if known.plan is not None:
        rows.append(Line(name="Price table", value=known.plan.price_table))
    rows.append(Line(name="Planner", value=str(history.get("planner", ""))))
    rows.append(Line(name="Platform", value=f"{context.platform_kind}, {context.platform_url}"))
    versions: Mapping[str, Any] = history.get("versions") or {}
    return rows + [Line(name=f"Version of {name}", value=str(value)) for name, value in sorted(versions.items())]


def _row(s: Standing) -> TrainedRow:
    return TrainedRow(
        number=s.number,
        model=s.base_model.rsplit("/", 1)[-1],
        rank=s.rank,
        learning_rate=s.learning_rate,
        epochs=s.epochs,
        job=s.job.rsplit("/", 1)[-1],
        state=state_in_words(s.state),
        train_loss=s.train_loss,
        eval_loss=s.eval_loss,
        base_loss=s.base_loss,
        gain=s.gain,
        interval=interval(s),
        note=note(s) if s.job else "",
    )


def _candidate(s: Standing | None) -> dict[str, Any]:
    return {} if s is None else {**s.model_dump(mode="json"), "succeeded": s.state in SUCCEEDED}


def _comparison(found: Outcome) -> Comparison:
    m, s = found.measured, found.result
    return Comparison(
        verdict=found.verdict,
        split=m.split if m else "",
        rows=m.rows if m else None,
        base_loss=s.base_loss if s else None,
        tuned_loss=s.eval_loss if s else None,
        gain=s.gain if s else None,
        interval=interval(s) if s else None,
        job=_job_id(found),
        caveat=found.caveat,
    )


def _side(found: Outcome, *, tuned: bool) -> dict[str, Any] | str:
    """The base's or the tuned model's loss with the job it came from, or "not measured"."""
    s, m = found.result, found.measured
    value = (s.eval_loss if tuned else s.base_loss) if s else None
    if s is None or m is None or value is None:
        return "not measured"
    model = found.model if tuned else s.base_model
    return {"loss": value, "split": m.split, "rows": m.rows, "job": s.job, "model": model}


def _gain(found: Outcome) -> dict[str, Any]:
    s = found.result
    values = {"value": s.gain, "low": s.gain_low, "high": s.gain_high} if s else {}
    return {"verdict": found.verdict, **values, **({"caveat": found.caveat} if found.caveat else {})}


def _cost(line: CostLine) -> CostResult:
    estimated = Span(low=line.estimated.low, high=line.estimated.high) if line.estimated else None
    return CostResult(label=line.label, estimated=estimated, actual=line.actual, delta=line.delta)


def _span_json(value: Any) -> dict[str, float] | None:
    return None if value is None else {"low": value.low, "high": value.high}


def _job_id(found: Outcome) -> str:
    return found.result.job.rsplit("/", 1)[-1] if found.result else ""


def _ended(history: Mapping[str, Any]) -> Ended:
    """How the session ended; a session that does not say so did not succeed."""
    ended: Ended = history.get("ended") or "failed"
    return ended


def _notes(history: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(entry) for entry in history.get("notes") or ())


TOOL = FunctionTool(
    name="write_report",
    effect=Effect.WRITE,
    description="Writes the final report, the loss curves and the session's last message from what is known.",
    arguments=ReportArguments,
    function=write_report,
)

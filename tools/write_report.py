"""Writes the final report, for people and for programs, the loss curves, the snippet and the session's last message."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Literal

from prompts.plan import Line
from prompts.report import (
    Comparison,
    CostResult,
    Figure,
    LastMessage,
    Reply,
    Report,
    Served,
    Snippet,
    TrainedRow,
    Turn,
)
from prompts.units import Span
from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolResult
from tools.ending import CostLine
from tools.facts import ReportWritten
from tools.figures import Drawn, draw, read_curve
from tools.files import disk_errors, write_whole
from tools.held_out_prompt import held_out_prompt
from tools.outcome import Outcome, outcome
from tools.present_plan import plan_text
from tools.present_scoreboard import Standing, interval, note, state_in_words
from tools.report_summary import deployment, ended, job_id, notes, provenance, replies, summary
from tuning.workflows import WORKFLOWS

REPORT = "final_report.md"
REPORT_JSON = "final_report.json"
SNIPPET = "outputs/snippet.py"
SWEEP_FIGURE = "figures/sweep_loss.png"
FULL_RUN_FIGURE = "figures/full_run_loss.png"
SNIPPET_TOKENS = {"local": 128, "fireworks": 1024}
"""Thinking models need room to come to their answer."""


class ReportArguments(Arguments):
    """`ended`: how the session ends; left out, what its history says."""

    ended: Literal["succeeded", "cancelled", "failed"] | None = None


async def write_report(arguments: ReportArguments, context: ToolContext) -> ToolResult:
    """Writes final_report.md, final_report.json, figures/ and outputs/snippet.py. Raises ToolError: no disk."""
    if arguments.ended is not None:
        context = replace(context, history={**context.history, "ended": arguments.ended})
    with disk_errors("the report"):
        fact = await asyncio.to_thread(_write, context)
    return ToolResult(facts=(fact,), text=fact.message)


def _write(context: ToolContext) -> ReportWritten:
    run = len(context.history.get("earlier") or ())
    if run:
        _keep(context, run)
    found = outcome(context.known, replies(context.history), platform=context.platform_kind, free=context.prices.free)
    served = _served(found)
    snippet = _snippet(context, served).render() if served else ""
    if snippet:
        write_whole(context.workspace / SNIPPET, [snippet.encode()])
    markdown = _report(context, found, served, snippet, _figures(context, found))
    write_whole(context.workspace / REPORT, [markdown.encode()])
    document = summary(context, found)
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(context.workspace / REPORT_JSON, [text.encode(errors="replace"), b"\n"])
    message = _message(context, found, served, snippet)
    return ReportWritten(markdown=REPORT, json_path=REPORT_JSON, message=message, summary=document)


def _keep(context: ToolContext, run: int) -> None:
    """The report of the run before stays beside the new one, as final_report-1.md for the first. Kept once."""
    for name in (REPORT, REPORT_JSON):
        path = context.workspace / name
        kept = path.with_stem(f"{path.stem}-{run}")
        if path.is_file() and not kept.exists():
            write_whole(kept, [path.read_bytes()])


def _figure(context: ToolContext, name: str) -> str:
    """A figure's path; a later run of the session draws beside those of the runs before."""
    run = len(context.history.get("earlier") or ())
    return name.replace(".png", f"-{run + 1}.png") if run else name


def _report(
    context: ToolContext, found: Outcome, served: Served | None, snippet: str, figures: tuple[Figure, ...]
) -> str:
    known, history, plan = context.known, context.history, context.known.plan
    workflow = plan.workflow if plan else (known.request.workflow or "no workflow")
    answers = replies(history)
    return Report(
        session=context.session,
        ended=ended(history),
        workflow=WORKFLOWS[workflow].title if workflow in WORKFLOWS else workflow,
        instruction=str(history.get("instruction", "")),
        training_job=job_id(found),
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
        approvals=tuple(Reply(**answer) for answer in answers if answer["answer"] == "approve"),
        other_replies=tuple(Reply(**answer) for answer in answers if answer["answer"] != "approve"),
        provenance=tuple(Line(name=name, value=value) for name, value in provenance(context).items()),
        running=found.running,
        bills=found.bills,
        notes=tuple(notes(history, found)),
        plan_text=plan_text(plan, known, platform=context.platform_kind, free=context.prices.free) if plan else "",
        plan_approved=plan is not None
        and any((a["gate"], a["answer"], a["digest"]) == ("plan", "approve", plan.digest()) for a in answers),
    ).render()


def _message(context: ToolContext, found: Outcome, served: Served | None, snippet: str) -> str:
    return LastMessage(
        ended=ended(context.history),
        training_job=job_id(found),
        model=found.model,
        served=served,
        snippet=snippet,
        result=_row(found.result) if found.result else None,
        result_split=found.measured.split if found.measured else "evaluation",
        comparison=_comparison(found),
        total=_cost(found.total) if found.total else None,
        running=found.running,
        bills=found.bills,
        notes=tuple(notes(context.history, found)),
        report=str(context.workspace / REPORT),
    ).render()


def _served(found: Outcome) -> Served | None:
    seen = deployment(found)
    return Served(**seen) if seen else None


def _snippet(context: ToolContext, served: Served) -> Snippet:
    return Snippet(
        address=served.address,
        base_url=context.base_url,
        messages=tuple(Turn(**turn) for turn in held_out_prompt(context.known, context.workspace)),
        max_tokens=SNIPPET_TOKENS[context.platform_kind],
    )


def _figures(context: ToolContext, found: Outcome) -> tuple[Figure, ...]:
    """One picture of the sweep and one of the full run, as far as their metrics files lie in the workspace."""
    groups = (
        (
            _figure(context, SWEEP_FIGURE),
            "Loss of the sweep's candidates",
            [s for s in found.candidates if s != found.final],
        ),
        (_figure(context, FULL_RUN_FIGURE), "Loss of the full run", [found.final] if found.final else []),
    )
    drawn: list[Figure] = []
    for path, title, group in groups:
        jobs = [_drawn(context, s) for s in sorted(group, key=lambda s: s.number) if s.item in context.known.measured]
        if draw(jobs, title, context.workspace / path):
            drawn.append(Figure(title=title, path=path))
    return tuple(drawn)


def _drawn(context: ToolContext, s: Standing) -> Drawn:
    path = context.workspace / context.known.measured[s.item].metrics_path
    return Drawn(f"candidate {s.number} (rank {s.rank}, rate {s.learning_rate:g})", read_curve(path))


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


def _comparison(found: Outcome) -> Comparison:
    s, m = found.result, found.measured
    return Comparison(
        verdict=found.verdict,
        split=m.split if m else "",
        rows=m.rows if m else None,
        base_loss=s.base_loss if s else None,
        tuned_loss=s.eval_loss if s else None,
        gain=s.gain if s else None,
        interval=interval(s) if s else None,
        job=job_id(found),
        caveat=found.caveat,
    )


def _cost(line: CostLine) -> CostResult:
    estimated = Span(low=line.estimated.low, high=line.estimated.high) if line.estimated else None
    return CostResult(
        label=line.label, estimated=estimated, actual=line.actual, reported=line.reported, delta=line.delta
    )


TOOL = FunctionTool(
    name="write_report",
    effect=Effect.WRITE,
    description="Writes the final report, the loss curves and the session's last message from what is known.",
    arguments=ReportArguments,
    function=write_report,
)

"""What the report and the last message of every workflow are filled with, whatever was trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from prompts.plan import Line
from prompts.report import CostResult, Figure, Reply, Served, Turn
from prompts.units import Span
from tools.base import ToolContext
from tools.ending import CostLine, Ending
from tools.figures import Drawn, draw, read_curve
from tools.held_out_prompt import held_out_prompt
from tools.present_plan import plan_text
from tools.report_summary import deployment, ended, job_id, notes, provenance, replies
from tuning.workflows import WORKFLOWS

SWEEP_FIGURE = "figures/sweep_loss.png"
FULL_RUN_FIGURE = "figures/full_run_loss.png"
REPORT = "final_report.md"
REPORT_JSON = "final_report.json"
REPORT_PAGE = "final_report.html"
SNIPPET_TOKENS = {"local": 128, "fireworks": 1024}
"""Thinking models need room to come to their answer."""


class Made(NamedTuple):
    """A report that is ready to be written. `page` is empty where the workflow has none, `snippet` without a deployment.

    `summary` is the JSON file, `remembered` what of it the session's log keeps.
    """

    markdown: str
    page: str
    summary: dict[str, Any]
    remembered: dict[str, Any]
    message: str
    snippet: str


def frame_values(context: ToolContext, found: Ending, snippet: str, figures: tuple[Figure, ...]) -> dict[str, Any]:
    """The fields of `prompts.report.Frame`."""
    known, history, plan = context.known, context.history, context.known.plan
    workflow = plan.workflow if plan else (known.request.workflow or "no workflow")
    answers = replies(history)
    return {
        "session": context.session,
        "ended": ended(history),
        "workflow": WORKFLOWS[workflow].title if workflow in WORKFLOWS else workflow,
        "instruction": str(history.get("instruction", "")),
        "training_job": job_id(found),
        "model": found.model,
        "served": served_of(found),
        "snippet": snippet,
        "figures": figures,
        "cost_rows": tuple(cost_row(line) for line in found.cost_lines),
        "total": cost_row(found.total) if found.total else None,
        "approvals": tuple(Reply(**answer) for answer in answers if answer["answer"] == "approve"),
        "other_replies": tuple(Reply(**answer) for answer in answers if answer["answer"] != "approve"),
        "provenance": tuple(Line(name=name, value=value) for name, value in provenance(context).items()),
        "running": found.running,
        "bills": found.bills,
        "notes": tuple(notes(history, found)),
        "plan_text": plan_text(plan, known, platform=context.platform_kind, free=context.prices.free) if plan else "",
        "plan_approved": plan is not None
        and any((a["gate"], a["answer"], a["digest"]) == ("plan", "approve", plan.digest()) for a in answers),
    }


def message_values(context: ToolContext, found: Ending, snippet: str) -> dict[str, Any]:
    """The fields of `prompts.report.MessageFrame`."""
    return {
        "ended": ended(context.history),
        "training_job": job_id(found),
        "model": found.model,
        "served": served_of(found),
        "snippet": snippet,
        "total": cost_row(found.total) if found.total else None,
        "running": found.running,
        "bills": found.bills,
        "notes": tuple(notes(context.history, found)),
        "report": str(context.workspace / REPORT),
    }


def snippet_values(context: ToolContext, served: Served) -> dict[str, Any]:
    """Where a snippet's request goes, and how long its answer may be."""
    return {
        "address": served.address,
        "base_url": context.base_url,
        "max_tokens": SNIPPET_TOKENS[context.platform_kind],
    }


def held_out_turns(context: ToolContext) -> tuple[Turn, ...]:
    """The messages of a request that the model was tuned for. Raises OSError."""
    return tuple(Turn(**turn) for turn in held_out_prompt(context.known, context.workspace))


def served_of(found: Ending) -> Served | None:
    """The session's deployment as templates take it."""
    seen = deployment(found)
    return Served(**seen) if seen else None


def cost_row(line: CostLine) -> CostResult:
    """One cost line as templates take it."""
    estimated = Span(low=line.estimated.low, high=line.estimated.high) if line.estimated else None
    return CostResult(
        label=line.label, estimated=estimated, actual=line.actual, reported=line.reported, delta=line.delta
    )


def loss_figures(context: ToolContext, sweep: Sequence[str], full_run: Sequence[str]) -> Iterator[Figure]:
    """A picture of the losses of these training items each, as far as their metrics files are there. Raises OSError."""
    groups = (
        (SWEEP_FIGURE, "Loss of the sweep's candidates", sweep),
        (FULL_RUN_FIGURE, "Loss of the full run", full_run),
    )
    for name, title, items in groups:
        path = figure_path(context, name)
        if draw(
            [_drawn(context, item) for item in items if item in context.known.measured], title, context.workspace / path
        ):
            yield Figure(title=title, path=path)


def _drawn(context: ToolContext, item: str) -> Drawn:
    plan, measured = context.known.plan, context.known.measured[item]
    candidate = next(c for c in plan.candidates if c.number == measured.candidate) if plan else None
    config = f" (rank {candidate.config.rank}, rate {candidate.config.learning_rate:g})" if candidate else ""
    return Drawn(f"candidate {measured.candidate}{config}", read_curve(context.workspace / measured.metrics_path))


def figure_path(context: ToolContext, name: str) -> str:
    """A figure's path; a later run of the session draws beside those of the runs before."""
    run = len(context.history.get("earlier") or ())
    return name.replace(".png", f"-{run + 1}.png") if run else name

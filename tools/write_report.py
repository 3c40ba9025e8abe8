"""Writes the final report, for people and for programs, its figures, the snippet and the session's last message."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Literal

from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolResult
from tools.facts import ReportWritten
from tools.files import disk_errors, write_whole
from tools.report_classification import classification_report
from tools.report_frame import REPORT, REPORT_JSON, REPORT_PAGE, Made
from tools.report_sft import sft_report
from tuning.workflows import CLASSIFICATION

SNIPPET = "outputs/snippet.py"


class ReportArguments(Arguments):
    """`ended`: how the session ends; left out, what its history says."""

    ended: Literal["succeeded", "cancelled", "failed"] | None = None


async def write_report(arguments: ReportArguments, context: ToolContext) -> ToolResult:
    """Writes final_report.md, .json and (of a classification) .html, figures/ and outputs/snippet.py.

    Raises ToolError: no disk.
    """
    if arguments.ended is not None:
        context = replace(context, history={**context.history, "ended": arguments.ended})
    with disk_errors("the report"):
        fact = await asyncio.to_thread(_write, context)
    return ToolResult(facts=(fact,), text=fact.message)


def _write(context: ToolContext) -> ReportWritten:
    run = len(context.history.get("earlier") or ())
    if run:
        _keep(context, run)
    made = _made(context)
    texts = {SNIPPET: made.snippet, REPORT_PAGE: made.page, REPORT: made.markdown}
    for name, text in texts.items():
        if text:
            write_whole(context.workspace / name, [text.encode(errors="replace")])
    text = json.dumps(made.summary, indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(context.workspace / REPORT_JSON, [text.encode(errors="replace"), b"\n"])
    return ReportWritten(markdown=REPORT, json_path=REPORT_JSON, message=made.message, summary=made.remembered)


def _made(context: ToolContext) -> Made:
    plan = context.known.plan
    workflow = plan.workflow if plan else context.known.request.workflow
    return classification_report(context) if workflow == CLASSIFICATION.name else sft_report(context)


def _keep(context: ToolContext, run: int) -> None:
    """The report of the run before stays beside the new one, as final_report-1.md for the first. Kept once."""
    for name in (REPORT, REPORT_JSON, REPORT_PAGE):
        path = context.workspace / name
        kept = path.with_stem(f"{path.stem}-{run}")
        if path.is_file() and not kept.exists():
            write_whole(kept, [path.read_bytes()])


TOOL = FunctionTool(
    name="write_report",
    effect=Effect.WRITE,
    description="Writes the final report, its figures and the session's last message from what is known.",
    arguments=ReportArguments,
    function=write_report,
)

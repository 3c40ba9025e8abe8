"""Measures a finished training job by the losses that its metrics file records: validation loss, and the base's."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.facts import CandidateMeasured
from tools.known import SUCCEEDED
from tools.resources import CLOCK_SKEW_SECONDS, Document, fetch, plan_item, read, seconds, short_id
from tuning.metrics import LossCurve, read_metrics
from tuning.plan import PlanItem
from tuning.statistics import paired_loss_difference

METRICS_GRACE_SECONDS = 180.0
"""How long after a job's end its metrics file may still be on its way."""


class EvaluateArguments(Arguments):
    """A train item of the plan whose job has finished."""

    item: str


async def run_evaluator(arguments: EvaluateArguments, context: ToolContext) -> ToolResult:
    """Losses of the item's finished job; what the platform does not record is None.

    Raises ToolError, among others to be tried again while the metrics of a job that has just ended are not there yet.
    """
    item = plan_item(context, arguments.item, "train")
    job = context.known.job(item.id)
    if job is None or job.state not in SUCCEEDED:
        raise ToolError(
            f"{item.id} has no finished training to measure",
            owner="unknown",
            next_step="Wait until its job has completed.",
        )
    curve, path = await _metrics(context, item, job.resource)
    fact = await asyncio.to_thread(_measure, context, item, curve, path)
    return ToolResult(facts=(fact,), text=_text(item, fact))


async def _metrics(context: ToolContext, item: PlanItem, resource: str) -> tuple[LossCurve, str]:
    """The job's metrics file, fetched and read; an empty curve and path where the platform has none."""
    for last in (False, True):
        job = await read(context, resource)
        url = job.get("metricsFileSignedUrl")
        if not isinstance(url, str) or not url:
            if _just_ended(context, job):
                raise ToolError(
                    f"{item.id} has just ended and its metrics are not there yet",
                    owner="platform",
                    next_step="They are asked for again.",
                    retry=True,
                )
            return LossCurve(), ""
        target = context.workspace / "outputs" / "metrics" / f"{short_id(resource)}.jsonl"
        try:
            await fetch(context, url, target, f"the metrics of {item.id}")
            break
        except ToolError as error:
            # Signed addresses expire; a fresh look at the job gives a fresh one.
            if last or not error.retry:
                raise
    return await asyncio.to_thread(_read, target), target.relative_to(context.workspace).as_posix()


def _just_ended(context: ToolContext, job: Document) -> bool:
    """Whether the job ended so lately that its metrics may still come. False where the platform does not say when."""
    ended = seconds(job.get("completedTime") or job.get("updateTime"))
    return ended is not None and -CLOCK_SKEW_SECONDS < context.now - ended < METRICS_GRACE_SECONDS


def _read(path: Path) -> LossCurve:
    with path.open("rb") as lines:
        return read_metrics(lines)


def _measure(context: ToolContext, item: PlanItem, curve: LossCurve, path: str) -> CandidateMeasured:
    final, base, train = curve.final_eval, curve.base_eval, curve.final_train
    gain = low = high = None
    if final is not None and base is not None:
        gain = base.loss - final.loss
    if curve.eval_rows_start and _paired(curve):
        tuned_minus_base = paired_loss_difference(curve.eval_rows_start, curve.eval_rows_end)
        gain, low, high = -tuned_minus_base.estimate, -tuned_minus_base.high, -tuned_minus_base.low
    return CandidateMeasured(
        item=item.id,
        candidate=item.candidate or 0,
        split=_split(context, item),
        train_loss=train.loss if train else None,
        eval_loss=final.loss if final else None,
        base_loss=base.loss if base else None,
        gain=gain,
        gain_low=low,
        gain_high=high,
        rows=len(curve.eval_rows_end) or None,
        metrics_path=path,
    )


def _paired(curve: LossCurve) -> bool:
    """Whether both evaluations scored the same rows with the same numbers of tokens, and any at all."""
    start, end = curve.eval_rows_start, curve.eval_rows_end
    return [n for _, n in start] == [n for _, n in end] and sum(n for _, n in end) > 0


def _split(context: ToolContext, item: PlanItem) -> str:
    """Which rows the job was judged on: sweep jobs on validation, the full run on test where there is one."""
    material = context.known.material
    judged_on_test = material is None or bool(material.part("test") or material.test_dataset)
    return "test" if item.phase == "full run" and judged_on_test else "validation"


def _text(item: PlanItem, fact: CandidateMeasured) -> str:
    tuned = _said(fact.eval_loss)
    text = f"{item.id}: {fact.split} loss {tuned}, base {_said(fact.base_loss)}, training loss {_said(fact.train_loss)}"
    if fact.gain is not None and fact.gain_low is not None and fact.gain_high is not None:
        text += f"; gain {fact.gain:.4f} (95%: {fact.gain_low:.4f} to {fact.gain_high:.4f})"
    return text


def _said(loss: float | None) -> str:
    return "not measured" if loss is None else f"{loss:.4f}"


TOOL = FunctionTool(
    name="run_evaluator",
    effect=Effect.READ,
    description="Measures a finished training job by validation loss, against the base model where the job recorded it.",
    arguments=EvaluateArguments,
    function=run_evaluator,
    concurrent=True,
)

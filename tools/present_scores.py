"""Shows in the chat what the models of a classification are worth: the bases before anything is tuned, the tuned beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Literal

from prompts.scores import EvaluatedRow, GainRow, LabelRow, Scores
from prompts.units import Span
from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.facts import ScoresShown
from tools.files import disk_errors
from tools.judged import STAGES, Judged, details_path, difference, judged, write_details
from tools.known import Known

SHOWN_LABELS = 20
SHOWN_MODELS = 5
"""Columns of the table by label."""


class ScoresArguments(Arguments):
    """`stage`: "base" for the benchmark of the untuned models, "tuned" for the tuned ones beside their bases."""

    stage: Literal["base", "tuned"]


async def present_scores(arguments: ScoresArguments, context: ToolContext) -> ToolResult:
    """Writes outputs/evaluations/*.json and tells the figures. Raises ToolError: no disk, nothing evaluated."""
    with disk_errors("the figures of the evaluations"):
        found = await asyncio.to_thread(_judge, context)
    stages = ("base",) if arguments.stage == "base" else ("base", "tuned")
    shown = [each for each in found if each.stage in stages]
    if not any(each.stage == arguments.stage for each in shown):
        raise ToolError(
            f"no {arguments.stage} model was evaluated yet", owner="unknown", next_step="Evaluate the models first."
        )
    text = scores_text(arguments.stage, shown, unranked(context.known, arguments.stage))
    return ToolResult(facts=(ScoresShown(stage=arguments.stage, text=text),), text=text)


def scores_text(stage: Literal["base", "tuned"], shown: Sequence[Judged], missing: Sequence[str]) -> str:
    """The tables as Markdown. Pure."""
    columns = _columns(stage, shown)
    labels = [result for result in columns[0].fact.per_label if result.rows]
    weakest = sorted(labels, key=lambda result: (result.recall, -result.rows, result.label))[:SHOWN_LABELS]
    return Scores(
        stage=stage,
        rows=columns[0].fact.rows,
        multi_label=columns[0].fact.micro_f1 is not None,
        models=tuple(model_row(each) for each in shown),
        gains=tuple(gains(shown)) if stage == "tuned" else (),
        heads=tuple(each.title for each in columns),
        per_label=tuple(
            LabelRow(label=r.label, rows=r.rows, accuracies=tuple(_recall(each, r.label) for each in columns))
            for r in weakest
        ),
        labels=len(labels),
        unranked=tuple(missing),
    ).render()


def unranked(known: Known, stage: Literal["base", "tuned"]) -> list[str]:
    """Models that should have been evaluated at that stage and were not; of tuned ones those that were trained."""
    plan = known.plan
    found: list[str] = []
    for item in plan.items if plan else ():
        if item.kind != "evaluate" or STAGES.get(item.phase) != stage or item.id in known.scores:
            continue
        if stage == "base" or known.job(f"final-{item.candidate}") is not None:
            found.append(item.title)
    return found


def ranked(shown: Iterable[Judged], stage: Literal["base", "tuned"]) -> list[Judged]:
    """The models of one stage, best first; of equals the earlier number."""
    return sorted((each for each in shown if each.stage == stage), key=lambda each: -each.fact.accuracy)


def gains(shown: Sequence[Judged]) -> Iterable[GainRow]:
    """Every tuned model against its own base, then the best tuned model against the second best."""
    bases = {each.base_model: each for each in shown if each.stage == "base"}
    table = ranked(shown, "tuned")
    for each in table:
        if each.base_model in bases:
            yield gain_row(bases[each.base_model], each)
    if len(table) > 1:
        yield gain_row(table[1], table[0])


def gain_row(first: Judged, second: Judged) -> GainRow:
    """The second against the first, as templates take it."""
    found = difference(first, second)
    return GainRow(
        first=first.title,
        second=second.title,
        outcome=found.verdict if found else "not measured",
        gain=found.gain if found else None,
        interval=Span(low=found.low, high=found.high) if found else None,
        p_value=found.p_value if found else None,
        only_first=found.only_first if found else None,
        only_second=found.only_second if found else None,
    )


def model_row(each: Judged) -> EvaluatedRow:
    """One model's overall figures, as templates take them."""
    fact = each.fact
    return EvaluatedRow(
        title=each.title,
        rows=fact.rows,
        accuracy=fact.accuracy,
        interval=Span(low=fact.low, high=fact.high),
        strict=fact.strict_correct / fact.rows if fact.rows else 0.0,
        macro_f1=fact.macro_f1,
        micro_f1=fact.micro_f1,
        unparsable=fact.unparsable,
        failed=fact.failed,
        details=details_path(each),
    )


def _judge(context: ToolContext) -> tuple[Judged, ...]:
    found = judged(context.known, context.workspace)
    for each in found:
        write_details(context.workspace, each)
    return found


def _columns(stage: Literal["base", "tuned"], shown: Sequence[Judged]) -> list[Judged]:
    """The models of the table by label: the best of the stage first, a tuned winner's base right after it."""
    best = ranked(shown, stage)
    if stage == "base":
        return best[:SHOWN_MODELS]
    base = [each for each in shown if each.stage == "base" and each.base_model == best[0].base_model]
    return [best[0], *base, *best[1:]][:SHOWN_MODELS]


def _recall(each: Judged, label: str) -> float:
    return next((result.recall for result in each.fact.per_label if result.label == label), 0.0)


TOOL = FunctionTool(
    name="present_scores",
    effect=Effect.WRITE,
    description="Shows the user what the evaluated models of a classification are worth, overall and per label: the base "
    'models ("base", before the sweep), or the tuned ones beside their bases ("tuned").',
    arguments=ScoresArguments,
    function=present_scores,
)

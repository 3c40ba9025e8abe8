"""Shows in the chat what the models of a classification are worth: the bases before anything is tuned, the tuned beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Literal

from prompts.scores import EvaluatedRow, GainRow, LabelRow, LabelTable, Scores
from prompts.units import Span
from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.facts import ScoresShown
from tools.files import disk_errors
from tools.judged import STAGES, Judged, best_first, details_path, difference, judged, write_details
from tools.known import Known

SHOWN_LABELS = 20
SHOWN_MODELS = 8
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
    columns = columns_of(stage, shown)
    leaders = best_first(shown, stage)[:2]
    return Scores(
        stage=stage,
        rows=columns[0].fact.rows,
        split=columns[0].fact.split,
        multi_label=columns[0].fact.micro_f1 is not None,
        models=tuple(model_row(each) for each in shown),
        gains=tuple(gain_row(base, each) for base, each in gains(shown)) if stage == "tuned" else (),
        leaders=gain_row(leaders[1], leaders[0]) if len(leaders) > 1 else None,
        table=label_table(columns[:SHOWN_MODELS], SHOWN_LABELS),
        labels=sum(1 for result in columns[0].fact.per_label if result.rows),
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


def gains(shown: Sequence[Judged]) -> Iterable[tuple[Judged, Judged]]:
    """(base, tuned) of every tuned model whose base was measured too, best first."""
    bases = {each.base_model: each for each in shown if each.stage == "base"}
    return ((bases[e.base_model], e) for e in best_first(shown, "tuned") if e.base_model in bases)


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
        tuned=each.stage != "base",
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


def columns_of(stage: Literal["base", "tuned"], shown: Sequence[Judged]) -> list[Judged]:
    """The models of a table by label: the best of the stage first, a tuned winner's base right after it."""
    best = best_first(shown, stage)
    if stage == "base" or not best:
        return best
    base = [each for each in shown if each.stage == "base" and each.base_model == best[0].base_model]
    others = [each for each in best_first(shown, "base") if each not in base]
    return [best[0], *base, *best[1:], *others]


def label_table(columns: Sequence[Judged], most: int | None = None) -> LabelTable | None:
    """Accuracy per label of these models; with `most`, the labels that the first model is weakest on."""
    if not columns:
        return None
    labels = [result for result in columns[0].fact.per_label if result.rows]
    if most is not None:
        labels = sorted(labels, key=lambda result: (result.recall, -result.rows, result.label))[:most]
    recalls = [{result.label: result.recall for result in each.fact.per_label} for each in columns]
    return LabelTable(
        split=columns[0].fact.split,
        heads=tuple(each.title for each in columns),
        rows=tuple(
            LabelRow(label=r.label, rows=r.rows, accuracies=tuple(found.get(r.label, 0.0) for found in recalls))
            for r in labels
        ),
    )


TOOL = FunctionTool(
    name="present_scores",
    effect=Effect.WRITE,
    description="Shows the user what the evaluated models of a classification are worth, overall and per label: the base "
    'models ("base", before the sweep), or the tuned ones beside their bases ("tuned").',
    arguments=ScoresArguments,
    function=present_scores,
)

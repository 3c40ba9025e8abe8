"""Asks a served model for the labels of an evaluate item's rows, and says what its answers are worth.

The answers lie in outputs/evaluations/<the item's resource id>.jsonl. What is there already is not asked again, so a call
that was cut short goes on where it stood.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any

from tools.answers_file import AnswersFile, Reply, read_replies
from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.completions import REQUEST_SECONDS, Completions, Door, Messages, Progress
from tools.deploy_model import endpoint
from tools.facts import LabelScore, ModelScored
from tools.files import disk_errors
from tools.resources import plan_item
from tuning.formats import labels_of, prompt_of
from tuning.judgement import Answer, Scores, score
from tuning.material import LabelSet
from tuning.plan import OUTPUT, PlanItem

FOLDER = "outputs/evaluations"


class EvaluateModelArguments(Arguments):
    """An evaluate item of the plan."""

    item: str


@dataclass(frozen=True)
class Sheet:
    """The rows of an evaluation: what is asked, what is true, and where the answers lie (in the workspace)."""

    questions: tuple[Messages, ...]
    truths: list[tuple[str, ...]]
    path: str


async def evaluate_model(arguments: EvaluateModelArguments, context: ToolContext) -> ToolResult:
    """The model's score on the item's rows. Raises ToolError, to be tried again where the platform was the trouble."""
    item = plan_item(context, arguments.item, "evaluate")
    labels = context.known.material.labels if context.known.material else None
    if labels is None:
        raise ToolError("there are no labels to evaluate against", owner="unknown", next_step="Prepare the data first.")
    began = time.monotonic()
    door = _door(context, item)
    with disk_errors("the evaluation"):
        sheet = await asyncio.to_thread(_sheet, context, item)
        requests = await _ask(context, item, door, sheet)
        replies = await asyncio.to_thread(read_replies, context.workspace / sheet.path, sheet.truths)
    if replies and all(reply.text is None for reply in replies.values()):
        raise ToolError(
            f"{item.id}: no row was answered; the first error was: {next(iter(replies.values())).error}",
            owner="platform",
            next_step="Look at the deployment; the same step can be tried again.",
        )
    answers = [Answer(truth, replies.get(row, Reply(None)).text) for row, truth in enumerate(sheet.truths)]
    scores = await asyncio.to_thread(score, answers, labels.labels, labels.multi_label)
    fact = _fact(item, door.model.partition("#")[0], sheet, scores, labels, requests, time.monotonic() - began)
    return ToolResult(facts=(fact,), text=_text(item, fact))


async def _ask(context: ToolContext, item: PlanItem, door: Door, sheet: Sheet) -> int:
    """Gets an answer to every row that has none. Returns the number of completions sent. Raises ToolError, OSError."""
    path = context.workspace / sheet.path
    known = await asyncio.to_thread(read_replies, path, sheet.truths)
    open_rows = {row: q for row, q in enumerate(sheet.questions) if row not in known or known[row].text is None}
    if not open_rows:
        return 0
    file = AnswersFile(path)
    before = len(sheet.questions) - len(open_rows)

    async def report(progress: Progress) -> None:
        await file.sync()
        await context.emit(f"{item.id}: {progress.beside(before)}")

    async def reserve(requests: int) -> None:
        await context.reserve(item.id, requests)

    completions = Completions(door, reserve, lambda row, reply: file.append(row, sheet.truths[row], reply), report)
    try:
        await completions.run(open_rows)
    finally:
        await file.sync()
        file.close()
    return completions.requests


def _door(context: ToolContext, item: PlanItem) -> Door:
    """Where the item's questions go. Raises ToolError while what it asks is not there."""
    deploy = plan_item(context, item.needs[0], "deploy") if item.needs else None
    envelope = item.envelope
    if deploy is None or envelope is None:
        raise ToolError(f"{item.id} says neither whom to ask nor how much", owner="unknown")
    model = envelope.model
    if isinstance(model, dict):
        model = context.known.outputs().get(model[OUTPUT], "")
    if not model:
        raise ToolError(
            f"{item.id} cannot start: the model that it asks is not there yet",
            owner="unknown",
            next_step="Finish the training that it needs first.",
        )
    address = f"{endpoint(context)}/chat/completions"
    client = context.platform.with_options(max_retries=0, timeout=REQUEST_SECONDS)
    return Door(client, address, f"{model}#{deploy.resource()}", envelope.max_tokens)


def _sheet(context: ToolContext, item: PlanItem) -> Sheet:
    """Reads the item's rows. Raises ToolError for a file that is not as it was prepared, OSError."""
    part = context.known.material.part(item.split) if context.known.material else None
    if part is None:
        raise ToolError(f"there are no {item.split} rows to evaluate on", owner="unknown")
    questions: list[Messages] = []
    truths: list[tuple[str, ...]] = []
    with (context.workspace / part.path).open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                question, truth = _row(line, f"{part.path}, line {number}")
                questions.append(question)
                truths.append(truth)
    return Sheet(tuple(questions), truths, f"{FOLDER}/{item.resource_id}.jsonl")


def _row(line: bytes, where: str) -> tuple[Messages, tuple[str, ...]]:
    try:
        row: Any = json.loads(line)
        question, truth = prompt_of(row), labels_of(row)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _edited(where) from error
    if not question or not truth:
        raise _edited(where)
    return question, truth


def _edited(where: str) -> ToolError:
    return ToolError(
        f"{where} is no prepared row",
        owner="yours",
        next_step="Leave the session's files alone, or prepare them again.",
    )


def _fact(
    item: PlanItem, model: str, sheet: Sheet, scores: Scores, labels: LabelSet, requests: int, seconds: float
) -> ModelScored:
    return ModelScored(
        item=item.id,
        model=model,
        candidate=item.candidate,
        split="test" if item.split == "test" else "validation",
        rows=scores.rows,
        correct=scores.correct,
        strict_correct=scores.strict_correct,
        unparsable=scores.unparsable,
        failed=scores.failed,
        accuracy=scores.accuracy,
        low=scores.low,
        high=scores.high,
        macro_f1=scores.macro_f1,
        micro_f1=scores.micro_f1 if labels.multi_label else None,
        per_label=tuple(
            LabelScore(label=r.label, rows=r.rows, correct=r.correct, precision=r.precision, recall=r.recall, f1=r.f1)
            for r in scores.per_label
        ),
        answers_path=sheet.path,
        requests=requests,
        seconds=round(seconds, 3),
    )


def _text(item: PlanItem, fact: ModelScored) -> str:
    failed = f", {fact.failed} without an answer" if fact.failed else ""
    return (
        f"{item.id}: {fact.correct} of {fact.rows} {fact.split} rows right, accuracy {fact.accuracy:.1%} "
        f"(95%: {fact.low:.1%} to {fact.high:.1%}), strictly read {fact.strict_correct}, macro-F1 {fact.macro_f1:.3f}, "
        f"{fact.unparsable} unreadable{failed}"
    )


TOOL = FunctionTool(
    name="evaluate_model",
    effect=Effect.SPEND,
    description="Asks a served model for the labels of the planned held-out rows and scores its answers.",
    arguments=EvaluateModelArguments,
    function=evaluate_model,
)

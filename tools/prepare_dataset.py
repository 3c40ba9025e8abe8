"""Turns the staged data into what training needs: trainable chat, split and subsampled. Nothing is uploaded.

Equal input gives equal bytes, so a plan that names their SHA-256 stays true however often this runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.conversion import Converted, convert
from tools.download_dataset import Role, inspected, source_name
from tools.facts import DatasetPrepared
from tools.files import disk_errors
from tools.parts import Source, at_least, check_parts, require, write_part
from tools.prepare_labels import prepare_labels
from tools.tokenizer import counters_of
from tuning.findings import MIN_ROWS
from tuning.material import Material
from tuning.request import Request
from tuning.split import split, subsample
from tuning.tokens import TokenCounter
from tuning.workflows import CLASSIFICATION, SMALL_DATA_ROWS, SWEEP_ROWS


async def prepare_dataset(arguments: Arguments, context: ToolContext) -> ToolResult:
    """Writes the parts into the workspace. Raises ToolError when the data cannot train or judge a model."""
    train = await _source(context, "train", context.known.request.train_dataset)
    own = context.known.request.eval_dataset
    held_out = await _source(context, "eval", own) if own else None
    counters = await counters_of(context)
    await context.emit("converting and splitting the data")
    with disk_errors("the prepared data"):
        prepare = prepare_labels if context.known.request.workflow == CLASSIFICATION.name else _prepare
        material = await asyncio.to_thread(prepare, context, train, held_out, counters)
    lines = [f"{part.role}: {part.rows:,} rows" for part in material.parts]
    text = "\n".join([*lines, *material.notes, *(f"Warning: {warning}" for warning in material.warnings)])
    return ToolResult(facts=(DatasetPrepared(material=material),), text=text)


async def _source(context: ToolContext, role: Role, name: str | None) -> Source:
    """The staged set of that role, inspected again with what is known by now. Raises ToolError when it cannot serve."""
    staged = context.known.staged.get(role)
    path = context.workspace / staged.path if staged else None
    if staged is None or path is None or not path.exists() or (name and source_name(name, context) != staged.name):
        raise ToolError(
            f"the {role} data set is not staged", owner="unknown", next_step="Call download_dataset for it first."
        )
    facts = await inspected(context, role, staged.name, path)
    problem = "" if facts.usable else facts.verdict
    if not problem and facts.format == "preference":
        problem = "these are preference pairs, and supervised fine-tuning needs chat rows"
    if not problem and facts.trainable_rows < MIN_ROWS:
        problem = "its rows have no answers to learn from (no assistant turn and no ground_truth)"
    if problem:
        raise ToolError(
            f"{staged.name}: {problem}", owner="yours", next_step="Mend the file, or name another data set."
        )
    return Source(staged, path, facts)


def _prepare(
    context: ToolContext, train: Source, held_out: Source | None, counters: Sequence[TokenCounter]
) -> Material:
    request, folder = context.known.request, context.workspace / "datasets"
    data = convert(train.path, train.conversions, folder / ".converted-train.jsonl")
    own = None
    try:
        as_it_is = held_out is not None and _platform_can_use(held_out, context)
        if held_out is not None and not as_it_is:
            own = convert(held_out.path, held_out.conversions, folder / ".converted-eval.jsonl")
            require(own.rows, MIN_ROWS, held_out.staged.name)
        require(data.rows, 2 * MIN_ROWS, train.staged.name)
        parts = _divide(request, data, own_test=held_out is not None)
        check_parts(request, data.keys, parts)
        written = [write_part(context, role, data.lines(rows), counters) for role, rows in parts.items()]
        if own is not None:
            written.append(write_part(context, "test", own.lines(range(own.rows)), counters))
    finally:
        data.path.unlink(missing_ok=True)
        if own is not None:
            own.path.unlink(missing_ok=True)
    small = held_out is None and "test" not in parts
    return Material(
        source=train.staged.name,
        total_rows=data.rows,
        parts=tuple(written),
        test_dataset=held_out.staged.name if held_out and as_it_is else None,
        validation_is_test=small,
        notes=_notes(train, held_out, parts),
        warnings=_warnings(request, train, held_out, data, own, small),
    )


def _platform_can_use(held_out: Source, context: ToolContext) -> bool:
    """Whether the evaluation set needs no rewriting and lies in the user's account, so that jobs can name it."""
    facts, name = held_out.facts, held_out.staged.name
    own = held_out.staged.uploaded and name.startswith(f"accounts/{context.account}/")
    return own and facts.format == "chat" and not facts.conversions and not facts.malformed_count


def _divide(request: Request, data: Converted, own_test: bool) -> dict[str, tuple[int, ...]]:
    """Row numbers by role, in the order of the parts."""
    parted = at_least(
        split(data.rows, "sft", keys=data.keys, train_fraction=request.train_fraction, own_test=own_test), data.keys
    )
    sweep = tuple(parted.train[i] for i in subsample(len(parted.train), request.subsample or SWEEP_ROWS))
    judged = own_test or bool(parted.test)
    found: dict[str, tuple[int, ...]] = {}
    if not skips_sweep(request):
        found["sweep"] = sweep
    if not (skips_sweep(request) and judged):
        found["validation"] = parted.validation
    full = parted.final if judged or request.train_on_all else parted.train
    if request.train_on_all:
        full = tuple(sorted((*full, *parted.test)))
    found["full"] = full
    if parted.test:
        found["test"] = parted.test
    return found


def skips_sweep(request: Request) -> bool:
    """One model, one configuration: there is nothing to compare (the plan compiler's rule)."""
    return request.skip_sweep and len(request.base_models) <= 1 and len(request.epochs) <= 1


def _notes(train: Source, held_out: Source | None, parts: dict[str, tuple[int, ...]]) -> tuple[str, ...]:
    """What was done to the data, in words."""
    notes = [f"{c.rows:,} rows: {c.why}" for c in train.facts.conversions]
    if held_out is not None:
        notes += [f"evaluation set, {c.rows:,} rows: {c.why}" for c in held_out.facts.conversions]
        notes.append(f"the test set is {held_out.staged.name}; no rows are carved out for it")
    sizes = ", ".join(f"{role} {len(rows):,}" for role, rows in parts.items())
    notes.append(f"split with seed 42, equal prompts kept together: {sizes} rows")
    return tuple(notes)


def _warnings(
    request: Request, train: Source, held_out: Source | None, data: Converted, own: Converted | None, small: bool
) -> tuple[str, ...]:
    """What a person should know before approving; line numbers are those of the original file."""
    found = list(train.facts.issues)
    unexplained = data.dropped - train.facts.malformed_count
    if unexplained > 0:
        found.append(f"{unexplained:,} rows have no answer to learn from and are left out.")
    if held_out is not None:
        found += [f"Evaluation set: {issue}" for issue in held_out.facts.issues]
        if own is not None and own.dropped > held_out.facts.malformed_count:
            found.append(f"Evaluation set: {own.dropped - held_out.facts.malformed_count:,} rows have no answer.")
    if small:
        why = f"With fewer than {SMALL_DATA_ROWS} rows"
        if request.train_fraction is not None:
            why = f"With a share of {request.train_fraction:.0%} for training"
        elif data.rows >= SMALL_DATA_ROWS:
            why = "With so few different prompts"
        found.append(
            f"{why} there is no test set: the validation rows both choose the winner and give its final figure, "
            "which flatters it."
        )
    return tuple(found)


TOOL = FunctionTool(
    name="prepare_dataset",
    effect=Effect.WRITE,
    description="Converts the staged data into trainable chat, splits it (seed 42) and subsamples it for the sweep.",
    arguments=Arguments,
    function=prepare_dataset,
)

"""Shows the plan to the user and asks for the one approval that lets it run. The text is made from the plan alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import Field

from prompts.plan import CandidateRow, CostRow, Line, PlannedItem, PlanQuestion, PlanText
from prompts.units import Span
from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.facts import GateShown
from tools.files import disk_errors, write_whole
from tools.known import Known
from tools.plan_of_labels import classification_plan
from tuning.plan import Interval, Plan, PlanItem
from tuning.request import Request
from tuning.workflows import CLASSIFICATION, WORKFLOWS

PLAN_TEXT = "plan.md"
PLAN_JSON = "plan.json"
PLATFORMS = {"local": "the local platform (your own machine)", "fireworks": "Fireworks"}
SLOT_NAMES = {
    "workflow": "Task",
    "train_dataset": "Training data",
    "eval_dataset": "Evaluation data",
    "base_models": "Base models",
    "evaluation": "Evaluation",
    "lora_ranks": "LoRA ranks",
    "learning_rates": "Learning rates",
    "epochs": "Epochs",
    "batch_size": "Batch size, in samples",
    "max_context_length": "Longest sample, in tokens",
    "subsample": "Rows for the sweep",
    "max_parallel_jobs": "Active jobs at once, at most",
    "skip_final_run": "Skip the full run",
    "skip_sweep": "Skip the sweep",
    "train_fraction": "Share of rows for training",
    "train_on_all": "Train on the test rows too",
    "labels": "Labels",
    "imbalance_threshold": "Imbalance threshold",
    "rebalance": "Against imbalance",
    "drop_labels": "Labels left out",
    "merge_labels": "Labels merged",
    "merge_spellings": "Spellings that differ in case, spaces or punctuation alone count as one label",
    "keep_apart": "Spellings that stay labels of their own",
    "tune_all": "Fine-tune every chosen model",
    "tune_models": "Models that alone are fine-tuned",
    "benchmark_only": "Benchmark only, no fine-tuning",
    "target": "Target",
    "budget_usd": "Budget, in USD",
    "deploy": "Deploy the model",
    "candidate": "Candidate",
}
SAID_ELSEWHERE = ("Note: ", "Not usable: ")
"""How lines of a data set's summary begin that the plan shows among its warnings."""
REBALANCE = {
    "oversample": "repeat the rows of rare labels",
    "undersample": "cut the rows of frequent labels",
    "weights": "weighted training",
    "none": "leave the rows as they are",
}
METRICS = {"macro_f1": "macro-F1"}
EVALUATIONS = {
    "validation_loss": "validation loss",
    "evaluator": "an evaluator of your own",
    "generated": "an evaluator generated from the data",
    "rubric": "a rubric",
}


class PresentPlanArguments(Arguments):
    """`revision`: the plan meant, when several were drafted. `round` counts how often the same plan was asked about."""

    revision: int | None = Field(default=None, ge=1)
    round: int = Field(default=1, ge=1)


async def present_plan(arguments: PresentPlanArguments, context: ToolContext) -> ToolResult:
    """Writes plan.md and plan.json and opens the plan gate. Raises ToolError: no such plan, no disk."""
    plan = context.known.plan
    if plan is None:
        raise ToolError("there is no plan to show", owner="unknown", next_step="Estimate the cost first.")
    if arguments.revision is not None and arguments.revision != plan.revision:
        raise ToolError(
            f"revision {arguments.revision} is not the plan that stands now; that is revision {plan.revision}",
            owner="unknown",
            next_step="Show the revision that stands now.",
        )
    spent = float(context.history.get("spent_usd") or 0.0)
    text = plan_text(plan, context.known, platform=context.platform_kind, free=context.prices.free, spent=spent)
    document = {"digest": plan.digest(), **plan.model_dump(mode="json")}
    with disk_errors("the plan"):
        write_whole(context.workspace / PLAN_TEXT, [text.encode()])
        write_whole(context.workspace / PLAN_JSON, [json.dumps(document, indent=2, ensure_ascii=False).encode(), b"\n"])
    question = plan_question(plan, free=context.prices.free)
    shown = GateShown(gate="plan", digest=plan.digest(), question=question, text=text, round=arguments.round)
    return ToolResult(facts=(shown,), text=f"{text}\n{question}")


def plan_text(plan: Plan, known: Known, *, platform: str, free: bool, spent: float | None = None) -> str:
    """The plan as Markdown, for the gate and for the report's appendix. Pure."""
    if plan.workflow == CLASSIFICATION.name:
        return classification_plan(plan, known, shared(plan, known, platform=platform, free=free, spent=spent)).render()
    kinds = {(item.kind, item.phase) for item in plan.items}
    return PlanText(
        **shared(plan, known, platform=platform, free=free, spent=spent),
        items=tuple(_planned(plan, item) for item in plan.items if item.request is not None),
        sweep=("train", "sweep") in kinds,
        full_run=("train", "full run") in kinds,
        deploy=any(kind == "deploy" for kind, _ in kinds),
    ).render()


def shared(plan: Plan, known: Known, *, platform: str, free: bool, spent: float | None) -> dict[str, Any]:
    """What the plan of every workflow shows."""
    return {
        "title": WORKFLOWS[plan.workflow].title if plan.workflow in WORKFLOWS else plan.workflow,
        "revision": plan.revision,
        "plan_digest": plan.digest(),
        "platform": PLATFORMS.get(platform, platform),
        "account": f"accounts/{plan.account}",
        "understood": tuple(understood(plan.request)),
        "data": tuple(data_facts(known)),
        "warnings": _warnings(plan, known),
        "candidates": tuple(
            CandidateRow(
                number=c.number,
                model=c.base_model,
                rank=c.config.rank,
                learning_rate=c.config.learning_rate,
                epochs=c.epochs,
            )
            for c in plan.candidates
        ),
        "decisions": tuple(Line(name=d.name, value=d.value, source=d.source) for d in plan.decisions),
        "cost_rows": tuple(CostRow(label=label, cost=span(cost)) for label, cost in plan.cost_lines),
        "cost": Span(low=plan.cost.low, high=plan.cost.high),
        "spent": spent,
        "free": free,
        "price_table": plan.price_table,
        "unknown_prices": _titles(plan),
        "minutes": Span(low=plan.minutes.low, high=plan.minutes.high),
        "active_jobs": plan.max_active_jobs,
        "retries": plan.retries,
    }


def plan_question(plan: Plan, *, free: bool) -> str:
    """What is asked at the plan gate; its last line says which replies there are."""
    budget = plan.request.budget_usd
    return (
        PlanQuestion(
            revision=plan.revision,
            cost=Span(low=plan.cost.low, high=plan.cost.high),
            minutes=Span(low=plan.minutes.low, high=plan.minutes.high),
            free=free,
            budget=budget,
            over_budget=budget is not None and plan.ceiling_usd > budget,
            unknown_prices=_titles(plan),
        )
        .render()
        .strip()
    )


def understood(request: Request) -> Iterable[Line]:
    """The slots that the user's words set, in plain English."""
    for slot, value in request.slots().items():
        name = SLOT_NAMES.get(slot, slot.replace("_", " "))
        if slot == "workflow" and value in WORKFLOWS:
            shown = WORKFLOWS[str(value)].title
        elif slot == "evaluation":
            shown = EVALUATIONS.get(str(value), str(value))
        elif slot == "target" and request.target:
            shown = f"{request.target.value:g} for the {METRICS.get(request.target.metric, request.target.metric.replace('_', ' '))}"
        elif slot == "rebalance":
            shown = REBALANCE.get(str(value), str(value))
        elif slot == "merge_labels":
            shown = merged(request.merge_labels)
        elif isinstance(value, bool):
            shown = "yes" if value else "no"
        elif isinstance(value, list):
            shown = ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in value)
        else:
            shown = f"{value:g}" if isinstance(value, float) else str(value)
        yield Line(name=name, value=shown)


def data_facts(known: Known) -> Iterable[str]:
    """What was found in the data and what it became. Issues are the plan's warnings, conversions its decisions."""
    for fact in known.staged.values():
        role = "Training data" if fact.role == "train" else "Evaluation data"
        lines = fact.summary.splitlines() or [f"{fact.name}: {fact.rows:,} rows"]
        yield f"{role}: {lines[0]}"
        yield from (line for line in lines[1:] if not line.startswith(SAID_ELSEWHERE))
    if known.material is None:
        return
    for part in known.material.parts:
        yield f"{part.role} split: {part.rows:,} rows, {_number_range(part.tokens)} tokens"
    if known.request.merge_labels and known.material.labels is not None:
        yield f"Labels merged in this run's copy of the data: {merged(known.request.merge_labels)}. Your data set stays as it is."
    if known.material.test_dataset:
        yield f"The held-out rows are those of {known.material.test_dataset}, used as they are."
    if known.material.validation_is_test:
        yield "There are too few rows for a test split: the figure at the end is on the rows that also choose the winner."


def merged(pairs: Iterable[tuple[str, str]]) -> str:
    """Merges of labels in words."""
    return ", ".join(f"{old} into {new}" for old, new in pairs)


def span(interval: Interval | None) -> Span | None:
    """The bounds as templates take them."""
    return None if interval is None else Span(low=interval.low, high=interval.high)


def _number_range(value: Interval) -> str:
    low, high = f"{value.low:,.0f}", f"{value.high:,.0f}"
    return low if low == high else f"{low} to {high}"


def _warnings(plan: Plan, known: Known) -> tuple[str, ...]:
    found = list(plan.warnings)
    if known.material is None:
        found += [issue for fact in known.staged.values() for issue in fact.issues]
    found += [f"{name} is not a model of this platform." for name in known.models_missing]
    found += [f"{fact.name} can't be used: {fact.reason}" for fact in known.staged.values() if not fact.usable]
    return tuple(dict.fromkeys(found))


def _planned(plan: Plan, item: PlanItem) -> PlannedItem:
    return PlannedItem(
        title=item.title,
        resource=item.resource(),
        cost=span(item.cost),
        only_if=item.candidate if item.alternative and len(plan.candidates) > 1 else None,
    )


def _titles(plan: Plan) -> tuple[str, ...]:
    """The items without a known price, by their titles."""
    items = ((name, plan.item(name)) for name in plan.unknown_prices)
    return tuple(item.title if item else name for name, item in items)


TOOL = FunctionTool(
    name="present_plan",
    effect=Effect.ASK,
    description="Shows the user the plan with its cost and asks for approval. Writes plan.md and plan.json.",
    arguments=PresentPlanArguments,
    function=present_plan,
)

"""The plan of a classification as its gate shows it: labels with their rows, models, and what is made of each sort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prompts.plan import ClassificationPlan, CreatedGroup, LabelCount, Line
from tools.known import Known
from tools.prepare_labels import LABELS
from tools.resources import short_id
from tuning.election import most_tuned
from tuning.material import LabelSet
from tuning.one_label import normal
from tuning.plan import Plan, PlanItem
from tuning.plan_again import THERE

SHOWN_LABELS = 60
SHOWN_MERGES = 60
GROUPS = {
    ("upload", "plan"): "Data sets, uploaded from what was prepared",
    ("deploy", "benchmark"): "Evaluation deployments of base models, scaled to 0 after use",
    ("train", "sweep"): "Training jobs of the sweep",
    ("deploy", "sweep"): "Evaluation deployments of the sweep's models, scaled to 0 after use",
    ("train", "full run"): "Full runs",
    ("deploy", "evaluation"): "Evaluation deployments of the final models, scaled to 0 after use",
    ("deploy", "deployment"): "Deployment of the winner, which stays",
}
"""(kind, phase) of items that create something, in words."""


def classification_plan(plan: Plan, known: Known, shared: Mapping[str, Any]) -> ClassificationPlan:
    """The text's values. `shared` is what the plan of every workflow shows. Pure."""
    labels = (
        known.material.labels if known.material and known.material.labels else LabelSet(labels=(), source="", rule="")
    )
    kinds = {(item.kind, item.phase) for item in plan.items}
    models = [item for item in plan.items if item.kind == "evaluate" and item.phase == "benchmark" and item.envelope]
    held_out = dict(labels.test_counts)
    rows = [LabelCount(label=label, training=n, held_out=held_out.get(label, 0)) for label, n in labels.counts]
    alike = [pair for pair in labels.merges if normal(pair[0]) == normal(pair[1])]
    joined = [pair for pair in labels.merges if pair not in alike]
    return ClassificationPlan(
        **shared,
        multi_label=labels.multi_label,
        rule=labels.rule,
        origin=labels.source,
        labels=tuple(sorted(rows, key=lambda row: (-row.training, row.label))[:SHOWN_LABELS]),
        labels_not_shown=max(0, len(rows) - SHOWN_LABELS),
        labels_file=LABELS.as_posix(),
        merges=tuple(Line(name=label, value=written) for written, label in alike[:SHOWN_MERGES]),
        merges_not_shown=max(0, len(alike) - SHOWN_MERGES),
        joined=tuple(Line(name=label, value=written) for written, label in joined[:SHOWN_MERGES]),
        joined_not_shown=max(0, len(joined) - SHOWN_MERGES),
        samples=tuple(Line(name=label, value=text) for text, label in labels.samples),
        models=tuple(short_id(str(item.envelope.model)) for item in models if item.envelope),
        tunable=len({c.base_model for c in plan.candidates}),
        tuned=most_tuned(plan.request, len({c.base_model for c in plan.candidates})),
        created=tuple(_created(plan)),
        sweep=("train", "sweep") in kinds,
        full_run=("train", "full run") in kinds,
        deploy=("deploy", "deployment") in kinds,
    )


def _created(plan: Plan) -> Iterator[CreatedGroup]:
    for (kind, phase), title in GROUPS.items():
        items = [item for item in plan.items if (item.kind, item.phase) == (kind, phase)]
        if items:
            count = _count(plan, items)
            there = sum(1 for item in items if item.title.endswith(THERE))
            yield CreatedGroup(
                title=title, count=count, at_most=items[0].alternative, first=items[0].resource(), there=there
            )


def _count(plan: Plan, items: list[PlanItem]) -> int:
    """How many of these come to be at most."""
    by_model: dict[str, int] = {}
    for candidate in plan.candidates:
        mine = sum(1 for item in items if item.candidate == candidate.number)
        by_model[candidate.base_model] = by_model.get(candidate.base_model, 0) + mine
    tuned = most_tuned(plan.request, len(by_model))
    match items[0].chosen_by:
        case "test":
            return 1
        case "validation":
            return min(tuned, sum(1 for count in by_model.values() if count))
        case "strongest":
            return sum(sorted(by_model.values(), reverse=True)[:tuned])
        case _:
            return len(items)

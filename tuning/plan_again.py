"""A plan in a session that has trained before: what is there already costs nothing once more, and the plan says so."""

from __future__ import annotations

from collections.abc import Set

from tuning import plan_classification_cost as labels_cost
from tuning.election import most_tuned
from tuning.plan import ZERO, Interval, Plan, PlanItem
from tuning.plan_cost import totals, wall_time
from tuning.workflows import CLASSIFICATION

THERE = "; it is there already, from earlier in this session, and is not paid for again"


def without_done(plan: Plan, done: Set[str]) -> Plan:
    """The plan with the items free whose resource `done` names (full resource names). Pure.

    A final deployment goes on billing and is never among them.
    """
    items = tuple(_free(item) if _done(item, done) else item for item in plan.items)
    if items == plan.items:
        return plan
    lines, cost, unknown, minutes = _priced(plan, items)
    budget = plan.request.budget_usd
    within = budget is not None and cost.high <= budget < plan.cost.high
    warnings = tuple(text for text in plan.warnings if not (within and text.startswith("The ceiling of this plan")))
    return plan.model_copy(
        update={
            "items": items,
            "cost_lines": lines,
            "cost": cost,
            "unknown_prices": unknown,
            "minutes": minutes,
            "warnings": warnings,
        }
    )


def _priced(
    plan: Plan, items: tuple[PlanItem, ...]
) -> tuple[tuple[tuple[str, Interval | None], ...], Interval, tuple[str, ...], Interval]:
    """Cost lines, cost, unknown prices and wall time, by the rules of the plan's workflow."""
    if plan.workflow == CLASSIFICATION.name:
        tuned = most_tuned(plan.request, len({candidate.base_model for candidate in plan.candidates}))
        found = labels_cost.totals(items, plan.candidates, tuned)
        return *found, labels_cost.wall_time(items, plan.candidates, tuned)
    return *totals(items), wall_time(items)


def _done(item: PlanItem, done: Set[str]) -> bool:
    tries = (item.resource(attempt) for attempt in range(1, item.attempts + 1))
    return item.kind in ("upload", "train", "deploy") and not done.isdisjoint(tries)


def _free(item: PlanItem) -> PlanItem:
    return item.model_copy(update={"title": item.title + THERE, "cost": ZERO, "minutes": Interval(low=0.0, high=0.0)})

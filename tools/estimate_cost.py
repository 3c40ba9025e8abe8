"""Compiles the plan of the request as it stands now, with its price. Nothing is sent anywhere."""

from __future__ import annotations

from pydantic import Field

from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.facts import PlanDrafted
from tools.known import SUCCEEDED, Known
from tools.prepare_dataset import skips_sweep
from tools.resources import short_id
from tuning.material import Material, ModelFacts, Site
from tuning.plan import Plan
from tuning.plan_again import without_done
from tuning.plan_classification import compile_classification
from tuning.plan_sft import compile_sft
from tuning.request import Request
from tuning.workflows import CLASSIFICATION, NotTrainableError


class EstimateArguments(Arguments):
    """`revision` counts the plans of a session: 1 for the first, one more after each change the user asks for."""

    revision: int = Field(default=1, ge=1)


async def estimate_cost(arguments: EstimateArguments, context: ToolContext) -> ToolResult:
    """The plan and its cost. Raises ToolError when the data or the models are not known yet or can't be tuned."""
    known = context.known
    classifies = known.request.workflow == CLASSIFICATION.name
    if (
        known.material is None
        or bool(known.material.labels) != classifies
        or not _has_parts(known.request, known.material)
    ):
        raise ToolError(
            "there is no data prepared for this request", owner="unknown", next_step="Call prepare_dataset first."
        )
    site = Site(context.platform_kind, context.account, context.session, context.prices)
    models = _models(context)
    try:
        compiler = compile_classification if classifies else compile_sft
        plan = compiler(known.request, known.material, models, site, arguments.revision)
    except NotTrainableError as error:
        raise ToolError(str(error), owner="yours", next_step="Say another value, and I plan again.") from error
    plan = without_done(plan, _done(known) | _scored(known, plan))
    return ToolResult(facts=(PlanDrafted(plan=plan),), text=_text(plan, free=context.prices.free))


def _text(plan: Plan, *, free: bool) -> str:
    """The plan in a few lines: what the user is going to be shown, as a planner has to know it."""
    cost = "free on this machine" if free else f"${plan.cost.low:.2f} to ${plan.cost.high:.2f}"
    lines = [f"Plan, revision {plan.revision}: {cost}, {plan.minutes.low:.1f} to {plan.minutes.high:.1f} minutes"]
    lines += [f"Candidate {c.number}: {c.describe()}, {c.epochs} epoch(s)" for c in plan.candidates]
    lines += [f"{name}: ${cost.low:.2f} to ${cost.high:.2f}" for name, cost in plan.cost_lines if cost and cost.high]
    if plan.unknown_prices:
        lines.append(f"No price is known for {', '.join(plan.unknown_prices)}")
    return "\n".join(lines)


def _done(known: Known) -> frozenset[str]:
    """What an earlier run of this session uploaded or trained, so that it is there now."""
    trained = {name for name, job in known.jobs.items() if job.state in SUCCEEDED}
    return known.settled & (trained | set(known.uploads))


def _scored(known: Known, plan: Plan) -> frozenset[str]:
    """Evaluation deployments of the plan whose figures are there from an earlier run."""
    before = known.plan.items if known.plan else ()
    scored = {item.resource_id for item in before if item.kind == "evaluate" and item.id in known.scores}
    found = (item for item in plan.items if item.kind == "evaluate" and item.resource_id in scored)
    serving = (plan.item(item.needs[0]) for item in found)
    return known.settled & {item.resource() for item in serving if item is not None}


def _has_parts(request: Request, material: Material) -> bool:
    """Whether the parts that the request needs are there."""
    if request.benchmark_only:
        return any(material.part(role) for role in ("test", "validation"))
    wanted = {"full"} if skips_sweep(request) else {"full", "sweep", "validation"}
    return all(material.part(role) for role in wanted)


def _models(context: ToolContext) -> tuple[ModelFacts, ...]:
    """The requested models as the platform described them, in the user's order."""
    request, known = context.known.request, context.known.models
    if not request.base_models:
        raise ToolError("no base model is named", owner="yours", next_step="Say which base model to tune.")
    by_id = {short_id(model.name): model for model in known}
    found: list[ModelFacts] = []
    for name in request.base_models:
        model = by_id.get(short_id(name))
        if model is None:
            raise ToolError(
                f"the platform has not described the base model {name[:100]!r}",
                owner="yours",
                next_step="Look it up with list_resources, or choose another model.",
            )
        if not model.tunable and not request.benchmark_only:
            raise ToolError(
                f"{short_id(model.name)} cannot be tuned on this platform",
                owner="yours",
                next_step="Choose a tunable model; list_resources names them.",
            )
        found.append(model)
    return tuple(dict.fromkeys(found))


TOOL = FunctionTool(
    name="estimate_cost",
    effect=Effect.READ,
    description="Compiles the plan from the request, the prepared data and the models, and prices it.",
    arguments=EstimateArguments,
    function=estimate_cost,
)

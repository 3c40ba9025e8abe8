"""What a supervised fine-tuning plan tells beside its items: where each value came from, and what to look at first."""

from __future__ import annotations

from collections.abc import Iterator

from tuning.material import Material, Site
from tuning.plan import Candidate, Interval, PlanItem
from tuning.request import Request
from tuning.workflows import SCALE_TO_ZERO_MINUTES, Decision, LoraConfig, held_out, training_context

SAID = "you said so"


def decisions(
    request: Request,
    material: Material,
    epochs: tuple[int, ...],
    origins: dict[str, str],
    candidates: tuple[Candidate, ...],
    swept: bool,
    cap: int,
) -> tuple[Decision, ...]:
    """The values of the plan with their sources, for the user to read. `origins` says why each model has its grid."""
    found = [
        Decision(
            name="Evaluation",
            value="validation loss",
            source=SAID
            if request.evaluation == "validation_loss"
            else "default; the alternatives are an evaluator of your own and one generated from your data",
        ),
        Decision(
            name="Epochs",
            value=", ".join(map(str, epochs)),
            source=SAID if request.epochs else f"min(5, ceil(2500 / {material.total_rows} samples))",
        ),
        *(
            Decision(name=f"Grid for {name.rsplit('/', 1)[-1]}", value="see the candidates", source=why)
            for name, why in origins.items()
        ),
        Decision(
            name="Active jobs at once", value=f"at most {cap}", source=SAID if request.max_parallel_jobs else "default"
        ),
        Decision(name="Seed of splits and subsample", value="42", source="fixed"),
    ]
    found += _as_said(request, candidates, swept)
    found += [Decision(name="Data", value=note, source="preparation") for note in material.notes]
    return tuple(found)


def _as_said(request: Request, candidates: tuple[Candidate, ...], swept: bool) -> Iterator[Decision]:
    """What is in the plan only because the user asked for it."""
    if request.batch_size:
        yield Decision(name="Batch size", value=str(request.batch_size), source=SAID)
    if request.max_context_length:
        taken = training_context(request.max_context_length)
        rounded = f"you said {request.max_context_length}; rounded down, for it has to be a multiple of 16"
        source = SAID if taken == request.max_context_length else rounded
        yield Decision(name="Context length", value=str(taken), source=source)
    if not swept:
        yield Decision(name="Sweep", value=f"skipped: {candidates[0].describe()} is trained directly", source=SAID)
    if request.skip_final_run and swept:
        yield Decision(name="Full run", value="skipped: the winner is deployed as it is", source=SAID)
    if not request.deploy:
        yield Decision(name="Deployment", value="none", source=SAID)
    if request.target and request.target.metric == "validation_loss":
        goal = f"validation loss at or below {request.target.value:g}; the report says whether it was reached"
        yield Decision(name="Target", value=goal, source=SAID)


def warnings(
    request: Request,
    material: Material,
    site: Site,
    items: tuple[PlanItem, ...],
    cost: Interval,
    configs: tuple[LoraConfig, ...],
) -> tuple[str, ...]:
    """What a person should look at before approving. `configs` are those of the grid, of which one may be taken."""
    found = list(material.warnings)
    swept = any(item.phase == "sweep" for item in items)
    if request.budget_usd is not None:
        found += budget_warnings(request.budget_usd, site, items, cost)
    if not held_out(request):
        found.append("The final run also trains on the rows that it is judged on: no held-out gain can be claimed.")
    if request.target and request.target.metric != "validation_loss":
        metric = request.target.metric.replace("_", " ")
        found.append(
            f"Your target of {request.target.value:g} for the {metric} can't be judged: this plan measures validation "
            "loss alone. Give a target for the validation loss, or approve without one."
        )
    if request.skip_sweep:
        found += _without_sweep(request, swept, configs)
    return tuple(found)


def budget_warnings(budget: float, site: Site, items: tuple[PlanItem, ...], cost: Interval) -> Iterator[str]:
    """What a plan's budget does not hold: a ceiling above it, and what a deployment bills later."""
    if cost.high > budget:
        yield (
            f"The ceiling of this plan (${cost.high:.2f}) is above your budget of ${budget:.2f}: nothing will "
            "be launched whose upper bound would pass the budget."
        )
    deploys = [item for item in items if item.kind == "deploy" and item.phase == "deployment"]
    if site.prices.free or not deploys:
        return
    hours = [item.cost for item in deploys if item.cost is not None]
    rate = "at a GPU price that is not known here"
    if len(hours) == len(deploys):
        rate = f"${min(h.low for h in hours):.2f} to ${max(h.high for h in hours):.2f} for each hour"
    which = deploys[0].resource_id if len(deploys) == 1 else "ID (`fireagent deployment list` shows it)"
    yield (
        f"The deployment goes on billing after the first hour, which is all that this plan counts: {rate} with a replica "
        f"up, and your budget does not stop it. It scales to zero after {SCALE_TO_ZERO_MINUTES} minutes without "
        f"requests; to stop it at once: fireagent deployment stop {which}."
    )


def _without_sweep(request: Request, swept: bool, configs: tuple[LoraConfig, ...]) -> Iterator[str]:
    """Where "no sweep" and other wishes contradict each other."""
    named = len(configs) > 1 and (request.lora_ranks or request.learning_rates)
    if named:
        first = f"LoRA rank {configs[0].rank}, learning rate {configs[0].learning_rate:g}"
        yield (
            f"You named {len(configs)} configurations and no sweep: only the first ({first}) is trained. To compare "
            "them, ask for the sweep; to train another one, name it alone."
        )
    if swept:
        yield "You asked for no sweep but for more than one model or number of epochs: these are compared all the same."
    elif request.skip_final_run:
        yield "You skipped both the sweep and the full run: the full run is the only training here, so it stays."
    if request.subsample and not swept:
        yield f"Without a sweep there is nothing to subsample: the {request.subsample:,} rows are not used."

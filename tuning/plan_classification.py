"""Compiles the plan of a classification: benchmark of the base models, sweep, full runs, their evaluation, the deployment.

What is evaluated is served by an evaluation deployment of its own, which is scaled to 0 right afterwards. Which candidates
go on is left to the rule that an item names (`chosen_by`, computed by `tuning/election.py`); the plan holds every branch.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tuning.election import most_tuned
from tuning.material import LabelSet, Material, ModelFacts, Part, Site
from tuning.plan import OUTPUT, ZERO, Candidate, Envelope, Interval, Plan, PlanItem, resource_id
from tuning.plan_classification_cost import totals, wall_time
from tuning.plan_classification_notes import decisions, warnings
from tuning.plan_parts import (
    DEPLOY_MINUTES,
    candidates_of,
    check_ranks,
    deployed,
    deployment,
    train_item,
    upload_item,
)
from tuning.request import Request
from tuning.workflows import (
    CLASSIFICATION,
    EVALUATION_HOURS,
    MAX_ACTIVE_JOBS,
    RETRIES,
    NotTrainableError,
    default_epochs,
)

SERVE = "serve"
"""Role in the ids of evaluation deployments."""
SPARE_REQUESTS = 400
"""Beyond one completion a row and one for every fourth again: what a restart may waste of reserved blocks."""
CLOUD_MAX_TOKENS = 512
"""Enough for a thinking model to come to its answer."""
REQUEST_BYTES = 4_000
"""Of a completion's request beside its messages."""
SECONDS_PER_ROW = {"local": Interval(low=0.01, high=0.5), "fireworks": Interval(low=0.01, high=0.2)}


class Asked(NamedTuple):
    """What an evaluation asks: the rows, their role, and the longest answer in tokens."""

    part: Part
    role: str
    labels: LabelSet
    max_tokens: int


def compile_classification(
    request: Request, material: Material, models: tuple[ModelFacts, ...], site: Site, revision: int
) -> Plan:
    """The plan of a classification request. Pure: equal arguments give an equal plan with an equal digest.

    Raises NotTrainableError for a rank or a context length that the platform does not take.
    """
    epochs = tuple(dict.fromkeys(request.epochs)) or (default_epochs(material.total_rows),)
    tuned = to_tune(request, models)
    candidates, origins = candidates_of(request, tuned, epochs)
    candidates = named(request, candidates)
    check_ranks(site, candidates)
    if request.candidate is not None:
        models = tuple(model for model in models if model.name == candidates[0].base_model)
    branches = _branches(request, material, models, site, candidates)
    uploads = [upload_item(site, part) for part in material.parts]
    needed = {need for item in branches for need in item.needs}
    items = (
        *(item for item in uploads if item.id in needed),
        *(item for model in models for item in _benchmark(site, material, model)),
        *branches,
    )
    most = most_tuned(request, len(tuned))
    lines, cost, unknown = totals(items, candidates, most)
    cap = request.max_parallel_jobs or MAX_ACTIVE_JOBS
    return Plan(
        workflow=CLASSIFICATION.name,
        revision=revision,
        account=site.account,
        request=request,
        candidates=candidates,
        items=items,
        decisions=decisions(request, material, epochs, origins, candidates, models, site, cap),
        warnings=warnings(request, material, site, items, cost),
        price_table=site.prices.version,
        max_active_jobs=cap,
        retries=RETRIES,
        cost_lines=lines,
        cost=cost,
        minutes=wall_time(items, candidates, most),
        unknown_prices=unknown,
    )


def named(request: Request, candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """The candidate that the user named for deployment, under its number, else all. NotTrainableError: there is none."""
    if request.candidate is None:
        return candidates
    found = tuple(candidate for candidate in candidates if candidate.number == request.candidate)
    if not found:
        raise NotTrainableError(f"there is no candidate {request.candidate}: they go from 1 to {len(candidates)}")
    return found


def to_tune(request: Request, models: tuple[ModelFacts, ...]) -> tuple[ModelFacts, ...]:
    """The models that may be tuned: none for a benchmark, those that the user named for it, else all chosen ones."""
    if request.benchmark_only:
        return ()
    wanted = {name.rsplit("/", 1)[-1] for name in request.tune_models}
    return tuple(model for model in models if not wanted or model.name.rsplit("/", 1)[-1] in wanted)


def _branches(
    request: Request, material: Material, models: tuple[ModelFacts, ...], site: Site, candidates: tuple[Candidate, ...]
) -> list[PlanItem]:
    """Everything after the benchmark, for every candidate that may come to it."""
    names = {
        part.role: f"accounts/{site.account}/datasets/{upload_item(site, part).resource_id}" for part in material.parts
    }
    facts = {model.name: model for model in models}
    models_tuned = len({candidate.base_model for candidate in candidates})
    limited = most_tuned(request, models_tuned) < models_tuned
    found: list[PlanItem] = []
    tails: list[PlanItem] = []
    for candidate in candidates:
        model, number = facts[candidate.base_model], candidate.number
        alone = sum(1 for other in candidates if other.base_model == candidate.base_model) == 1
        by_base = {"alternative": limited, "chosen_by": "strongest" if limited else "user"}
        by_validation = {"alternative": True, "chosen_by": "validation"}
        if not alone:
            trained = train_item(site, request, material, model, candidate, "sweep", names).model_copy(update=by_base)
            found += [trained, *_evaluated(site, model, trained, asked(site, material, "validation"), **by_base)]
        if alone or not request.skip_final_run:
            trained = train_item(site, request, material, model, candidate, "final", names)
            trained = trained.model_copy(update=by_validation)
            tails.append(trained)
        tails += _final_evaluation(site, material, model, trained, number, by_validation)
        if request.deploy:
            tails += deployed(site, model, trained, number, gate="plan", alternative=True, chosen_by="test")
    return [*found, *tails]


def _benchmark(site: Site, material: Material, model: ModelFacts) -> list[PlanItem]:
    """What measures an untuned model on the rows that also judge the tuned ones."""
    return _served(site, model, f"base-{model.name.rsplit('/', 1)[-1]}", model.name, (), judged(site, material),
                   phase="benchmark")  # fmt: skip


def _final_evaluation(
    site: Site, material: Material, model: ModelFacts, trained: PlanItem, number: int, chosen: dict[str, Any]
) -> list[PlanItem]:
    return _served(site, model, f"final-{number}", {OUTPUT: trained.id}, (trained,), judged(site, material),
                   phase="evaluation", candidate=number, **chosen)  # fmt: skip


def _evaluated(site: Site, model: ModelFacts, trained: PlanItem, what: Asked, **chosen: Any) -> list[PlanItem]:
    return _served(site, model, trained.id, {OUTPUT: trained.id}, (trained,), what,
                   phase="sweep", candidate=trained.candidate, **chosen)  # fmt: skip


def judged(site: Site, material: Material) -> Asked:
    """The held-out rows; without a test part those of validation, which the plan says."""
    return asked(site, material, "test" if material.part("test") else "validation")


def asked(site: Site, material: Material, role: str) -> Asked:
    """The rows of a part as an evaluation asks about them."""
    part, labels = material.part(role), material.labels
    assert part is not None and labels is not None, f"the material has no labelled {role} part"
    chars = sum(len(label) + 2 for label in labels.labels) if labels.multi_label else max(map(len, labels.labels))
    local = min(CLOUD_MAX_TOKENS, max(32, chars // 2 + 16))
    return Asked(part, role, labels, local if site.kind == "local" else CLOUD_MAX_TOKENS)


def _served(
    site: Site,
    model: ModelFacts,
    key: str,
    served: str | dict[str, str],
    sources: tuple[PlanItem, ...],
    what: Asked,
    **fixed: Any,
) -> list[PlanItem]:
    """An evaluation deployment, the questions it is asked, and its scaling to 0. `served` is a model or a hole."""
    part = what.part
    subject = served if isinstance(served, str) else sources[0].resource_id
    question = [subject, part.sha256, what.labels.labels, what.labels.multi_label, what.max_tokens]
    evaluation = resource_id(site.session, "eval", question)
    name = resource_id(site.session, SERVE, [subject, evaluation])
    words = subject.rsplit("/", 1)[-1] if isinstance(served, str) else f"the model of {sources[0].id}"
    hour = site.prices.deployment_hour(model.parameter_count)
    low, high = EVALUATION_HOURS
    cost = None if hour is None else Interval(low=round(hour.low * low, 6), high=round(hour.high * high, 6))
    fixed = {"gate": "plan", "required": False, **fixed}
    limit = "" if site.prices.free else f", up to {high:g} hour,"
    deploy = PlanItem(
        id=f"deploy-{key}", kind="deploy", needs=tuple(item.id for item in sources), resource_id=name, cost=cost,
        title=f"Serve {words} for its evaluation on a dedicated deployment{limit} and scale it to 0",
        request=deployment(site, served, name, "evaluation deployment"), minutes=DEPLOY_MINUTES[site.kind], **fixed,
    )  # fmt: skip
    requests = part.rows + part.rows // 4 + SPARE_REQUESTS
    evaluate = PlanItem(
        id=f"evaluate-{key}", kind="evaluate", needs=(deploy.id,), resource_id=evaluation, split=what.role, cost=ZERO,
        title=f"Ask {words} for the labels of the {part.rows:,} {what.role} rows",
        envelope=Envelope(
            model=served, requests=requests, max_tokens=what.max_tokens, bytes=requests * (part.longest + REQUEST_BYTES)
        ),
        minutes=SECONDS_PER_ROW[site.kind].times(part.rows / 60), **fixed,
    )  # fmt: skip
    scale = PlanItem(
        id=f"scale-{key}", kind="scale", needs=(evaluate.id,), resource_id=name, cost=ZERO,
        title=f"Scale the evaluation deployment of {words} to 0", **{**fixed, "required": True},
    )  # fmt: skip
    return [deploy, evaluate, scale]

"""Compiles the plan of supervised fine-tuning: uploads, sweep, full run, deployment and its probe, each priced."""

from __future__ import annotations

from tuning.material import Material, ModelFacts, Site
from tuning.plan import Candidate, Plan, PlanItem
from tuning.plan_cost import totals, wall_time
from tuning.plan_notes import decisions, warnings
from tuning.plan_parts import candidates_of, check_ranks, deployed, train_item, upload_item
from tuning.request import Request
from tuning.workflows import MAX_ACTIVE_JOBS, RETRIES, SFT, Gate, default_epochs, grid


def compile_sft(
    request: Request, material: Material, models: tuple[ModelFacts, ...], site: Site, revision: int
) -> Plan:
    """The plan of an SFT request. Pure: equal arguments give an equal plan with an equal digest.

    Raises NotTrainableError for a rank or a context length that the platform does not take.
    """
    epochs = tuple(dict.fromkeys(request.epochs)) or (default_epochs(material.total_rows),)
    candidates, origins = candidates_of(request, models, epochs)
    check_ranks(site, candidates)
    facts = {model.name: model for model in models}
    uploads = [upload_item(site, part) for part in material.parts]
    names = {
        part.role: f"accounts/{site.account}/datasets/{item.resource_id}"
        for part, item in zip(material.parts, uploads, strict=True)
    }
    sweep = (
        []
        if _single(request, candidates)
        else [train_item(site, request, material, facts[c.base_model], c, "sweep", names) for c in candidates]
    )
    rest: list[PlanItem] = []
    for candidate in candidates:
        model = facts[candidate.base_model]
        tail = _branch(site, request, material, model, candidate, names, bool(sweep), len(candidates) > 1)
        rest.extend(tail)
    needed = {need for item in (*sweep, *rest) for need in item.needs}
    items = (*(item for item in uploads if item.id in needed), *sweep, *rest)
    cap = request.max_parallel_jobs or MAX_ACTIVE_JOBS
    lines, cost, unknown = totals(items)
    return Plan(
        workflow=SFT.name,
        revision=revision,
        account=site.account,
        request=request,
        candidates=candidates,
        items=items,
        decisions=decisions(request, material, epochs, origins, candidates, bool(sweep), cap),
        warnings=warnings(request, material, site, items, cost, grid(request, models[0].recommended)[0]),
        price_table=site.prices.version,
        max_active_jobs=cap,
        retries=RETRIES,
        cost_lines=lines,
        cost=cost,
        minutes=wall_time(items),
        unknown_prices=unknown,
    )


def _single(request: Request, candidates: tuple[Candidate, ...]) -> bool:
    """No sweep: the user skipped it, and there is one thing to train per model."""
    return request.skip_sweep and len(candidates) == 1


def _branch(
    site: Site,
    request: Request,
    material: Material,
    model: ModelFacts,
    candidate: Candidate,
    names: dict[str, str],
    swept: bool,
    several: bool,
) -> list[PlanItem]:
    """What runs if this candidate is promoted: the full run, the deployment and a first real answer."""
    gate: Gate = "promotion" if swept else "plan"
    as_it_is = swept and request.skip_final_run
    trained = train_item(site, request, material, model, candidate, "sweep" if as_it_is else "final", names)
    items = [] if as_it_is else [trained.model_copy(update={"gate": gate, "alternative": several, "required": True})]
    if not request.deploy:
        return items
    return [*items, *deployed(site, model, trained, candidate.number, gate=gate, alternative=several)]

"""Compiles the plan of supervised fine-tuning: uploads, sweep, full run, deployment and its probe, each priced."""

from __future__ import annotations

from tuning.material import Material, ModelFacts, Part, Site
from tuning.plan import (
    OUTPUT,
    ZERO,
    Candidate,
    Envelope,
    Interval,
    Plan,
    PlanItem,
    Upload,
    WireRequest,
    resource_id,
)
from tuning.plan_cost import totals, wall_time
from tuning.plan_notes import decisions, warnings
from tuning.request import Request
from tuning.workflows import (
    CLOUD_RANKS,
    MAX_ACTIVE_JOBS,
    RETRIES,
    SCALE_TO_ZERO_MINUTES,
    SFT,
    NotTrainableError,
    default_epochs,
    grid,
    training_context,
)

JOB_OVERHEAD_MINUTES = {"local": Interval(low=0.05, high=0.3), "fireworks": Interval(low=5.0, high=30.0)}
DEPLOY_MINUTES = {"local": Interval(low=0.02, high=0.2), "fireworks": Interval(low=3.0, high=20.0)}
CLOUD_TOKENS_PER_SECOND = Interval(low=5_000.0, high=50_000.0)
"""Rough: from one recorded run (500 rows of a 4B model, five minutes); the plan says that it is rough."""
CLOUD_DEPLOYMENT = {
    "deploymentShape": "default",
    "autoscalingPolicy": {"scaleToZeroWindow": f"{SCALE_TO_ZERO_MINUTES * 60}s"},
}
PROBE_REQUESTS = 60
PROBE_MAX_TOKENS = 512
PROBE_BYTES = 600_000


def compile_sft(
    request: Request, material: Material, models: tuple[ModelFacts, ...], site: Site, revision: int
) -> Plan:
    """The plan of an SFT request. Pure: equal arguments give an equal plan with an equal digest.

    Raises NotTrainableError for a rank or a context length that the platform does not take.
    """
    epochs = tuple(dict.fromkeys(request.epochs)) or (default_epochs(material.total_rows),)
    candidates, origins = _candidates(request, models, epochs)
    _check_ranks(site, candidates)
    facts = {model.name: model for model in models}
    uploads = [_upload(site, part) for part in material.parts]
    names = {
        part.role: f"accounts/{site.account}/datasets/{item.resource_id}"
        for part, item in zip(material.parts, uploads, strict=True)
    }
    sweep = (
        []
        if _single(request, candidates)
        else [_train(site, request, material, facts[c.base_model], c, "sweep", names) for c in candidates]
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


def _candidates(
    request: Request, models: tuple[ModelFacts, ...], epochs: tuple[int, ...]
) -> tuple[tuple[Candidate, ...], dict[str, str]]:
    found: list[Candidate] = []
    origins: dict[str, str] = {}
    for model in models:
        configs, origins[model.name] = grid(request, model.recommended)
        if request.skip_sweep:
            configs = configs[:1]
        points = dict.fromkeys((config, count) for config in configs for count in epochs)
        found += [
            Candidate(number=number, base_model=model.name, config=config, epochs=count)
            for number, (config, count) in enumerate(points, start=len(found) + 1)
        ]
    return tuple(found), origins


def _check_ranks(site: Site, candidates: tuple[Candidate, ...]) -> None:
    refused = sorted({c.config.rank for c in candidates if c.config.rank not in CLOUD_RANKS})
    if site.kind == "fireworks" and refused:
        allowed = ", ".join(map(str, CLOUD_RANKS))
        raise NotTrainableError(
            f"Fireworks does not train LoRA rank {', '.join(map(str, refused))}: it takes {allowed}"
        )


def _single(request: Request, candidates: tuple[Candidate, ...]) -> bool:
    """No sweep: the user skipped it, and there is one thing to train per model."""
    return request.skip_sweep and len(candidates) == 1


def _upload(site: Site, part: Part) -> PlanItem:
    dataset = resource_id(site.session, part.role, [part.sha256, part.bytes])
    return PlanItem(
        id=f"upload-{part.role}",
        kind="upload",
        title=f"Upload the {part.role} split ({part.rows} rows) as a new data set",
        phase="plan",
        gate="plan",
        resource_id=dataset,
        upload=Upload(
            dataset_id=dataset, file_name=f"{part.role}.jsonl", bytes=part.bytes, sha256=part.sha256, rows=part.rows
        ),
        request=WireRequest(
            method="POST",
            path=f"/v1/accounts/{site.account}/datasets",
            body={
                "dataset": {
                    "displayName": f"{part.role} split of session {site.session}",
                    "exampleCount": str(part.rows),
                    "format": "CHAT",
                    "userUploaded": {},
                },
                "datasetId": dataset,
            },
        ),
        cost=ZERO,
    )


def _train(
    site: Site,
    request: Request,
    material: Material,
    model: ModelFacts,
    candidate: Candidate,
    stage: str,
    names: dict[str, str],
) -> PlanItem:
    """One training job: `stage` "sweep" trains on the sweep part and is judged on validation, "final" on full and test."""
    data, judge = ("sweep", "validation") if stage == "sweep" else ("full", "test")
    part = material.part(data)
    assert part is not None, f"the material has no {data} part"
    evaluation = names.get(judge) or (material.test_dataset if stage == "final" else None) or names.get("validation")
    batch = request.batch_size or model.recommended_batch_size
    body = {
        "dataset": names[data],
        "baseModel": candidate.base_model,
        "epochs": candidate.epochs,
        "learningRate": candidate.config.learning_rate,
        "loraRank": candidate.config.rank,
        "evalAutoCarveout": False,
        **({"evaluationDataset": evaluation} if evaluation else {}),
        **({"batchSizeSamples": batch} if batch else {}),
        **({"maxContextLength": training_context(request.max_context_length)} if request.max_context_length else {}),
    }
    job = resource_id(site.session, stage, body)
    tokens = part.tokens.times(candidate.epochs)
    uploads = {f"upload-{role}" for role in (data, "validation" if stage == "sweep" else "test") if role in names}
    uploads |= {f"upload-{role}" for role, name in names.items() if name == evaluation}
    return PlanItem(
        id=f"{stage}-{candidate.number}",
        kind="train",
        title=f"Train candidate {candidate.number} ({candidate.describe()}, {_epochs(candidate.epochs)}) on "
        f"{part.rows} rows",
        phase="sweep" if stage == "sweep" else "full run",
        gate="plan",
        needs=tuple(sorted(uploads)),
        candidate=candidate.number,
        required=False,
        resource_id=job,
        request=WireRequest(
            method="POST",
            path=f"/v1/accounts/{site.account}/supervisedFineTuningJobs",
            query=(("supervisedFineTuningJobId", job),),
            body={
                **body,
                "displayName": f"{stage} candidate {candidate.number} of session {site.session}",
                "outputModel": f"accounts/{site.account}/models/{job}",
            },
        ),
        attempts=1 + RETRIES,
        cost=site.prices.training_cost(model.parameter_count, tokens),
        minutes=_minutes(site.kind, model, tokens),
    )


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
    fixed = {"gate": "promotion" if swept else "plan", "candidate": candidate.number, "alternative": several}
    as_it_is = swept and request.skip_final_run
    trained = _train(site, request, material, model, candidate, "sweep" if as_it_is else "final", names)
    items = [] if as_it_is else [trained.model_copy(update={**fixed, "required": True})]
    if not request.deploy:
        return items
    source, deployment = trained.id, resource_id(site.session, "deploy", trained.resource_id)
    body = {
        "baseModel": {OUTPUT: source},
        "displayName": f"deployment of session {site.session}",
        "minReplicaCount": 0,
        "maxReplicaCount": 1,
        **(CLOUD_DEPLOYMENT if site.kind == "fireworks" else {}),
    }
    deploy = PlanItem(
        id=f"deploy-{candidate.number}",
        kind="deploy",
        title=f"Deploy the model of {source} on a dedicated deployment (first hour counted; scales to zero when idle)",
        phase="deployment",
        needs=(source,),
        resource_id=deployment,
        request=WireRequest(
            method="POST",
            path=f"/v1/accounts/{site.account}/deployments",
            query=(("deploymentId", deployment),),
            body=body,
        ),
        cost=site.prices.deployment_hour(model.parameter_count),
        minutes=DEPLOY_MINUTES[site.kind],
        **fixed,
    )
    probe = PlanItem(
        id=f"probe-{candidate.number}",
        kind="probe",
        title=f"Ask the deployment of {source} for a first answer, to see that it serves",
        phase="deployment",
        needs=(deploy.id,),
        resource_id=deployment,
        envelope=Envelope(
            model={OUTPUT: source}, requests=PROBE_REQUESTS, max_tokens=PROBE_MAX_TOKENS, bytes=PROBE_BYTES
        ),
        cost=ZERO,
        **fixed,
    )
    return [*items, deploy, probe]


def _minutes(kind: str, model: ModelFacts, tokens: Interval) -> Interval:
    rate = CLOUD_TOKENS_PER_SECOND
    if model.tokens_per_second:
        rate = Interval(low=model.tokens_per_second / 3, high=model.tokens_per_second)
    training = Interval(low=tokens.low / rate.high / 60, high=tokens.high / rate.low / 60)
    return training + JOB_OVERHEAD_MINUTES[kind]


def _epochs(count: int) -> str:
    return f"{count} epoch" if count == 1 else f"{count} epochs"

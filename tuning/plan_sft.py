"""Compiles the plan of supervised fine-tuning: uploads, sweep, full run, deployment and its probe, each priced."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

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
from tuning.pricing import Prices
from tuning.request import Request
from tuning.workflows import (
    MAX_ACTIVE_JOBS,
    RETRIES,
    SFT,
    Decision,
    LoraConfig,
    default_epochs,
    grid,
)

JOB_OVERHEAD_MINUTES = {"local": Interval(low=0.05, high=0.3), "fireworks": Interval(low=5.0, high=30.0)}
DEPLOY_MINUTES = {"local": Interval(low=0.02, high=0.2), "fireworks": Interval(low=3.0, high=20.0)}
CLOUD_TOKENS_PER_SECOND = Interval(low=5_000.0, high=50_000.0)
"""Rough: from one recorded run (500 rows of a 4B model, five minutes); the plan says that it is rough."""
PROBE_REQUESTS = 60
PROBE_MAX_TOKENS = 512
PROBE_BYTES = 600_000


class ModelFacts(BaseModel):
    """What the platform says about a base model."""

    model_config = ConfigDict(frozen=True)
    name: str
    display_name: str = ""
    parameter_count: int | None = None
    context_length: int | None = None
    tunable: bool = False
    recommended: tuple[LoraConfig, ...] = ()
    recommended_batch_size: int | None = None
    tokens_per_second: float | None = None


class Part(BaseModel):
    """One prepared file of the session. `tokens` are those of the whole rows, once over; `path` is in the workspace."""

    model_config = ConfigDict(frozen=True)
    role: str
    path: str
    rows: int
    bytes: int
    sha256: str
    tokens: Interval


class Material(BaseModel):
    """What the data set became: parts by role (sweep, validation, full, test), and what was done to get there.

    `test_dataset` is set instead of a test part when the user named an evaluation data set that is used as it is.
    """

    model_config = ConfigDict(frozen=True)
    source: str
    total_rows: int
    parts: tuple[Part, ...]
    test_dataset: str | None = None
    validation_is_test: bool = False
    """Too few rows for a test split: the figure at the end is the one that also chose the winner."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def part(self, role: str) -> Part | None:
        return next((part for part in self.parts if part.role == role), None)


@dataclass(frozen=True)
class Site:
    """Where the plan will run: the platform's kind, the user's account there, this session, its prices."""

    kind: str
    account: str
    session: str
    prices: Prices


def compile_sft(
    request: Request, material: Material, models: tuple[ModelFacts, ...], site: Site, revision: int
) -> Plan:
    """The plan of an SFT request. Pure: equal arguments give an equal plan with an equal digest."""
    epochs = request.epochs or (default_epochs(material.total_rows),)
    candidates, origins = _candidates(request, models, epochs)
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
    lines, cost, unknown = _totals(items)
    return Plan(
        workflow=SFT.name,
        revision=revision,
        account=site.account,
        request=request,
        candidates=candidates,
        items=items,
        decisions=_decisions(request, material, epochs, origins, bool(sweep), cap),
        warnings=_warnings(request, material, models, cost),
        price_table=site.prices.version,
        max_active_jobs=cap,
        retries=RETRIES,
        cost_lines=lines,
        cost=cost,
        minutes=_wall_time(items, cap),
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
        points = [(config, count) for config in configs for count in epochs]
        found += [
            Candidate(number=number, base_model=model.name, config=config, epochs=count)
            for number, (config, count) in enumerate(points, start=len(found) + 1)
        ]
    return tuple(found), origins


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
        **({"maxContextLength": request.max_context_length} if request.max_context_length else {}),
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
        **({"deploymentShape": "default"} if site.kind == "fireworks" else {}),
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


def _totals(items: tuple[PlanItem, ...]) -> tuple[tuple[tuple[str, Interval | None], ...], Interval, tuple[str, ...]]:
    """Cost lines, total and what has no known price. Of alternatives the cheapest counts low and the dearest high."""
    by_phase: dict[str, Interval | None] = {}
    for phase in dict.fromkeys(item.phase for item in items if item.kind != "upload"):
        by_phase[phase] = _phase_cost([item for item in items if item.phase == phase])
    trained = [item.cost for item in items if item.kind == "train" and item.cost is not None]
    retry = Interval(low=0.0, high=max((c.high for c in trained), default=0.0) * RETRIES)
    training = _sum([by_phase.get("sweep", ZERO), by_phase.get("full run", ZERO)])
    lines = [
        ("Training: sweep", by_phase.get("sweep", ZERO)),
        ("Training: full run", by_phase.get("full run", ZERO)),
        (f"Training: room for {RETRIES} further attempt after a platform failure", retry),
        ("Inference (probe of the deployment)", ZERO),
        ("Deployment, first hour", by_phase.get("deployment", ZERO)),
    ]
    total = _sum([training, retry, by_phase.get("deployment", ZERO)])
    unknown = tuple(item.id for item in items if item.cost is None)
    known = total or _sum([value for _, value in lines if value is not None]) or ZERO
    return tuple(lines), known, unknown


def _phase_cost(items: list[PlanItem]) -> Interval | None:
    fixed = _sum([item.cost for item in items if not item.alternative])
    numbers = sorted({item.candidate for item in items if item.alternative and item.candidate is not None})
    branches = [_sum([item.cost for item in items if item.alternative and item.candidate == n]) for n in numbers]
    if fixed is None or any(branch is None for branch in branches):
        return None
    known = [branch for branch in branches if branch is not None]
    if not known:
        return fixed
    return fixed + Interval(low=min(b.low for b in known), high=max(b.high for b in known))


def _sum(values: list[Interval | None]) -> Interval | None:
    total = ZERO
    for value in values:
        if value is None:
            return None
        total = total + value
    return total


def _wall_time(items: tuple[PlanItem, ...], cap: int) -> Interval:
    """Sweep jobs share the slots; the platform may run them one by one, which bounds the time from above."""
    sweep = [item.minutes for item in items if item.phase == "sweep"]
    tails = [item.minutes for item in items if item.phase in ("full run", "deployment")]
    low = max((m.low for m in sweep), default=0.0) + min((m.low for m in tails), default=0.0)
    finals = max((item.minutes.high for item in items if item.phase == "full run"), default=0.0)
    deploy = max((item.minutes.high for item in items if item.phase == "deployment"), default=0.0)
    return Interval(low=round(low, 2), high=round(sum(m.high for m in sweep) + finals + deploy, 2))


def _epochs(count: int) -> str:
    return f"{count} epoch" if count == 1 else f"{count} epochs"


def _decisions(
    request: Request,
    material: Material,
    epochs: tuple[int, ...],
    origins: dict[str, str],
    swept: bool,
    cap: int,
) -> tuple[Decision, ...]:
    said = "you said so"
    found = [
        Decision(
            name="Evaluation",
            value="validation loss",
            source=said
            if request.evaluation == "validation_loss"
            else "default; the alternatives are an evaluator of your own and one generated from your data",
        ),
        Decision(
            name="Epochs",
            value=", ".join(map(str, epochs)),
            source=said if request.epochs else f"min(5, ceil(2500 / {material.total_rows} samples))",
        ),
        *(
            Decision(name=f"Grid for {name.rsplit('/', 1)[-1]}", value="see the candidates", source=why)
            for name, why in origins.items()
        ),
        Decision(
            name="Active jobs at once", value=f"at most {cap}", source=said if request.max_parallel_jobs else "default"
        ),
        Decision(name="Seed of splits and subsample", value="42", source="fixed"),
    ]
    if request.batch_size:
        found.append(Decision(name="Batch size", value=str(request.batch_size), source=said))
    if request.max_context_length:
        found.append(Decision(name="Context length", value=str(request.max_context_length), source=said))
    if not swept:
        found.append(Decision(name="Sweep", value="skipped", source=said))
    if request.skip_final_run and swept:
        found.append(Decision(name="Full run", value="skipped: the winner is deployed as it is", source=said))
    if not request.deploy:
        found.append(Decision(name="Deployment", value="none", source=said))
    found += [Decision(name="Data", value=note, source="preparation") for note in material.notes]
    return tuple(found)


def _warnings(request: Request, material: Material, models: tuple[ModelFacts, ...], cost: Interval) -> tuple[str, ...]:
    found = list(material.warnings)
    if request.budget_usd is not None and cost.high > request.budget_usd:
        found.append(
            f"The ceiling of this plan (${cost.high:.2f}) is above your budget of ${request.budget_usd:.2f}: nothing will "
            "be launched whose upper bound would pass the budget."
        )
    if len(material.parts) and request.train_on_all:
        found.append("The final run also trains on the test rows, so no held-out gain can be claimed.")
    return tuple(found)

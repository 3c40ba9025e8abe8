"""The items that plans of every training workflow are made of: candidates, uploads, training jobs, a deployment."""

from __future__ import annotations

from typing import Any

from tuning.material import Material, ModelFacts, Part, Site
from tuning.plan import (
    OUTPUT,
    ZERO,
    Candidate,
    Envelope,
    Interval,
    PlanItem,
    Upload,
    WireRequest,
    resource_id,
)
from tuning.request import Request
from tuning.workflows import (
    CLOUD_RANKS,
    RETRIES,
    SCALE_TO_ZERO_MINUTES,
    NotTrainableError,
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


def candidates_of(
    request: Request, models: tuple[ModelFacts, ...], epochs: tuple[int, ...]
) -> tuple[tuple[Candidate, ...], dict[str, str]]:
    """Every model with every configuration of its grid and every number of epochs, and why each model has its grid."""
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


def check_ranks(site: Site, candidates: tuple[Candidate, ...]) -> None:
    """Raises NotTrainableError for ranks that the platform does not train."""
    refused = sorted({c.config.rank for c in candidates if c.config.rank not in CLOUD_RANKS})
    if site.kind == "fireworks" and refused:
        allowed = ", ".join(map(str, CLOUD_RANKS))
        raise NotTrainableError(
            f"Fireworks does not train LoRA rank {', '.join(map(str, refused))}: it takes {allowed}"
        )


def upload_item(site: Site, part: Part) -> PlanItem:
    """A prepared part as a new data set."""
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


def train_item(
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
        title=f"Train candidate {candidate.number} ({candidate.describe()}, {epochs_in_words(candidate.epochs)}) on "
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
        minutes=_training_minutes(site.kind, model, tokens),
    )


def _training_minutes(kind: str, model: ModelFacts, tokens: Interval) -> Interval:
    rate = CLOUD_TOKENS_PER_SECOND
    if model.tokens_per_second:
        rate = Interval(low=model.tokens_per_second / 3, high=model.tokens_per_second)
    training = Interval(low=tokens.low / rate.high / 60, high=tokens.high / rate.low / 60)
    return training + JOB_OVERHEAD_MINUTES[kind]


def deployment(site: Site, model: str | dict[str, str], deployment_id: str, title: str) -> WireRequest:
    """The request that deploys a model; `model` may be a hole. Where there is a cloud, it scales to zero when idle."""
    return WireRequest(
        method="POST",
        path=f"/v1/accounts/{site.account}/deployments",
        query=(("deploymentId", deployment_id),),
        body={
            "baseModel": model,
            "displayName": f"{title} of session {site.session}",
            "minReplicaCount": 0,
            "maxReplicaCount": 1,
            **(CLOUD_DEPLOYMENT if site.kind == "fireworks" else {}),
        },
    )


def deployed(site: Site, model: ModelFacts, source: PlanItem, number: int, **fixed: Any) -> list[PlanItem]:
    """The deployment of a candidate's model and a first real answer from it. `fixed`: gate and rule of choice."""
    name = resource_id(site.session, "deploy", source.resource_id)
    deploy = PlanItem(
        id=f"deploy-{number}",
        kind="deploy",
        title=f"Deploy the model of {source.id} on a dedicated deployment (first hour counted; scales to zero when idle)",
        phase="deployment",
        needs=(source.id,),
        candidate=number,
        resource_id=name,
        request=deployment(site, {OUTPUT: source.id}, name, "deployment"),
        cost=site.prices.deployment_hour(model.parameter_count),
        minutes=DEPLOY_MINUTES[site.kind],
        **fixed,
    )
    probe = PlanItem(
        id=f"probe-{number}",
        kind="probe",
        title=f"Ask the deployment of {source.id} for a first answer, to see that it serves",
        phase="deployment",
        needs=(deploy.id,),
        candidate=number,
        resource_id=name,
        envelope=Envelope(
            model={OUTPUT: source.id}, requests=PROBE_REQUESTS, max_tokens=PROBE_MAX_TOKENS, bytes=PROBE_BYTES
        ),
        cost=ZERO,
        **fixed,
    )
    return [deploy, probe]


def epochs_in_words(count: int) -> str:
    """ "1 epoch", "3 epochs"."""
    return f"{count} epoch" if count == 1 else f"{count} epochs"

"""Supervised fine-tuning jobs: check what is asked for, queue it, show how it goes, cancel."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from local_platform.api.access import Body, ServicesDep, full_name, new_id
from local_platform.api.datasets import ready_files
from local_platform.api.errors import ApiError, invalid
from local_platform.api.listing import ListQuery, list_page
from local_platform.api.signed_urls import Grant
from local_platform.jobs import ACTIVE
from local_platform.services import SFT_JOBS, Services
from local_platform.settings import ACCOUNT
from local_platform.store import Document, Resource, ResourceNotFoundError

router = APIRouter(prefix=f"/v1/accounts/{{account}}/{SFT_JOBS}")
DEFAULT_RANK, MAX_RANK = 8, 64
# Fields that Fireworks' current trainer refuses or ignores; ignoring what a user asked for would mislead.
_REFUSED = ("batchSize", "gradientAccumulationSteps", "jinjaTemplate", "earlyStop", "mtpEnabled", "awsS3Config")
_FREE = {"currencyCode": "USD", "units": "0", "nanos": 0}


@router.post("")
def create_job(
    body: Body,
    services: ServicesDep,
    request: Request,
    job_id: Annotated[str | None, Query(alias="supervisedFineTuningJobId")] = None,
) -> Document:
    """Queue a job. The answer shows every setting, defaults filled in."""
    identifier = new_id(job_id or f"sft-{secrets.token_hex(4)}", "supervisedFineTuningJobId")
    name = f"{ACCOUNT}/{SFT_JOBS}/{identifier}"
    document, spec = _resolve(body, services, identifier)
    return _show(services.jobs.submit(SFT_JOBS, name, document, spec), services, request)


@router.get("")
def list_jobs(services: ServicesDep, request: Request, query: Annotated[ListQuery, Depends()]) -> Document:
    return list_page(SFT_JOBS, [_show(job, services, request) for job in services.store.list(SFT_JOBS)], query)


@router.get("/{job}")
def get_job(job: str, services: ServicesDep, request: Request) -> Document:
    return _show(services.store.get(_name(job)), services, request)


@router.post("/{job}:cancel")
def cancel_job(job: str, services: ServicesDep) -> Document:
    if not services.jobs.cancel(_name(job)):
        state = services.store.get(_name(job)).state
        raise ApiError("FAILED_PRECONDITION", f"{_name(job)} has already ended ({state})")
    return {}


@router.delete("/{job}")
def delete_job(job: str, services: ServicesDep) -> Document:
    services.jobs.delete(_name(job))
    return {}


def _name(job: str) -> str:
    return f"{ACCOUNT}/{SFT_JOBS}/{job}"


def _show(job: Resource, services: Services, request: Request) -> Document:
    """The job as stored, with signed URLs of the files it has written so far."""
    folder = services.jobs.folder(job)
    shown = dict(job.document)
    for field, file in (("metricsFileSignedUrl", "metrics.jsonl"), ("trainerLogsSignedUrl", "trainer.log")):
        if (folder / file).is_file():
            shown[field] = services.signer.url(request, Grant("GET", folder / file))
    return shown


def _resolve(body: Body, services: Services, identifier: str) -> tuple[Document, Document]:
    """The job document with defaults filled in, and the spec its process reads. Raises ApiError."""
    refused = [field for field in _REFUSED if body.get(field)]
    if refused:
        raise invalid(f"{', '.join(refused)}: not taken by this trainer")
    if body.get("warmStartFrom"):
        raise invalid("warmStartFrom: not available on this platform; give baseModel")
    base_name = full_name(body.get("baseModel"), "models", "baseModel")
    base = services.models.catalog.get(base_name)
    if base is None:
        tuned = services.models.exists(base_name)
        hint = "is a tuned model; give its base model" if tuned else "does not exist on this platform"
        raise ApiError("INVALID_ARGUMENT" if tuned else "NOT_FOUND", f"baseModel: {base_name} {hint}")
    if not base.tunable:
        raise invalid(f"baseModel: {base_name} is not tunable")
    files = ready_files(services, body.get("dataset"), "dataset")
    evaluation = body.get("evaluationDataset")
    evaluation_files = ready_files(services, evaluation, "evaluationDataset") if evaluation else []
    rank = _integer(body, "loraRank", DEFAULT_RANK, 1, MAX_RANK)
    document = {
        **body,
        "dataset": full_name(body["dataset"], "datasets", "dataset"),
        "baseModel": base_name,
        "outputModel": _output_model(body, services, identifier),
        "epochs": _epochs(body),
        "learningRate": _number(body, "learningRate", base.learning_rate(rank), 1e-9, 1.0),
        "loraRank": rank,
        "maxContextLength": _integer(body, "maxContextLength", base.context_length, 16, base.context_length),
        "batchSizeSamples": _integer(body, "batchSizeSamples", base.recommended.batch_size, 1, 4096),
        "learningRateWarmupSteps": _integer(body, "learningRateWarmupSteps", 0, 0, 1_000_000),
        "optimizerWeightDecay": _number(body, "optimizerWeightDecay", 0.0, 0.0, 1.0),
        "evalAutoCarveout": bool(body.get("evalAutoCarveout", not evaluation)),
        "estimatedCost": _FREE,
    }
    if evaluation:
        document["evaluationDataset"] = full_name(evaluation, "datasets", "evaluationDataset")
    spec = {
        "base_model": base_name,
        "base_path": str(base.path),
        "train_files": [str(path) for path in files],
        "evaluation_files": [str(path) for path in evaluation_files],
        "carve_out": document["evalAutoCarveout"] and not evaluation,
        "epochs": document["epochs"],
        "learning_rate": document["learningRate"],
        "lora_rank": rank,
        "max_length": document["maxContextLength"],
        "batch_size": document["batchSizeSamples"],
        "warmup_steps": document["learningRateWarmupSteps"],
        "weight_decay": document["optimizerWeightDecay"],
        "threads": services.settings.threads,
    }
    return document, spec


def _output_model(body: Body, services: Services, identifier: str) -> str:
    name = full_name(body.get("outputModel") or identifier, "models", "outputModel")
    prefix, _, model_id = name.rpartition("/")
    if prefix != f"{ACCOUNT}/models":
        raise invalid(f"outputModel: expected {ACCOUNT}/models/<id>, got {name!r}")
    new_id(model_id, "outputModel")
    try:
        mine = services.store.get(_name(identifier)).document["outputModel"] == name
    except ResourceNotFoundError:
        mine = False
    making = [job.name for job in services.store.list(SFT_JOBS, ACTIVE) if job.document["outputModel"] == name]
    # The same job asked for twice is told that the job exists, which is the nearer truth.
    if not mine and (services.models.exists(name) or making):
        raise ApiError(
            "ALREADY_EXISTS", f"outputModel: {name} exists or is being made by {', '.join(making) or 'a job'}"
        )
    return name


def _epochs(body: Body) -> int | float:
    """Fractions of an epoch are allowed (Fireworks' rule since its second trainer); whole ones stay integers."""
    epochs = _number(body, "epochs", 1, 0.01, 100)
    return int(epochs) if float(epochs).is_integer() else epochs


def _integer(body: Body, field: str, default: int, low: int, high: int) -> int:
    value = _number(body, field, default, low, high)
    if not float(value).is_integer():
        raise invalid(f"{field}: expected a whole number, got {value}")
    return int(value)


def _number(body: Body, field: str, default: float, low: float, high: float) -> float:
    value: Any = body.get(field)
    if value is None or (value == 0 and low > 0):  # proto3: 0 is "not set"
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise invalid(f"{field}: expected a number from {low:g} to {high:g}, got {value!r}")
    return value

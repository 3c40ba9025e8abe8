"""Deployments: create, scale, delete; the background loads and unloads their models.

Scaled to 0 replicas a deployment stays READY with replicaCount 0 and its model leaves memory; chats get a 503 until it is
scaled up again.
"""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from local_platform.api.access import Body, ServicesDep, full_name, new_id
from local_platform.api.errors import invalid
from local_platform.api.listing import ListQuery, list_page
from local_platform.deployments import COLLECTION
from local_platform.services import Services
from local_platform.settings import ACCOUNT
from local_platform.store import Document

router = APIRouter(prefix=f"/v1/accounts/{{account}}/{COLLECTION}")


@router.post("")
def create_deployment(
    body: Body,
    services: ServicesDep,
    deployment_id: Annotated[str | None, Query(alias="deploymentId")] = None,
    validate_only: Annotated[bool, Query(alias="validateOnly")] = False,
) -> Document:
    """Create a deployment of a base or tuned model; it is CREATING until the model is in memory."""
    identifier = new_id(deployment_id or f"deployment-{secrets.token_hex(4)}", "deploymentId")
    model = full_name(body.get("baseModel"), "models", "baseModel")
    services.models.document(model)
    minimum = _replicas(body, "minReplicaCount", 0)
    maximum = _replicas(body, "maxReplicaCount", max(minimum, 1))
    if minimum > maximum:
        raise invalid(f"minReplicaCount {minimum} is above maxReplicaCount {maximum}")
    name = f"{ACCOUNT}/{COLLECTION}/{identifier}"
    document = {
        **body,
        "baseModel": model,
        "minReplicaCount": minimum,
        "maxReplicaCount": maximum,
        "state": "CREATING",
        "status": {"code": "OK", "message": ""},
        "desiredReplicaCount": 1,
        "replicaCount": 0,
        "replicaStats": {"readyReplicaCount": 0},
    }
    if validate_only:
        return {"name": name, **document}
    created = services.store.create(COLLECTION, name, document)
    services.deployments_wake.set()
    return created.document


@router.get("")
def list_deployments(services: ServicesDep, query: Annotated[ListQuery, Depends()]) -> Document:
    return list_page(COLLECTION, [item.document for item in services.store.list(COLLECTION)], query)


@router.get("/{deployment}")
def get_deployment(deployment: str, services: ServicesDep) -> Document:
    return services.store.get(_name(deployment)).document


@router.patch("/{deployment}:scale")
def scale_deployment(deployment: str, body: Body, services: ServicesDep) -> Document:
    """Ask for a number of replicas. One machine has one copy in memory: any number above 0 serves the same."""
    count = _replicas(body, "replicaCount", 0)

    def scale(document: Document, _: Document) -> None:
        document["desiredReplicaCount"] = count
        document["state"] = "UPDATING"

    services.store.update(_name(deployment), scale)
    services.deployments_wake.set()
    return {}


@router.delete("/{deployment}")
def delete_deployment(deployment: str, services: ServicesDep) -> Document:
    name = _name(deployment)
    found = services.store.get(name).document
    services.store.delete(name)
    _unload_if_last(services, found["baseModel"])
    return {}


def _unload_if_last(services: Services, model: str) -> None:
    serving = services.store.list(COLLECTION, ("READY", "CREATING", "UPDATING"))
    if services.models.exists(model) and not any(item.document["baseModel"] == model for item in serving):
        services.engine.unload(services.models.target(model))


def _name(deployment: str) -> str:
    return f"{ACCOUNT}/{COLLECTION}/{deployment}"


def _replicas(body: Body, field: str, default: int) -> int:
    value: Any = body.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 64:
        raise invalid(f"{field}: expected a whole number from 0 to 64, got {value!r}")
    return value

"""Models: the catalogue's and the tuned ones; list, get, download, delete."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from local_platform.api.access import ServicesDep
from local_platform.api.errors import ApiError
from local_platform.api.listing import ListQuery, list_page
from local_platform.api.signed_urls import Grant
from local_platform.services import Services
from local_platform.settings import ACCOUNT
from local_platform.store import Document

router = APIRouter(prefix="/v1/accounts/{account}/models")


@router.get("")
def list_models(services: ServicesDep, query: Annotated[ListQuery, Depends()]) -> Document:
    return list_page("models", services.models.documents(), query)


@router.get("/{model}:getDownloadEndpoint")
def get_download_endpoint(model: str, request: Request, services: ServicesDep) -> Document:
    """Signed URLs of every file of the checkpoint (or adapter): tokenizer.json, config.json, weights, ..."""
    folder = services.models.folder(_name(model))
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return {"filenameToSignedUrls": {path.name: services.signer.url(request, Grant("GET", path)) for path in files}}


@router.get("/{model}")
def get_model(model: str, services: ServicesDep) -> Document:
    document = services.models.document(_name(model))
    return {**document, "deployedModelRefs": _references(services, _name(model))}


@router.delete("/{model}")
def delete_model(model: str, services: ServicesDep) -> Document:
    name = _name(model)
    if name in services.models.catalog:
        raise ApiError("PERMISSION_DENIED", f"{name} belongs to the catalogue and can't be deleted")
    if _references(services, name):
        raise ApiError("FAILED_PRECONDITION", f"{name} is deployed: delete its deployments first")
    services.models.delete(name)
    return {}


def _name(model: str) -> str:
    return f"{ACCOUNT}/models/{model}"


def _references(services: Services, name: str) -> list[Document]:
    deployed = [item for item in services.store.list("deployments") if item.document["baseModel"] == name]
    states = {"READY": "DEPLOYED", "CREATING": "DEPLOYING", "UPDATING": "UPDATING", "FAILED": "UNDEPLOYED"}
    return [{"name": name, "deployment": item.name, "state": states[item.state], "default": True} for item in deployed]

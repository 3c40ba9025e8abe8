"""The files behind signed URLs: GET streams one out, PUT streams one in. The URL is the only credential."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from local_platform.api.access import ServicesDep
from local_platform.api.datasets import write_stream
from local_platform.api.errors import ApiError, invalid
from local_platform.api.signed_urls import Grant
from local_platform.services import Services

router = APIRouter(prefix="/signed")


@router.get("/{token}/{name}")
def download(token: str, services: ServicesDep) -> FileResponse:
    grant = _grant(services, token, "GET")
    if not grant.path.is_file():
        raise ApiError("NOT_FOUND", f"{grant.path.name}: nothing there (yet)")
    return FileResponse(grant.path, media_type="application/octet-stream")


@router.put("/{token}/{name}")
async def upload(token: str, request: Request, services: ServicesDep) -> Response:
    grant = _grant(services, token, "PUT")
    size = await write_stream(request.stream(), grant.path, grant.size or 0)
    if size != grant.size:
        grant.path.unlink()
        raise invalid(f"{grant.path.name}: announced {grant.size} bytes, got {size}")
    return Response(status_code=200)


def _grant(services: Services, token: str, method: str) -> Grant:
    grant = services.signer.check(token, method)
    if grant is None:
        raise ApiError(
            "PERMISSION_DENIED", f"this URL does not allow {method}, was altered or has expired: ask for a new one"
        )
    return grant

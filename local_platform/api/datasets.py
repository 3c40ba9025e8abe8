"""Data sets: create, upload in one request or by signed URLs, validate, read back."""

import json
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, UploadFile
from starlette.concurrency import run_in_threadpool

from local_platform.api.access import Body, ServicesDep, full_name, new_id
from local_platform.api.errors import ApiError, invalid
from local_platform.api.listing import ListQuery, list_page
from local_platform.api.signed_urls import Grant
from local_platform.jobs import ACTIVE
from local_platform.services import SFT_JOBS, Services
from local_platform.settings import ACCOUNT
from local_platform.store import Document, Resource

router = APIRouter(prefix="/v1/accounts/{account}/datasets")
COLLECTION = "datasets"
MIN_ROWS, MAX_ROWS = 3, 3_000_000  # Fireworks' documented bounds of a data set
MAX_UPLOAD_BYTES = 150 * 1024 * 1024  # of the one-request upload; signed URLs take any size
_CHUNK = 1 << 20
_MESSAGES_OF_FORMAT = {"CHAT": ("messages",), "COMPLETION": ("prompt", "completion")}


@router.post("")
def create_dataset(body: Body, services: ServicesDep) -> Document:
    """Register a data set; its content follows by upload."""
    dataset = body.get("dataset")
    if not isinstance(dataset, dict):
        raise invalid("dataset: expected an object")
    elsewhere = [field for field in ("externalUrl", "splitted", "transformed") if dataset.get(field)]
    if elsewhere or body.get("sourceDatasetId"):
        raise invalid(f"{', '.join(elsewhere or ['sourceDatasetId'])}: not available on this platform; upload the rows")
    dataset_id = new_id(body.get("datasetId"), "datasetId")
    document = {**dataset, "state": "UPLOADING", "status": {"code": "OK", "message": ""}}
    document.setdefault("format", "CHAT")
    if "exampleCount" in document:
        document["exampleCount"] = str(document["exampleCount"])
    return services.store.create(COLLECTION, f"{ACCOUNT}/datasets/{dataset_id}", document, {"files": []}).document


@router.get("")
def list_datasets(services: ServicesDep, query: Annotated[ListQuery, Depends()]) -> Document:
    return list_page(COLLECTION, [item.document for item in services.store.list(COLLECTION)], query)


@router.get("/{dataset}:getDownloadEndpoint")
def get_download_endpoint(dataset: str, request: Request, services: ServicesDep) -> Document:
    found = _get(services, dataset)
    folder = dataset_folder(services, found.name)
    urls = {file: services.signer.url(request, Grant("GET", folder / file)) for file in found.private["files"]}
    return {"filenameToSignedUrls": urls if found.document["state"] == "READY" else {}}


@router.get("/{dataset}")
def get_dataset(dataset: str, services: ServicesDep) -> Document:
    return _get(services, dataset).document


@router.delete("/{dataset}")
def delete_dataset(dataset: str, services: ServicesDep) -> Document:
    found = _get(services, dataset)
    users = [
        job.name
        for job in services.store.list(SFT_JOBS, ACTIVE)
        if found.name in (job.document["dataset"], job.document.get("evaluationDataset"))
    ]
    if users:
        raise ApiError("FAILED_PRECONDITION", f"{found.name} is in use by {', '.join(users)}: cancel them first")
    services.store.delete(found.name)
    shutil.rmtree(dataset_folder(services, found.name), ignore_errors=True)
    return {}


@router.post("/{dataset}:upload")
async def upload(dataset: str, file: UploadFile, services: ServicesDep) -> Document:
    """The one-request upload: write the file, validate it, READY."""
    found = _get_uploading(services, dataset)
    filename = _file_name(file.filename)
    folder = dataset_folder(services, found.name)
    size = await write_stream(_chunks(file), folder / filename, MAX_UPLOAD_BYTES)
    await run_in_threadpool(_validate, services, found, [filename])
    return {
        "id": found.name,
        "bytes": size,
        "filename": filename,
        "object": "file",
        "purpose": "fine-tune",
        "created_at": int(time.time()),
    }


@router.post("/{dataset}:getUploadEndpoint")
def get_upload_endpoint(dataset: str, body: Body, request: Request, services: ServicesDep) -> Document:
    """Signed PUT URLs for exactly the files named; each call replaces the files registered before."""
    found = _get_uploading(services, dataset)
    sizes = body.get("filenameToSize")
    if not isinstance(sizes, dict) or not sizes or not all(str(size).isdigit() for size in sizes.values()):
        raise invalid("filenameToSize: expected an object of file names with their sizes in bytes")
    names = {_file_name(name): int(size) for name, size in sizes.items()}
    services.store.update(found.name, lambda _, private: private.update(files=sorted(names)))
    folder = dataset_folder(services, found.name)
    urls = {name: services.signer.url(request, Grant("PUT", folder / name, size)) for name, size in names.items()}
    return {"filenameToSignedUrls": urls}


@router.post("/{dataset}:validateUpload")
def validate_upload(dataset: str, services: ServicesDep) -> Document:
    found = _get(services, dataset)
    if found.document["state"] != "READY":
        _validate(services, found, found.private["files"])
    return {}


def dataset_folder(services: Services, name: str) -> Path:
    return services.settings.datasets / name.rpartition("/")[2]


def ready_files(services: Services, name: Any, what: str) -> list[Path]:
    """The files of a READY data set. Raises ApiError when it is unknown or not READY."""
    full = full_name(name, COLLECTION, what)
    found = services.store.get(full)
    if found.document["state"] != "READY":
        raise ApiError(
            "FAILED_PRECONDITION", f"{what}: {full} is {found.document['state']}, not READY: upload it first"
        )
    return [dataset_folder(services, full) / file for file in found.private["files"]]


async def write_stream(chunks: AsyncIterator[bytes], path: Path, limit: int) -> int:
    """Write a stream to disk, appearing under its name only when whole. Raises ApiError above `limit` bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    size = 0
    with partial.open("wb") as out:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit:
                break
            await run_in_threadpool(out.write, chunk)
    if size > limit:
        partial.unlink()
        raise invalid(f"{path.name}: more than the {limit} bytes allowed here")
    partial.replace(path)
    return size


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await file.read(_CHUNK):
        yield chunk


def _get(services: Services, dataset: str) -> Resource:
    return services.store.get(f"{ACCOUNT}/datasets/{dataset}")


def _get_uploading(services: Services, dataset: str) -> Resource:
    found = _get(services, dataset)
    if found.document["state"] != "UPLOADING":
        raise ApiError("FAILED_PRECONDITION", f"{found.name} is READY; its content can't be changed any more")
    return found


def _file_name(name: Any) -> str:
    if not isinstance(name, str) or Path(name).name != name or not name.endswith(".jsonl") or name.startswith("."):
        raise invalid(f"file name: expected a plain name ending in .jsonl, got {name!r}")
    return name


def _validate(services: Services, found: Resource, files: list[str]) -> None:
    """Count and check the rows, then READY. Raises ApiError that names the file and line at fault."""
    rows = 0
    if not files:
        raise ApiError("FAILED_PRECONDITION", f"{found.name}: nothing has been uploaded")
    for file in files:
        path = dataset_folder(services, found.name) / file
        if not path.is_file():
            raise ApiError("FAILED_PRECONDITION", f"{found.name}: {file} has not been uploaded")
        rows += _count_rows(path, _MESSAGES_OF_FORMAT.get(found.document["format"], ()))
    if not MIN_ROWS <= rows <= MAX_ROWS:
        raise invalid(f"{found.name}: a data set has {MIN_ROWS} to {MAX_ROWS} rows, this one has {rows}")

    def ready(document: Document, private: Document) -> None:
        document.update(state="READY", exampleCount=str(rows))
        private["files"] = files

    services.store.update(found.name, ready)


def _count_rows(path: Path, required: tuple[str, ...]) -> int:
    rows = 0
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(_decoded(lines, path), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise invalid(f"{path.name}, line {number}: not JSON ({error})") from error
            if not isinstance(row, dict):
                raise invalid(f"{path.name}, line {number}: expected a JSON object, got {type(row).__name__}")
            # A preference row has neither, so only a row that has none of the known keys is refused.
            known = (*required, "input", "prompt", "messages")
            if required and not any(key in row for key in known):
                raise invalid(f"{path.name}, line {number}: expected the key {' and '.join(required)}")
            rows += 1
    return rows


def _decoded(lines: Any, path: Path) -> Any:
    try:
        yield from lines
    except UnicodeDecodeError as error:
        raise invalid(f"{path.name}: not UTF-8 text ({error})") from error

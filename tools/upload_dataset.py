"""Uploads one planned file as a new data set and waits until the platform has read it. Goes on wherever it was cut.

Always create, signed address, PUT, validate, and poll until READY, whatever the size: one way that can be resumed.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from tools.base import Arguments, Effect, FunctionTool, ToolContext, ToolError, ToolResult
from tools.errors import platform_errors, quote
from tools.facts import UploadFinished
from tools.files import sha256_file
from tools.resources import create, plan_item, read, short_id
from tuning.plan import PlanItem, Upload

POLL_SECONDS = (0.1, 0.2, 0.5, 1.0, *([2.0] * 60))
"""Pauses between looks until the data set is READY: two minutes in all, then the tool is to be called again."""


class UploadArguments(Arguments):
    """An upload item of the plan."""

    item: str


async def upload_dataset(arguments: UploadArguments, context: ToolContext) -> ToolResult:
    """Makes the planned data set READY. Raises ToolError; every call goes on from what the platform has."""
    item = plan_item(context, arguments.item, "upload")
    upload, request = item.upload, item.request
    assert upload is not None and request is not None, "an upload item has a file and a request"
    name = item.resource()
    source = await _checked_file(context, item, upload)
    dataset = await create(context, request, name)
    if dataset.get("state") != "READY":
        await context.emit(f"uploading {upload.file_name} ({upload.rows} rows, {upload.bytes:,} bytes)")
        await _send(context, name, upload, source)
        await _until_ready(context, name)
    return ToolResult(facts=(UploadFinished(item=item.id, resource=name),), text=f"{item.title}: {name} is READY")


async def _checked_file(context: ToolContext, item: PlanItem, upload: Upload) -> Path:
    """The prepared file, if it still is what the plan names."""
    role = item.id.removeprefix("upload-")
    part = context.known.material.part(role) if context.known.material else None
    path = context.workspace / (part.path if part else f"datasets/{upload.file_name}")
    try:
        found = await asyncio.to_thread(sha256_file, path)
    except OSError as error:
        raise ToolError(
            f"the prepared file {path.name} cannot be read: {error.strerror}",
            owner="yours",
            next_step="Ask for the data to be prepared again.",
        ) from error
    if found != (upload.sha256, upload.bytes):
        raise ToolError(
            f"{path.name} in the workspace is not the file that the plan names; it was changed after the plan was made",
            owner="yours",
            next_step="Ask for the data to be prepared again; the plan will be shown again.",
        )
    return path


async def _send(context: ToolContext, name: str, upload: Upload, source: Path) -> None:
    """The file through a signed address, twice at most (an address may have expired), and the platform's check of it."""
    for last in (False, True):
        url = await _address(context, name, upload)
        try:
            with platform_errors(f"uploading {upload.file_name}"):
                await context.blobs.put(url, source)
            break
        except ToolError as error:
            if last or not error.retry:
                raise
    with platform_errors(f"having the upload {name} checked"):
        await context.platform.datasets.validate_upload(short_id(name), account_id=context.account, body={})


async def _address(context: ToolContext, name: str, upload: Upload) -> str:
    with platform_errors(f"asking for an upload address for {name}"):
        answer = await context.platform.datasets.get_upload_endpoint(
            short_id(name), account_id=context.account, filename_to_size={upload.file_name: str(upload.bytes)}
        )
        url = (getattr(answer, "filename_to_signed_urls", None) or {}).get(upload.file_name)
    if not isinstance(url, str) or not url:
        raise ToolError(
            f"the platform gave no upload address for {name}",
            owner="platform",
            next_step="It can be tried again.",
            retry=True,
        )
    return url


async def _until_ready(context: ToolContext, name: str) -> None:
    for pause in (*POLL_SECONDS, None):
        dataset = await read(context, name)
        if dataset.get("state") == "READY":
            return
        status = dataset.get("status")
        code = status.get("code") if isinstance(status, dict) else None
        if code not in (None, "OK"):
            words = quote(status.get("message") or code, context.platform.api_key) if isinstance(status, dict) else ""
            raise ToolError(
                f"the platform does not accept the data set {name}: {words}",
                owner="unknown",
                next_step="Look at the rows it names.",
            )
        if pause is not None:
            await asyncio.sleep(pause)
    raise ToolError(
        f"the data set {name} is not READY yet", owner="platform", next_step="It will be looked at again.", retry=True
    )


TOOL = FunctionTool(
    name="upload_dataset",
    effect=Effect.SPEND,
    description="Uploads a prepared file of the approved plan as a new data set.",
    arguments=UploadArguments,
    function=upload_dataset,
)

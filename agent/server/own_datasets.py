"""The user's own uploads and downloads of data sets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import msgspec
from fireworks import AsyncFireworks, ConflictError

from agent.guard.client import CHUNK, CLOUD, Connection
from agent.server.problems import Problem
from tools.resources import document

TIMEOUT = httpx.Timeout(60.0, connect=10.0)
BOM = b"\xef\xbb\xbf"
MIN_ROWS = 3
"""Documented bound of a data set on Fireworks."""


async def upload(
    client: AsyncFireworks, connection: Connection, name: str, path: Path, display_name: str
) -> dict[str, Any]:
    """Creates the data set and sends the file by a signed address. Raises Problem, FireworksError, httpx.HTTPError."""
    rows = await asyncio.to_thread(count_rows, path)
    size = path.stat().st_size
    await _register(client, connection, name, rows, display_name or path.name)
    file_name = "data.jsonl"
    answer = await client.datasets.get_upload_endpoint(
        name, account_id=connection.account, filename_to_size={file_name: str(size)}
    )
    url = str(document(answer)["filenameToSignedUrls"][file_name])
    headers = {
        "Content-Type": "application/octet-stream",
        "X-Goog-Content-Length-Range": f"{size},{size}",
        "Content-Length": str(size),
    }
    async with _files(connection) as files:
        (await files.put(url, content=_chunks(path), headers=headers)).raise_for_status()
    await client.datasets.validate_upload(name, account_id=connection.account, body={})
    return document(await client.datasets.get(name, account_id=connection.account))


async def _register(client: AsyncFireworks, connection: Connection, name: str, rows: int, display_name: str) -> None:
    """Makes the data set, or finds the one that an upload that was cut off left behind: it has no content yet."""
    try:
        await client.with_options(max_retries=0).datasets.create(
            account_id=connection.account, dataset_id=name,
            dataset={"display_name": display_name, "example_count": str(rows), "user_uploaded": {}},
        )  # fmt: skip
    except ConflictError:
        found = document(await client.datasets.get(name, account_id=connection.account))
        if found.get("state") != "UPLOADING":
            raise Problem(
                409, f"there is a data set {name} already; nothing that exists is overwritten",
                next_step="Choose another name.",
            ) from None  # fmt: skip


async def fetch(client: AsyncFireworks, connection: Connection, name: str, target: Path) -> list[str]:
    """Downloads the files of a data set into the folder `target`; returns their paths. Nothing is overwritten."""
    answer = document(await client.datasets.get_download_endpoint(name, account_id=connection.account))
    urls: dict[str, str] = answer.get("filenameToSignedUrls") or {}
    if not urls:
        raise Problem(
            409, f"the data set {name} has no files to download: it is not READY", next_step="Look at its state."
        )
    written = []
    async with _files(connection) as files:
        for file_name, url in sorted(urls.items()):
            path = target / Path(file_name).name
            await _save(files, url, path)
            written.append(str(path))
    return written


def count_rows(path: Path) -> int:
    """Rows of a JSONL file, each seen to be a JSON object. Raises Problem that names the line."""
    rows = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                text = line.strip()
                if not text:
                    continue
                if text.startswith(BOM):
                    raise _unusable(path, "it begins with a byte order mark; save it as plain UTF-8")
                if not _is_object(text):
                    raise _unusable(path, f"line {number} is not a JSON object")
                rows += 1
    except OSError as error:
        raise _unusable(path, error.strerror or type(error).__name__) from error
    if rows < MIN_ROWS:
        raise _unusable(path, f"it has {rows} rows; a data set needs at least {MIN_ROWS}")
    return rows


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _unusable(path: Path, why: str) -> Problem:
    return Problem(
        400, f"{path} can't be a data set: {why}", next_step="Give a JSONL file with one JSON object on each line."
    )


def _files(connection: Connection) -> httpx.AsyncClient:
    """For signed addresses: carries no key."""
    return httpx.AsyncClient(timeout=TIMEOUT, trust_env=(connection.url or CLOUD) == CLOUD)


async def _chunks(path: Path) -> Any:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


async def _save(files: httpx.AsyncClient, url: str, path: Path) -> None:
    if path.exists():
        raise Problem(409, f"{path} exists already and is not overwritten", next_step="Choose another folder.")
    partial = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        async with files.stream("GET", url) as answer:
            answer.raise_for_status()
            with partial.open("wb") as file:
                async for chunk in answer.aiter_bytes(CHUNK):
                    file.write(chunk)
        partial.replace(path)
    except OSError as error:
        raise Problem(400, f"{path} can't be written: {error.strerror}", next_step="Choose another folder.") from error
    finally:
        partial.unlink(missing_ok=True)

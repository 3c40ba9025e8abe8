"""Opens the platform for one session: the official SDK over the guard's transport, and a file client without credentials."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fireworks import AsyncFireworks, DefaultAsyncHttpxClient
from httpx_aiohttp import AiohttpTransport

from agent.guard.transport import GuardTransport, SignedUrls
from agent.guard.verdict import Wire
from agent.session.state import SessionState
from tools.base import ToolError

CLOUD = "https://api.fireworks.ai"
SCRUBBED = ("FIREWORKS_BASE_URL", "FIREWORKS_CUSTOM_HEADERS")
"""Variables that would silently redirect the SDK or add headers; removed before a client is built."""
COMPLETIONS = "/chat/completions"
MAX_CONNECTIONS = 320
"""More than an evaluation ever has in flight (`tools/pace.py`), so that no completion waits behind them."""
CHUNK = 1 << 20


@dataclass(frozen=True)
class Connection:
    """What a session needs to reach its platform. `url` empty means the cloud. The key is never shown."""

    account: str
    key: str
    url: str = ""

    def __repr__(self) -> str:
        return f"Connection(account={self.account!r}, url={self.url!r})"


@dataclass(frozen=True)
class Platform:
    """An open platform: `client` passes the guard, `blobs` holds no credentials."""

    client: AsyncFireworks
    blobs: SignedBlobs
    grant: Callable[[str, int], None]
    """(tally, completions): lets that many leave, once the log has reserved them."""

    async def close(self) -> None:
        await self.client.close()
        await self.blobs.close()


def open_platform(
    connection: Connection,
    read_state: Callable[[], SessionState],
    *,
    inner: httpx.AsyncBaseTransport | None = None,
    on_refusal: Callable[[Wire, str], None] = lambda wire, reason: None,
    strict: bool = False,
) -> Platform:
    """The platform as one session may use it. `strict` makes the SDK validate every answer (tests)."""
    for name in SCRUBBED:
        os.environ.pop(name, None)
    urls = SignedUrls()
    base = httpx.URL(connection.url or CLOUD)
    inner = inner or AiohttpTransport(limits=httpx.Limits(max_connections=MAX_CONNECTIONS))
    transport = GuardTransport(inner, base, connection.account, read_state, urls, on_refusal)
    client = AsyncFireworks(
        api_key=connection.key,
        account_id=connection.account,
        # Told its own address, the SDK would ask /v1/chat/completions, which the cloud does not have.
        base_url=None if base == httpx.URL(CLOUD) else connection.url,
        http_client=PlainHttpClient(transport),
        _strict_response_validation=strict,
    )
    return Platform(client, SignedBlobs(urls, base, read_state), transport.grant)


class PlainHttpClient(DefaultAsyncHttpxClient):
    """The SDK's HTTP client, with a short way for completions: a request of thousands, equal but for its body.

    On that way there are no cookies, redirects, or auth flows and no defaults to merge, which together cost as much as the
    request itself. The transport, and so the guard, is the same.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        super().__init__(transport=transport)
        self._direct = transport

    def build_request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Request:
        if not str(url).endswith(COMPLETIONS) or options.get("params"):
            return super().build_request(method, url, **options)
        timeout = httpx.Timeout(options["timeout"]).as_dict()
        return httpx.Request(
            method, url, headers=options["headers"], content=options["content"], extensions={"timeout": timeout}
        )

    async def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        if stream or not request.url.path.endswith(COMPLETIONS):
            return await super().send(request, stream=stream, **options)
        response = await self._direct.handle_async_request(request)
        response.request = request
        try:
            await response.aread()
        finally:
            await response.aclose()
        return response


class SignedBlobs:
    """Moves files to and from signed URLs. Knows only URLs that this session was given, and sends only approved bytes."""

    def __init__(self, urls: SignedUrls, base: httpx.URL, read_state: Callable[[], SessionState]) -> None:
        self._urls = urls
        self._base = base
        self._read_state = read_state
        self._http = httpx.AsyncClient(transport=AiohttpTransport(), timeout=60.0, follow_redirects=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, url: str, target: Path) -> int:
        """Streams to `target` by way of a temporary file. Raises ToolError."""
        self._check(url)
        partial = target.with_name(f".{target.name}.part")
        try:
            async with self._http.stream("GET", url) as response:
                _check_status(response)
                with partial.open("wb") as file:
                    async for chunk in response.aiter_bytes(CHUNK):
                        file.write(chunk)
        except httpx.HTTPError as error:
            partial.unlink(missing_ok=True)
            raise ToolError(
                f"the download broke off: {type(error).__name__}", owner="platform", retry=True,
                next_step="It is tried again.",
            ) from error  # fmt: skip
        partial.replace(target)
        return target.stat().st_size

    async def put(self, url: str, source: Path) -> None:
        """Streams a file up. The last chunk leaves only after the whole file's SHA-256 was seen to be approved."""
        self._check(url)
        approved = self._approved()
        size = source.stat().st_size
        headers = {
            "Content-Type": "application/octet-stream",
            "X-Goog-Content-Length-Range": f"{size},{size}",
            "Content-Length": str(size),
        }
        try:
            response = await self._http.put(url, content=_verified(source, approved), headers=headers)
        except httpx.HTTPError as error:
            raise ToolError(
                f"the upload broke off: {type(error).__name__}", owner="platform", retry=True,
                next_step="It is tried again.",
            ) from error  # fmt: skip
        _check_status(response)

    def _approved(self) -> frozenset[str]:
        state = self._read_state()
        plan = state.known.plan
        if plan is None or plan.digest() not in state.approved or state.held or state.cancelling or state.ended:
            return frozenset()
        return frozenset(item.upload.sha256 for item in plan.items if item.upload)

    def _check(self, url: str) -> None:
        parsed = httpx.URL(url)
        local = self._base.scheme == "http"
        own = (parsed.scheme, parsed.host, parsed.port) == (self._base.scheme, self._base.host, self._base.port)
        if url not in self._urls or (local and not own) or (not local and parsed.scheme != "https"):
            raise ToolError(
                "refused before sending: the file's address did not come from the platform.", owner="platform"
            )


async def _verified(source: Path, approved: frozenset[str]) -> AsyncIterator[bytes]:
    digest = hashlib.sha256()
    held = b""
    with source.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            if held:
                yield held
            held = chunk
    if digest.hexdigest() not in approved:
        raise ToolError("refused before sending: the file is not one that the approved plan names.", owner="yours",
                        next_step="The file was changed after the approval; prepare and approve it again.")  # fmt: skip
    yield held


def _check_status(response: httpx.Response) -> None:
    if response.status_code >= 300:
        raise ToolError(
            f"the platform's file store answered {response.status_code}",
            owner="platform",
            next_step="It is tried again with a fresh address.",
            retry=True,
        )

"""ASGI middleware for tests: records every request, injects faults, and lets a look at a job count as a poll."""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local_platform.services import SFT_JOBS, Services
from tests.scripted_work import ScriptedEngine, ScriptedRunner


@dataclass
class Fault:
    """What goes wrong with the requests whose method and path (a regular expression, searched) match."""

    method: str = "*"
    path: str = ""
    status: int | None = None
    """Answer this status instead of handling the request."""
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds to wait before handling."""
    drop: bool = False
    """Close the connection without handling the request: the platform is down."""
    drop_after: bool = False
    """Handle the request whole, then close the connection without an answer."""
    times: int | None = None
    """How many requests it hits; None = all."""


@dataclass(frozen=True)
class Seen:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    body_sha256: str

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


Alteration = Callable[[Seen, bytes], bytes]
"""What becomes of the answer to a GET: the request and the JSON body, and the body that is sent instead."""


class Wire:
    """ASGI middleware: records every request, applies the faults, and lets a look at a job count as a poll."""

    def __init__(self, app: ASGIApp, services: Services, runner: ScriptedRunner, engine: ScriptedEngine) -> None:
        self.app, self.services, self.runner, self.engine = app, services, runner, engine
        self.requests: list[Seen] = []
        self.faults: list[Fault] = []
        self.alterations: list[Alteration] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await _body(receive)
        seen = _seen(scope, body)
        self.requests.append(seen)
        fault = self._fault(seen)
        await asyncio.sleep(fault.delay)
        if fault.drop:
            _drop(send)
        elif fault.status is not None:
            await _answer_status(send, fault)
        else:
            if seen.method == "GET":
                await asyncio.to_thread(self._poll, seen.path)
            out = self._altered(seen, send) if self.alterations and seen.method == "GET" else send
            await self.app(scope, _replay(body, receive), _swallow if fault.drop_after else out)
            if fault.drop_after:
                _drop(send)

    def _altered(self, seen: Seen, send: Send) -> Send:
        """Holds a JSON answer back until it is whole, and sends what the alterations make of it."""
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)
            if message["type"] != "http.response.body" or message.get("more_body"):
                return
            start, body = held[0], b"".join(part.get("body", b"") for part in held[1:])
            if start["status"] == 200 and body.startswith(b"{"):
                for alter in self.alterations:
                    body = alter(seen, body)
            headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
            await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
            await send({"type": "http.response.body", "body": body})

        return hold

    def _fault(self, seen: Seen) -> Fault:
        for fault in self.faults:
            if fault.method in ("*", seen.method) and re.search(fault.path, seen.path) and fault.times != 0:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return Fault()

    def _poll(self, path: str) -> None:
        _, found, rest = path.partition(f"/{SFT_JOBS}")
        if found:
            self.services.jobs.tick()
            self.services.jobs.tick()
            wanted = rest.removeprefix("/")
            for job in self.services.store.list(SFT_JOBS):
                if wanted in ("", job.id):
                    self.runner.polled(job.id)
            self.services.jobs.tick()
        if "/deployments" in path:
            self.services.deployments.tick()
            self.engine.polls += 1
            self.services.deployments.tick()


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _seen(scope: Scope, body: bytes) -> Seen:
    headers = {key.decode(): value.decode() for key, value in scope["headers"]}
    query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
    return Seen(scope["method"], scope["path"], query, headers, body, hashlib.sha256(body).hexdigest())


async def _swallow(_: Message) -> None:
    return None


def _drop(send: Send) -> None:
    """Cut the connection. `send` is a method of uvicorn's request cycle, which holds the transport."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]


async def _answer_status(send: Send, fault: Fault) -> None:
    body = fault.body if fault.body is not None else {"code": 2, "message": "injected fault", "details": []}
    headers = [(b"content-type", b"application/json")]
    headers += [(key.encode(), value.encode()) for key, value in fault.headers.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})

"""A completions endpoint on loopback whose behaviour a test scripts, served by uvicorn in a thread."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

Reaction = tuple[int, Any, dict[str, str]]


def completion(text: str) -> Reaction:
    """A good answer."""
    return 200, {"choices": [{"index": 0, "message": {"role": "assistant", "content": text}}]}, {}


def refusal(status: int, **headers: str) -> Reaction:
    return (
        status,
        {"code": 8, "message": "not now", "details": []},
        {k.replace("_", "-"): v for k, v in headers.items()},
    )


def labelled(body: dict[str, Any]) -> Reaction:
    """The label that the question speaks of."""
    return completion(str(body["messages"][-1]["content"]).rpartition("about ")[2].split(",")[0])


@dataclass
class Endpoint:
    """What arrived. `react` gives the answer to a body; an exception of it cuts the connection."""

    url: str = ""
    latency: float = 0.0
    react: Callable[[dict[str, Any]], Reaction] = labelled
    bodies: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    in_flight: int = 0
    most: int = 0

    def asked(self) -> Counter[str]:
        """How often each question arrived."""
        return Counter(str(body["messages"][-1]["content"]) for body in self.bodies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        content = bytearray()
        while True:
            message = await receive()
            content += message.get("body", b"")
            if not message.get("more_body"):
                break
        body = json.loads(content)
        self.bodies.append(body)
        self.times.append(time.monotonic())
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        try:
            status, answer, headers = self.react(body)
            await asyncio.sleep(self.latency)
        except ConnectionError:
            send.__self__.transport.abort()  # type: ignore[attr-defined]
            return
        finally:
            self.in_flight -= 1
        raw = [(b"content-type", b"application/json"), *((k.encode(), v.encode()) for k, v in headers.items())]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        content_out = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        await send({"type": "http.response.body", "body": content_out})


@contextmanager
def serving(endpoint: Endpoint) -> Iterator[Endpoint]:
    """Serves the endpoint for the length of the block."""
    config = uvicorn.Config(endpoint, log_level="critical", proxy_headers=False, ws="none", lifespan="off",
                            timeout_graceful_shutdown=1)  # fmt: skip
    listener = socket.create_server(("127.0.0.1", 0))
    endpoint.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        yield endpoint
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()

"""An OpenAI-compatible chat endpoint on loopback whose answers a function gives: plain or streamed, well-formed or not.

with scripted_model(lambda request: Reply(calls=[("say", {"text": "Hello."})])) as model:
    model.url, model.requests
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "model-key-canary-1f2e3d"
"""What the endpoint accepts as key; it must never be seen anywhere else."""


@dataclass
class Reply:
    """One answer. `calls` are (name, arguments), arguments as an object or as the raw text that the model writes."""

    content: str = ""
    calls: Sequence[tuple[str, Any]] = ()
    status: int = 200
    error: str = "scripted"
    finish: str = ""
    raw: bytes | None = None
    message: dict[str, Any] | None = None
    """The message of a whole answer, as it is."""
    chunks: Sequence[dict[str, Any]] | None = None
    """The choices of a streamed answer, as they are; nothing is added to them, not even an end."""
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    seconds: float = 0.0


Script = Callable[[dict[str, Any]], Reply]


@dataclass
class ScriptedModel:
    """A running endpoint, and what it was asked."""

    url: str
    script: Script
    streams: bool = True
    usage: bool = True
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def prompt(self, number: int = -1) -> str:
        """All that one request said to the model, as one text."""
        return json.dumps([self.requests[number]["tools"], self.requests[number]["messages"]], ensure_ascii=False)


@contextmanager
def scripted_model(script: Script, **settings: Any) -> Iterator[ScriptedModel]:
    """Serves for the length of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    model = ScriptedModel(f"http://127.0.0.1:{server.server_address[1]}/v1", script, **settings)
    server.model = model  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        model: ScriptedModel = self.server.model  # type: ignore[attr-defined]
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        model.keys.add(self.headers.get("authorization", ""))
        if request.get("stream") and not model.streams:
            return self._json(400, {"error": {"message": "stream is not supported here"}})
        model.requests.append(request)
        reply = model.script(request)
        time.sleep(reply.seconds)
        if reply.hang_up:
            self.close_connection = True
            return None
        if reply.status != 200:
            return self._json(reply.status, {"error": {"message": reply.error}}, reply.headers)
        if reply.raw is not None:
            return self._bytes(200, reply.raw)
        usage = {"prompt_tokens": tokens(request), "completion_tokens": 20} if model.usage else None
        if usage and len(model.requests) > 1:
            usage["prompt_tokens_details"] = {"cached_tokens": shared(model.requests[-2], request) // 4}
        if request.get("stream"):
            return self._stream(reply, usage)
        return self._json(200, _whole(reply, usage))

    def _stream(self, reply: Reply, usage: Any) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        try:
            for chunk in _chunks(reply, usage) if reply.chunks is None else reply.chunks:
                self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            if reply.chunks is None:
                self.wfile.write(b"data: [DONE]\n\n")
        except (BrokenPipeError, ConnectionResetError):
            return  # the client has read enough
        finally:
            self.close_connection = True

    def _json(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        self._bytes(status, json.dumps(body).encode(), headers)

    def _bytes(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing on the tests' output."""


def _calls(reply: Reply) -> list[dict[str, Any]]:
    return [
        {
            "id": f"random-{index}",
            "index": index,
            "type": "function",
            "function": {"name": name, "arguments": text if isinstance(text, str) else json.dumps(text)},
        }
        for index, (name, text) in enumerate(reply.calls)
    ]


def _whole(reply: Reply, usage: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.content or None, "tool_calls": _calls(reply) or None}
    choice = {
        "index": 0,
        "message": reply.message or message,
        "finish_reason": reply.finish or ("tool_calls" if reply.calls else "stop"),
    }
    return {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}


def _chunks(reply: Reply, usage: Any) -> Iterator[dict[str, Any]]:
    base = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}

    def delta(part: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**base, "choices": [{"index": 0, "delta": part, "finish_reason": finish}]}

    step = 7 if len(reply.content) < 10_000 else 4_096
    for start in range(0, len(reply.content), step):
        yield delta({"content": reply.content[start : start + step]})
    for call in _calls(reply):
        text = call["function"]["arguments"]
        yield delta({"tool_calls": [{**call, "function": {"name": call["function"]["name"], "arguments": text[:5]}}]})
        for start in range(5, len(text), 4_096):
            yield delta(
                {"tool_calls": [{"index": call["index"], "function": {"arguments": text[start : start + 4_096]}}]}
            )
    yield delta({}, reply.finish or ("tool_calls" if reply.calls else "stop"))
    if usage:
        yield {**base, "choices": [], "usage": usage}


def text_of(request: dict[str, Any]) -> str:
    """A request's prompt in the order in which an endpoint caches it: tools, then messages."""
    parts = [json.dumps(request.get("tools", []), ensure_ascii=False)]
    parts += [json.dumps(message, ensure_ascii=False) for message in request["messages"]]
    return "\n".join(parts)


def tokens(request: dict[str, Any]) -> int:
    """Four characters to the token, which no encoding that can be had offline contradicts by much."""
    return len(text_of(request)) // 4


def shared(before: dict[str, Any], now: dict[str, Any]) -> int:
    """Characters that both prompts begin with."""
    a, b = text_of(before), text_of(now)
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return low

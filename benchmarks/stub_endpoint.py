"""A chat-completions endpoint that answers everything alike after a fixed time and has a fixed number of slots.

What comes while all slots are taken waits for one (`queue`, the default) or is answered 429 with `Retry-After` (`refuse`).
A bare asyncio protocol, so that the stub takes as little of the machine as possible from what is measured. It runs as a
process of its own and prints its port:

    python benchmarks/stub_endpoint.py --latency 0.05 --slots 64 --over queue

`GET /` answers with what was seen: completions, the most in flight at a time, refusals.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import deque

ANSWER = json.dumps(
    {
        "id": "chatcmpl-stub",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "stub",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "billing"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 60, "completion_tokens": 2, "total_tokens": 62},
    }
).encode()
REFUSAL = b'{"code": 8, "message": "all slots are taken", "details": []}'


class Slots:
    """The endpoint's capacity. `latency` in seconds."""

    def __init__(self, latency: float, count: int, over: str) -> None:
        self.latency, self.count, self.over = latency, count, over
        self.busy = self.most = self.completions = self.refusals = 0
        self.waiting: deque[Exchange] = deque()

    def take(self, exchange: Exchange) -> None:
        if self.busy < self.count:
            self.busy += 1
            self.most = max(self.most, self.busy)
            asyncio.get_running_loop().call_later(self.latency, self.done, exchange)
        elif self.over == "queue":
            self.waiting.append(exchange)
        else:
            self.refusals += 1
            exchange.send(b"429 Too Many Requests", REFUSAL, b"Retry-After: 1\r\n")

    def done(self, exchange: Exchange) -> None:
        self.busy -= 1
        self.completions += 1
        exchange.send(b"200 OK", ANSWER)
        if self.waiting:
            self.take(self.waiting.popleft())

    def seen(self) -> bytes:
        return json.dumps({"completions": self.completions, "most": self.most, "refusals": self.refusals}).encode()


class Exchange(asyncio.Protocol):
    """One connection; its requests come one after the other, as HTTP/1.1 clients without pipelining send them."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = next((int(v) for k, _, v in map(_header, head.split(b"\r\n")[1:]) if k == b"content-length"), 0)
        if len(body) < length:
            return
        self.buffer = body[length:]
        if head.startswith(b"POST"):
            self.slots.take(self)
        else:
            self.send(b"200 OK", self.slots.seen())

    def send(self, status: bytes, body: bytes, headers: bytes = b"") -> None:
        if self.transport is not None:
            self.transport.write(
                b"HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"
                % (status, headers, len(body), body)
            )


def _header(line: bytes) -> tuple[bytes, bytes, bytes]:
    name, colon, value = line.partition(b":")
    return name.lower(), colon, value


async def serve(latency: float, slots: int, over: str) -> None:
    shared = Slots(latency, slots, over)
    server = await asyncio.get_running_loop().create_server(lambda: Exchange(shared), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds")
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--over", choices=("queue", "refuse"), default="queue")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.latency, arguments.slots, arguments.over))


if __name__ == "__main__":
    main()

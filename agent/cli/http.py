"""The few lines of HTTP that the command line needs: one request per connection to a server on this machine.

HTTP/1.0, so an answer ends where the connection ends and nothing has to be unpacked. The standard library's client costs
several times Python's own start-up time to import (`benchmarks/cli_startup.py`), on every single command.

Errors raised:
    Unreachable     nobody listens there, or the connection was lost
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 900.0
"""A command may start a platform or move a large file before it answers."""
SILENCE_SECONDS = 40.0
"""A stream sends a heartbeat every ten seconds; silence beyond this is a lost connection."""
HEAD_LIMIT = 65_536


class Unreachable(Exception):
    """No answer came from the server."""


class Server(NamedTuple):
    """Where the server listens and what it wants to see."""

    host: str
    port: int
    token: str


class Answer(NamedTuple):
    status: int
    body: bytes

    def json(self) -> Any:
        """The JSON of the body, an empty object for anything else."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


class Frame(NamedTuple):
    """One server-sent event."""

    kind: str
    data: str
    id: int | None


def request(
    server: Server, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Sends one request and reads the whole answer. Raises Unreachable."""
    with (
        _open(server, method, path, body, headers or {}, ANSWER_SECONDS) as connection,
        connection.makefile("rb") as file,
    ):
        try:
            status = _head(file)
            return Answer(status, file.read())
        except OSError as error:
            raise Unreachable(f"the connection to the server was lost: {error}") from error


def stream(server: Server, path: str, after: int) -> Iterator[Frame]:
    """The events of a stream, beginning after the event `after`. Raises Unreachable when it breaks off or is refused."""
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
    with _open(server, "GET", path, None, headers, SILENCE_SECONDS) as connection, connection.makefile("rb") as file:
        try:
            if _head(file) != 200:
                raise Unreachable("the server does not stream this")
            yield from _frames(file)
        except OSError as error:
            raise Unreachable(f"the connection to the server was lost: {error}") from error


def _open(
    server: Server, method: str, path: str, body: Any, headers: Mapping[str, str], patience: float
) -> socket.socket:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.0",
        f"Host: {server.host}:{server.port}",
        f"Authorization: Bearer {server.token}",
        f"Content-Length: {len(content)}",
        "Content-Type: application/json",
        *(f"{name}: {value}" for name, value in headers.items() if value),
    ]
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    try:
        connection = socket.create_connection((server.host, server.port), CONNECT_SECONDS)
        connection.settimeout(patience)
        connection.sendall(head + content)
    except OSError as error:
        raise Unreachable(f"the server at {server.host}:{server.port} can't be reached: {error}") from error
    return connection


def _head(file: Any) -> int:
    """Reads up to the empty line; the status. Raises Unreachable for anything that is no HTTP answer."""
    first = file.readline(HEAD_LIMIT).split()
    if len(first) < 2 or not first[0].startswith(b"HTTP/") or not first[1].isdigit():
        raise Unreachable("what listens at the server's address is not the server")
    while file.readline(HEAD_LIMIT) not in (b"\r\n", b"\n", b""):
        pass
    return int(first[1])


def _frames(file: Any) -> Iterator[Frame]:
    kind, number = "message", None
    data: list[str] = []
    for raw in file:
        line = raw.decode("utf-8").rstrip("\r\n")
        if not line:
            if data:
                yield Frame(kind, "\n".join(data), number)
            kind, data, number = "message", [], None
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                kind = value
            elif name == "data":
                data.append(value)
            elif name == "id":
                number = int(value)

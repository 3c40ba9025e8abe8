"""Who may talk to the server: this user's programs on this machine, with the token, in bodies of a sane size.

A web page that the user happens to visit can send requests to loopback ports, also under a name that it makes resolve to
127.0.0.1. Such requests carry a foreign Host or Origin and never the token, and end here.
"""

from __future__ import annotations

import hmac
import json

from starlette.types import ASGIApp, Receive, Scope, Send

from agent.server.problems import Problem

MAX_BODY = 1 << 20
"""Bytes of a request's body."""


class Access:
    """ASGI middleware around the whole application. `port` is set once the server listens."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        problem = self._judge(headers)
        if problem is not None:
            await _answer(send, problem)
            return
        await self._app(scope, receive, send)

    def _judge(self, headers: dict[str, str]) -> Problem | None:
        if headers.get("host", "") not in self._hosts:
            return Problem(403, "this server answers on its own loopback address only", next_step="Use the CLI.")
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self._hosts:
            return Problem(403, "requests of other web pages are not answered", next_step="Use the CLI.")
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._token):
            return Problem(
                401, "the server's token is missing or wrong", next_step="It is in the file `token` of the home."
            )
        if "transfer-encoding" in headers:
            return Problem(411, "a request must tell its length beforehand", next_step="Send Content-Length.")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            words = f"the request is larger than {MAX_BODY:,} bytes"
            return Problem(413, words, next_step="Put data into a file and name it.")
        return None


async def _answer(send: Send, problem: Problem) -> None:
    body = json.dumps(problem.body()).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

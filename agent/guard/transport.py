"""The guard at the wire: an httpx transport that lets a request leave only when the verdict allows it.

A refused request is answered here with a 403 in the platform's own error shape and `x-should-retry: false`; not a byte is
sent. Scheme and host are pinned on every hop, so a redirect can't carry a request or a key elsewhere.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx

from agent.guard.inference import PROBE_BLOCK, Permits, permits
from agent.guard.manifest import match
from agent.guard.verdict import Verdict, Wire, blocked, judge_wire, refuse
from agent.session.state import SessionState

GUARD_HEADER = "x-fireagent-guard"
MAX_BODY = 8 * 1024 * 1024
"""Bytes. Control-plane bodies are small; files travel through signed URLs and never through this transport."""


class SignedUrls:
    """URLs that guarded answers of this session returned; only these may be used by the file client."""

    def __init__(self) -> None:
        self._urls: set[str] = set()

    def learn(self, value: Any) -> None:
        """Takes every absolute URL of a JSON answer."""
        if isinstance(value, dict):
            for item in value.values():
                self.learn(item)
        elif isinstance(value, list):
            for item in value:
                self.learn(item)
        elif isinstance(value, str) and value.startswith(("http://", "https://")):
            self._urls.add(value)

    def __contains__(self, url: str) -> bool:
        return url in self._urls


class GuardTransport(httpx.AsyncBaseTransport):
    """Judges every request by the newest state of the session."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        base: httpx.URL,
        account: str,
        read_state: Callable[[], SessionState],
        urls: SignedUrls,
        on_refusal: Callable[[Wire, str], None] = lambda wire, reason: None,
    ) -> None:
        self._inner = inner
        self._base = base
        self._account = account
        self._read_state = read_state
        self._urls = urls
        self._on_refusal = on_refusal
        self._inferred: dict[str, int] = {}
        """Tally -> completions that count as used of what the log has reserved."""
        self._granted: Counter[str] = Counter()
        """Tally of an evaluation -> completions reserved by this process and not sent yet."""
        self._permitted: tuple[SessionState, Permits] | None = None

    def grant(self, tally: str, requests: int) -> None:
        """The log has just reserved these completions for this process. What others reserved is not ours to send."""
        self._granted[tally] += requests

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        wire = _wire(request, content)
        verdict = self._judge(request, wire, content)
        if not verdict.allowed:
            self._on_refusal(wire, verdict.reason)
            return _refusal(request, verdict.reason)
        response = await self._inner.handle_async_request(request)
        found = match(wire.method, wire.path)
        if found is not None and found.rule.kind != "infer":
            await self._learn_urls(response)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()

    def _judge(self, request: httpx.Request, wire: Wire, content: bytes) -> Verdict:
        url = request.url
        if (url.scheme, url.host, url.port) != (self._base.scheme, self._base.host, self._base.port):
            return refuse(f"{url.scheme}://{url.host} is not the platform of this session.")
        if len(content) > MAX_BODY:
            return refuse(f"a request body of {len(content)} bytes is larger than any that this session needs.")
        state = self._read_state()
        permitted = self._permits(state)
        self._count(wire, permitted)
        verdict = judge_wire(wire, state, self._account, self._inferred, permitted)
        if verdict.allowed and verdict.tally:
            self._inferred[verdict.tally] += 1
            self._granted[verdict.tally] -= 1
        return verdict

    def _permits(self, state: SessionState) -> Permits:
        """What this state permits, worked out once per state: thousands of completions are judged by the same one."""
        if self._permitted is None or self._permitted[0] is not state:
            self._permitted = (state, permits(state, blocked))
        return self._permitted[1]

    def _count(self, wire: Wire, permitted: Permits) -> None:
        """Brings the tallies of the completion's address up to date: of an evaluation all but our own grants are used."""
        model = wire.body.get("model") if isinstance(wire.body, dict) else None
        for permit in permitted.get(model, ()) if isinstance(model, str) else ():
            if permit.evaluates:
                self._inferred[permit.key] = permit.reserved - max(0, self._granted[permit.key])
            else:
                # A process that sends its first probe has reserved one block; what was reserved before counts as used.
                self._inferred.setdefault(permit.key, max(0, permit.reserved - PROBE_BLOCK))

    async def _learn_urls(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            return
        try:
            self._urls.learn(json.loads(await response.aread()))
        except ValueError:
            return


def _wire(request: httpx.Request, content: bytes) -> Wire:
    """What is about to leave. The raw path is used, so that an encoded slash or dot can't hide."""
    path = request.url.raw_path.decode("ascii", "replace").split("?", 1)[0]
    query = tuple(sorted(request.url.params.multi_items())) if request.url.query else ()
    try:
        body = json.loads(content) if content else None
    except ValueError:
        body = content.decode("utf-8", "replace")
    return Wire(request.method, path, query, body, len(content))


def _refusal(request: httpx.Request, reason: str) -> httpx.Response:
    return httpx.Response(
        403,
        json={"code": 7, "message": f"refused before sending: {reason}", "details": []},
        headers={"x-should-retry": "false", GUARD_HEADER: "refused"},
        request=request,
    )

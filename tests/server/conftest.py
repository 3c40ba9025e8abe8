"""The server's application without a process: real log, real routes, no runner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.server.access import Access
from agent.server.app import create_app
from agent.server.credentials import Credentials
from agent.server.home import Home
from agent.server.local import LocalPlatform
from agent.server.own import Own
from agent.server.sessions import Sessions
from agent.server.stream import Feed
from agent.session.events import Observed, SessionEnded
from agent.session.store import Store
from tools.facts import GateShown

TOKEN = "t" * 64
PORT = 4711


@dataclass
class Api:
    """A client with the token, and what stands behind the routes."""

    http: httpx.AsyncClient
    home: Home
    store: Store
    feed: Feed
    woken: list[str] = field(default_factory=list)

    async def create(self, instruction: str = "Fine-tune tiny-a on rows.", key: str = "k" * 8, **more: Any) -> str:
        """A new session on the local platform."""
        body = {"instruction": instruction, "request_key": key, **more}
        answer = await self.http.post("/v1/sessions", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["session_id"])

    def ask(self, session: str, question: str = "Shall I?", kind: Any = "plan", text: str = "The plan.") -> str:
        """Opens a gate as a tool would; returns its digest."""
        digest = f"{len(self.store.records(session)):064d}"
        shown = GateShown(gate=kind, digest=digest, question=question, text=text)
        self.store.append(session, (f"gate/{digest}", Observed(facts=(shown,))))
        return digest

    def end(self, session: str, status: Any = "succeeded") -> None:
        self.store.append(session, ("ended", SessionEnded(status=status, reason="it was so")))


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    home = Home(tmp_path / "home")
    home.make()
    store, feed, woken = Store(home.database), Feed(), list[str]()
    store.on_append(feed.changed)
    sessions = Sessions(home, store, Credentials(home), woken.append, {"fireagent": "test"})
    app = create_app(sessions, feed, Own(home, LocalPlatform(home)), lambda: True, feed.close)
    transport = httpx.ASGITransport(Access(app, TOKEN, PORT), raise_app_exceptions=False)
    base = f"http://127.0.0.1:{PORT}"
    async with httpx.AsyncClient(
        transport=transport, base_url=base, headers={"Authorization": f"Bearer {TOKEN}"}
    ) as http:
        yield Api(http, home, store, feed, woken)
    store.close()

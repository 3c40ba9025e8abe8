"""The whole agent without a server, over a scripted platform: what tests of the conversation drive.

async with house(tmp_path) as home:
    session = home.create("Run supervised fine-tuning on accounts/local/datasets/tickets. Use tiny-a ...")
    await home.until(session, "waiting")
    home.reply(session, "Approved, proceed.")
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from httpx_aiohttp import AiohttpTransport

from agent.executor import Executor
from agent.guard.approval import receive
from agent.guard.client import Connection, Platform, open_platform
from agent.planner.base import Planner
from agent.planner.offline import OfflinePlanner
from agent.runner import Runner
from agent.session.events import Record, SessionCreated
from agent.session.state import SessionState
from agent.session.store import Store
from tests.platforms import ScriptedPlatform, scripted_platform
from tools.base import Tool
from tools.catalog import CATALOG
from tuning.pricing import LOCAL_PRICES, Prices

INSTRUCTION = (
    "Run supervised fine-tuning on accounts/local/datasets/tickets. Use tiny-a as the base model. "
    "Use validation loss for evaluation."
)


def chat_rows(count: int, start: int = 0) -> list[dict[str, Any]]:
    """Small, distinct chat rows."""
    return [
        {
            "messages": [
                {"role": "user", "content": f"How do I return order {i}?"},
                {"role": "assistant", "content": f"Open order {i} and choose return."},
            ]
        }
        for i in range(start, start + count)
    ]


def jsonl(rows: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def put_dataset(url: str, name: str, content: bytes) -> None:
    """Makes a READY data set, as a user would have done before."""
    headers = {"Authorization": "Bearer test"}
    body = {
        "dataset": {"format": "CHAT", "exampleCount": str(content.count(b"\n")), "userUploaded": {}},
        "datasetId": name,
    }
    datasets = f"{url}/v1/accounts/local/datasets"
    with httpx.Client(headers=headers) as client:
        client.post(datasets, json=body).raise_for_status()
        client.post(f"{datasets}/{name}:upload", files={"file": ("rows.jsonl", content)}).raise_for_status()


class House:
    """Store, executor and runner of one home."""

    def __init__(
        self,
        home: Path,
        url: str,
        planner: Planner | None = None,
        tools: Sequence[Tool] = CATALOG,
        prices: Prices = LOCAL_PRICES,
        kind: str = "local",
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.url = url
        self.kind = kind
        self.store = Store(home / "sessions.db")
        self.progress: list[tuple[str, str]] = []
        self.refusals: list[str] = []
        self._platforms: dict[str, Platform] = {}
        self._changed = asyncio.Event()
        self._counter = itertools.count(1)
        self.store.on_append(lambda session: self._changed.set())
        self.executor = Executor(
            store=self.store,
            tools={tool.name: tool for tool in tools},
            platform=self._platform,
            workspaces=home / "workspaces",
            prices=lambda state: prices,
            emit=self._emit,
        )
        self.runner = Runner(self.store, self.executor, planner or OfflinePlanner(), local_poll=0.02, cloud_poll=0.02)

    async def _platform(self, state: SessionState) -> tuple[Platform, str]:
        if state.id not in self._platforms:
            self._platforms[state.id] = open_platform(
                Connection("local", "test-key", self.url),
                lambda: self.store.state(state.id),
                inner=AiohttpTransport(),
                on_refusal=lambda wire, reason: self.refusals.append(f"{wire.method} {wire.path}: {reason}"),
                strict=True,
            )
        return self._platforms[state.id], self.url

    async def _emit(self, session: str, text: str) -> None:
        self.progress.append((session, text))

    def create(self, instruction: str = INSTRUCTION, session: str = "", **fields: Any) -> str:
        number = next(self._counter)
        session = session or f"17791573{number:02d}-41e{number % 16:x}"
        workspace = self.home / "workspaces" / session
        for name in ("datasets", "outputs", "figures"):
            (workspace / name).mkdir(parents=True, exist_ok=True)
        created = SessionCreated(instruction=instruction, account="local", platform_kind=self.kind, **fields)
        made = self.store.create(session, f"request-{session}", [("created", created)])
        self.runner.wake(made)
        return made

    def reply(self, session: str, text: str, key: str = "", gate: str = "") -> SessionState:
        """The user's word. Raises Conflict."""
        key = key or f"{next(self._counter)}"
        after = self.store.transact(session, lambda state: receive(state, text, key, gate))
        self.runner.wake(session)
        return after

    async def until(self, session: str, *statuses: str, seconds: float = 30.0) -> SessionState:
        """Waits until the session has one of these statuses (or has ended)."""
        wanted = statuses or ("waiting",)
        async with asyncio.timeout(seconds):
            while True:
                self._changed.clear()
                state = self.store.state(session)
                if state.status in wanted:
                    return state
                if state.ended is not None:
                    raise AssertionError(f"the session ended as {state.ended}: {state.end_reason}\n{self.log(session)}")
                await self._changed.wait()

    def records(self, session: str) -> list[Record]:
        return self.store.records(session)

    def log(self, session: str) -> str:
        return "\n".join(f"{r.seq} {r.key} {r.event.model_dump_json()[:300]}" for r in self.records(session))

    async def close(self) -> None:
        await self.runner.stop()
        for platform in self._platforms.values():
            await platform.close()
        self.store.close()


@asynccontextmanager
async def house(
    tmp_path: Path, rows: int = 120, content: bytes = b"", **scripted: Any
) -> AsyncIterator[tuple[House, ScriptedPlatform]]:
    """A running house and its scripted platform, which holds the data set `tickets`: `content`, or so many chat rows."""
    with scripted_platform(tmp_path / "platform", **scripted) as platform:
        await asyncio.to_thread(put_dataset, platform.url, "tickets", content or jsonl(chat_rows(rows)))
        home = House(tmp_path / "home", platform.url)
        await home.runner.start()
        try:
            yield home, platform
        finally:
            await home.close()

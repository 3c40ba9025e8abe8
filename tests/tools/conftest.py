"""A session's tools over a scripted platform: one `Room` runs tools and remembers their facts, as the executor does."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fireworks import AsyncFireworks, DefaultAsyncHttpxClient

import tools.deploy_model
import tools.upload_dataset
from tests.platforms import Script, ScriptedPlatform, scripted_platform
from tools.base import Tool, ToolContext, ToolResult
from tools.deploy_model import TOOL as DEPLOY
from tools.download_dataset import TOOL as DOWNLOAD
from tools.estimate_cost import TOOL as ESTIMATE
from tools.facts import DeploymentSeen
from tools.known import TERMINAL, Known
from tools.launch_job import TOOL as LAUNCH
from tools.list_resources import TOOL as LIST
from tools.prepare_dataset import TOOL as PREPARE
from tools.upload_dataset import TOOL as UPLOAD
from tools.wait_for_jobs import look
from tuning.plan import Plan, PlanItem
from tuning.pricing import LOCAL_PRICES
from tuning.request import Request

SESSION = "s1"


class PlainBlobs:
    """Signed URLs over plain httpx; status errors and broken connections come out as httpx raises them."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, url: str, target: Path) -> int:
        response = await self.http.get(url)
        response.raise_for_status()
        target.write_bytes(response.content)
        return len(response.content)

    async def put(self, url: str, source: Path) -> None:
        response = await self.http.put(url, content=source.read_bytes())
        response.raise_for_status()


@dataclass
class Room:
    """One session. `call` runs a tool and learns its facts; `again` runs it as if nothing had been learnt."""

    platform: ScriptedPlatform
    context: ToolContext
    said: list[str] = field(default_factory=list)

    @property
    def known(self) -> Known:
        return self.context.known

    @property
    def plan(self) -> Plan:
        assert self.known.plan is not None
        return self.known.plan

    @property
    def workspace(self) -> Path:
        return self.context.workspace

    def item(self, item_id: str) -> PlanItem:
        found = self.plan.item(item_id)
        assert found is not None, item_id
        return found

    def ask(self, **slots: Any) -> None:
        self.context = replace(self.context, known=replace(self.known, request=Request(**slots)))

    async def again(self, tool: Tool, **arguments: Any) -> ToolResult:
        return await tool.run(tool.arguments.model_validate(arguments), self.context)

    async def call(self, tool: Tool, **arguments: Any) -> ToolResult:
        result = await self.again(tool, **arguments)
        self.learn(*result.facts)
        return result

    def learn(self, *facts: Any) -> None:
        known = self.known
        for fact in facts:
            known = known.learn(fact)
        self.context = replace(self.context, known=known)

    def post(self, path: str, query: Mapping[str, str], body: Any) -> None:
        """A create by somebody else than the session."""
        headers = {"Authorization": "Bearer k"}
        httpx.post(f"{self.platform.url}{path}", params=query, json=body, headers=headers).raise_for_status()

    def put_dataset(self, dataset_id: str, rows: list[Any], ready: bool = True) -> str:
        """A data set that the user had before the session."""
        base = "/v1/accounts/local/datasets"
        self.post(base, {}, {"dataset": {"format": "FORMAT_UNSPECIFIED"}, "datasetId": dataset_id})
        if ready:
            files = {"file": ("data.jsonl", jsonl(rows))}
            url = f"{self.platform.url}{base}/{dataset_id}:upload"
            httpx.post(url, files=files, headers={"Authorization": "Bearer k"}).raise_for_status()
        self.platform.requests.clear()
        return f"accounts/local/datasets/{dataset_id}"


def jsonl(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def chat(question: str, answer: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}], **more}


def chats(count: int, word: str = "thing") -> list[dict[str, Any]]:
    return [chat(f"What is {word} number {i} of the long list?", f"It is {word} {i}.") for i in range(count)]


@pytest.fixture
def platform(tmp_path: Path, platform_options: Mapping[str, Any]) -> Iterator[ScriptedPlatform]:
    with scripted_platform(tmp_path / "home", **platform_options) as running:
        yield running


@pytest.fixture
def platform_options() -> Mapping[str, Any]:
    """Override to script the platform otherwise."""
    return {"scripts": {"*-a2": Script(polls=1), "*": Script(polls=2)}}


@pytest.fixture
async def room(platform: ScriptedPlatform, tmp_path: Path) -> AsyncIterator[Room]:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    said: list[str] = []

    async def emit(text: str) -> None:
        said.append(text)

    async with (
        DefaultAsyncHttpxClient() as http,
        httpx.AsyncClient() as plain,
        AsyncFireworks(
            base_url=platform.url,
            api_key="fw_secret_key_1",
            account_id="local",
            http_client=http,
            max_retries=0,
        ) as sdk,
    ):
        context = ToolContext(
            session=SESSION,
            platform_kind="local",
            platform_url=platform.url,
            account="local",
            platform=sdk,
            blobs=PlainBlobs(plain),
            workspace=workspace,
            known=Known(),
            prices=LOCAL_PRICES,
            emit=emit,
        )
        yield Room(platform, context, said)


@pytest.fixture
async def planned(room: Room, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A session with a plan, nothing uploaded yet, and pauses shortened."""
    monkeypatch.setattr(tools.upload_dataset, "POLL_SECONDS", (0.0,) * 5)
    monkeypatch.setattr(tools.deploy_model, "PROBE_PAUSES", (0.0, 0.0))
    room.put_dataset("mine", chats(60))
    room.ask(train_dataset="mine", base_models=("tiny-a",))
    await room.call(LIST, kind="models", names=("tiny-a",))
    await room.call(DOWNLOAD, name="mine")
    await room.call(PREPARE)
    await room.call(ESTIMATE, revision=1)
    room.platform.requests.clear()
    return room


@pytest.fixture
async def uploaded(planned: Room) -> Room:
    for item in planned.plan.items:
        if item.kind == "upload":
            await planned.call(UPLOAD, item=item.id)
    planned.platform.requests.clear()
    return planned


@pytest.fixture
async def trained(uploaded: Room) -> Room:
    await uploaded.call(LAUNCH, item="sweep-1")
    await uploaded.call(LAUNCH, item="final-1")
    await finish_jobs(uploaded)
    return uploaded


async def finish_jobs(room: Room) -> None:
    for _ in range(20):
        room.learn(*await look(room.context))
        if all(job.state in TERMINAL for job in room.known.jobs.values()):
            return
    raise AssertionError(f"jobs did not end: {room.known.jobs}")


async def ready(room: Room) -> DeploymentSeen:
    await room.call(DEPLOY, item="deploy-1")
    for _ in range(5):
        room.learn(*await look(room.context))
    seen = room.known.deployment("deploy-1")
    assert seen is not None and seen.state == "READY" and not seen.serving
    return seen

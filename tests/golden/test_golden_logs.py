"""An upgrade strands nobody: sessions of every released version are driven from where they stood to their end."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from agent.session.state import SessionState
from agent.session.store import EVENTS, SESSIONS, Store
from tests.golden.make import FOLDER, LABELLED_ROWS, ROWS
from tests.house import House, chat_rows, jsonl, put_dataset
from tests.labelled import labelled_rows
from tests.platforms import ScriptedPlatform, scripted_platform
from tests.session.steps import made, to_end
from tools.known import TERMINAL

LOGS = sorted(path.parent for path in FOLDER.glob("*/*/log.jsonl"))
ENDS = {"mid_cancel": "cancelled"}


def load(source: Path, home: Path) -> str:
    """Puts a golden session into a fresh home; returns its id."""
    rows = [json.loads(line) for line in (source / "log.jsonl").read_text("utf-8").splitlines()]
    home.mkdir(parents=True)
    Store(home / "sessions.db").close()
    session = "1779157301-41e1"
    engine = sa.create_engine(f"sqlite:///{home / 'sessions.db'}")
    with engine.begin() as connection:
        connection.execute(SESSIONS.insert().values(session=session, request_key=source.name))
        for row in rows:
            text = json.dumps(row["data"], ensure_ascii=False)
            connection.execute(EVENTS.insert().values(**{**row, "session": session, "data": text}))
    engine.dispose()
    workspace = home / "workspaces" / session
    shutil.copytree(source.parent / "workspace", workspace)
    (workspace / "figures").mkdir()
    return session


def restore(platform: ScriptedPlatform, state: SessionState, workspace: Path) -> None:
    """Makes on the platform what the log says is there, by the very requests of the plan."""
    plan, known = state.known.plan, state.known
    headers = {"Authorization": "Bearer test"}
    with httpx.Client(base_url=platform.url, headers=headers) as client:

        def send(item: Any, attempt: int = 1) -> None:
            request = item.request_for(attempt, known.outputs())
            client.post(request.path, params=dict(request.query), json=request.body).raise_for_status()

        for item in plan.items if plan else ():
            if item.kind == "upload" and item.resource() in known.uploads:
                send(item)
                role = item.id.removeprefix("upload-")
                part = known.material.part(role) if known.material else None
                assert part is not None
                files = {"file": (f"{role}.jsonl", (workspace / part.path).read_bytes())}
                client.post(f"{item.request.path}/{item.resource_id}:upload", files=files).raise_for_status()
            for attempt in range(1, item.attempts + 1):
                job = known.jobs.get(item.resource(attempt)) if item.kind == "train" else None
                if job is None:
                    continue
                send(item, attempt)
                while job.state in TERMINAL and client.get(f"/v1/{job.resource}").json()["state"] not in TERMINAL:
                    pass
            if item.kind == "deploy" and item.resource() in known.deployments:
                send(item)
                if known.replicas.get(item.resource()) == 0:
                    client.patch(f"/v1/{item.resource()}:scale", json={"replicaCount": 0}).raise_for_status()


@pytest.mark.parametrize("source", LOGS, ids=[f"{path.parent.name}-{path.name}" for path in LOGS])
async def test_a_golden_session_reaches_its_end(tmp_path: Path, source: Path) -> None:
    session = await asyncio.to_thread(load, source, tmp_path / "home")
    with scripted_platform(tmp_path / "platform") as platform:
        await asyncio.to_thread(put_dataset, platform.url, "tickets", jsonl(chat_rows(ROWS)))
        await asyncio.to_thread(put_dataset, platform.url, "intents", jsonl(labelled_rows(LABELLED_ROWS)))
        home = House(tmp_path / "home", platform.url)
        try:
            before = home.store.state(session)
            await asyncio.to_thread(restore, platform, before, tmp_path / "home" / "workspaces" / session)
            there = made(platform)
            await home.runner.start()
            if before.gate is not None and before.gate.shown.gate == "question":
                home.reply(session, "tiny-a", key="golden")
            state = await to_end(home, session, ENDS.get(source.name, "succeeded"))
            assert set(made(platform).values()) == {1} and there.items() <= made(platform).items()
            assert home.refusals == []
            assert (state.last_seq == before.last_seq) == (before.ended is not None)
            if state.ended == "succeeded":
                assert any(d.serving for d in state.known.deployments.values())
        finally:
            await home.close()


def test_there_are_golden_logs_and_they_are_small() -> None:
    assert len(LOGS) >= 6
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".pyc") < 600_000

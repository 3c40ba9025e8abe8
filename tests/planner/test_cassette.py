"""A session is planned from its instruction to the plan's question with answers that once came over HTTP."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.planner.endpoint import Endpoint
from agent.planner.llm import LlmPlanner
from agent.session.events import LlmChoice, PlannerReplied
from tests.house import House, chat_rows, jsonl, put_dataset
from tests.planner.cassettes import FOLDER, recording, replayed
from tests.planner.scripted_model import KEY, scripted_model
from tests.planner.sensible import Sensible
from tests.platforms import scripted_platform
from tests.session.steps import at_gate, made


@pytest.mark.parametrize("name", ["plan_stage"])
async def test_a_recorded_endpoint_plans_a_session(tmp_path: Path, name: str) -> None:
    with (
        scripted_platform(tmp_path / "platform") as platform,
        scripted_model(Sensible()) as model,
        replayed(name, record=recording()) as cassette,
    ):
        put_dataset(platform.url, "tickets", jsonl(chat_rows(60)))
        here = (model.url, "scripted", KEY) if recording() else ("http://127.0.0.1:9/v1", "scripted", KEY)
        url, named, key = (
            os.environ.get(f"FIREAGENT_LLM_{part}", default)
            for part, default in zip(("URL", "MODEL", "KEY"), here, strict=True)
        )
        endpoint = Endpoint(LlmChoice(url=url, model=named), key, retries=0)
        home = House(tmp_path / "home", platform.url)
        planner = LlmPlanner(home.store.records, lambda _: endpoint, home._emit)
        home.runner._planner = planner
        await home.runner.start()
        try:
            session = home.create(planner="llm", llm=LlmChoice(url=url, model=named))
            state = await at_gate(home, session, "plan")
            replies = [r.event for r in home.records(session) if isinstance(r.event, PlannerReplied)]
            assert made(platform) == {} and not state.approved and state.known.request.workflow == "sft"
            assert replies and all(reply.counted and not reply.trouble for reply in replies)
            assert recording() or cassette.play_count == len(replies)
        finally:
            await home.close()
            await endpoint.close()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_recording_names_no_key_and_no_place(path: Path) -> None:
    text = path.read_text("utf-8").casefold()
    for secret in (KEY, "bearer", "authorization", "test-key", "127.0.0.1", "/work", "/home"):
        assert secret.casefold() not in text, secret

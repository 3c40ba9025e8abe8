"""A whole session with a model, from its first sentence to a serving deployment, replayed from what the model answered.

The user leaves the base model out, asks something at the plan's question and something while a job runs. Recorded anew as
`cassettes.py` tells; the jobs wait while the model is being thought with, so that the same is asked in the same order.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.planner.endpoint import Endpoint
from agent.planner.llm import LlmPlanner
from agent.session.events import AgentSaid, LlmChoice, PlannerReplied
from tests.house import House, chat_rows, jsonl, put_dataset
from tests.planner.cassettes import FOLDER, recording, replayed
from tests.planner.scripted_model import KEY
from tests.platforms import Script, ScriptedPlatform, scripted_platform
from tests.session.steps import PROCEED, YES, answers, creates, made, when

NAME = "whole_session"
WISH = (
    "Run supervised fine-tuning on accounts/local/datasets/tickets. LoRA ranks 8 and 16, one job at a time. "
    "Validation loss is fine."
)
MODEL = "tiny-a, please."
AT_THE_PLAN = "Before I say yes: do I have anything deployed already, and are other jobs of mine running?"
IN_MID_RUN = "How is it going, and what does the LoRA rank change?"
PATIENCE = 1_500.0 if recording() else 30.0
URL = os.environ["FIREAGENT_LLM_URL"] if recording() else "http://127.0.0.1:9/v1"
HELD, FREE = Script(seconds=1e9), Script(polls=1)


@asynccontextmanager
async def recorded_house(tmp_path: Path) -> AsyncIterator[tuple[House, ScriptedPlatform]]:
    """A house whose model is the cassette, or the one that is being recorded."""
    choice = LlmChoice(url=URL, model=os.environ["FIREAGENT_LLM_MODEL"] if recording() else "recorded")
    endpoint = Endpoint(choice, os.environ.get("FIREAGENT_LLM_KEY", KEY), retries=0)
    with scripted_platform(tmp_path / "platform", scripts={"*": HELD}) as platform:
        put_dataset(platform.url, "tickets", jsonl(chat_rows(120)))
        home = House(tmp_path / "home", platform.url)
        home.runner._planner = LlmPlanner(home.store.records, lambda _: endpoint, home._emit)
        await home.runner.start()
        try:
            yield home, platform
        finally:
            await home.close()
            await endpoint.close()


async def at(home: House, session: str, gate: str) -> None:
    state = await home.until(session, seconds=PATIENCE)
    assert state.gate is not None and state.gate.shown.gate == gate, home.log(session)


async def asked(home: House, session: str, text: str) -> str:
    """What the model says to a question of the user."""
    before = home.reply(session, text).last_seq
    await when(home, session, lambda state: not state.unanswered, PATIENCE)
    return "\n".join(r.event.text for r in home.store.records(session, before) if isinstance(r.event, AgentSaid))


async def test_a_recorded_model_takes_a_session_to_its_end(tmp_path: Path) -> None:
    with replayed(NAME, URL, record=recording()) as cassette:
        async with recorded_house(tmp_path) as (home, platform):
            session = home.create(WISH, planner="llm", llm=LlmChoice(url="", model="recorded"))
            await at(home, session, "question")
            home.reply(session, MODEL)
            await at(home, session, "plan")
            there = await asked(home, session, AT_THE_PLAN)
            assert made(platform) == {} and there
            home.reply(session, YES)
            await when(home, session, lambda state: bool(state.known.jobs), PATIENCE)
            going = await asked(home, session, IN_MID_RUN)
            assert "rank" in going.casefold() and creates(platform) == 1
            platform.runner.scripts["*"] = FREE
            await at(home, session, "promotion")
            home.reply(session, PROCEED)
            state = await home.until(session, "succeeded", seconds=PATIENCE)
            replies = [r.event for r in home.records(session) if isinstance(r.event, PlannerReplied)]
            assert state.known.report is not None and any(d.serving for d in state.known.deployments.values())
            assert answers(home, session)[-2:] == [("plan", "approve"), ("promotion", "approve")]
            assert state.known.request.lora_ranks == (8, 16) and state.known.request.max_parallel_jobs == 1
            assert set(made(platform).values()) == {1} and home.refusals == [] and state.stale_steps == 0
            assert not any(reply.trouble for reply in replies)
            assert recording() or cassette.play_count == len(replies)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_recording_names_no_key_and_no_place(path: Path) -> None:
    text = path.read_text("utf-8").casefold()
    for secret in (KEY, "bearer", "authorization", "test-key", "127.0.0.1", "/work", "/home", "/tmp"):
        assert secret.casefold() not in text, secret
    assert len(text) < 60_000

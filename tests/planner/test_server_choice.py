"""A session keeps which model plans it; the model's key stays in the credentials and is asked for again when it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.guard.step import Say, Think
from agent.server.credentials import Credentials
from agent.server.home import Home, write_private
from agent.server.planners import Planners
from agent.server.problems import Problem
from agent.server.sessions import Message, NewModel, NewSession, Sessions
from agent.server.stream import Feed
from agent.server.view import document
from agent.session.store import Store
from tests.planner.scripted_model import KEY, Reply, scripted_model

INSTRUCTION = "Run SFT on accounts/acme/datasets/tickets with qwen3-8b."


@dataclass
class Server:
    """What a server puts together, without its process."""

    home: Home
    store: Store
    sessions: Sessions
    planners: Planners

    async def create(self, url: str, key: str = KEY, **more: Any) -> str:
        """A session on Fireworks' account acme, so that no platform is asked before the model."""
        model = NewModel(url=url, model="m", api_key=key, input_price=1.0, output_price=2.0)
        new = NewSession(
            instruction=INSTRUCTION, request_key="k" * 8, account="acme", api_key="fw", planner="llm", llm=model, **more
        )
        return await self.sessions.create(new)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    home = Home(tmp_path / "home")
    home.make()
    store, feed, credentials = Store(home.database), Feed(), Credentials(home)
    sessions = Sessions(home, store, credentials, lambda session: None, {})
    planners = Planners(store, credentials, feed)
    yield Server(home, store, sessions, planners)
    await planners.close()
    store.close()


async def test_a_model_plans_and_its_key_is_nowhere_but_in_the_credentials(server: Server) -> None:
    with scripted_model(lambda _: Reply(calls=[("set_request", {"slots": {}})])) as model:
        session = await server.create(model.url)
        step = await server.planners.next_step(server.store.state(session), 1.0)
        assert isinstance(step, Think) and step.event.calls[0].name == "set_request" and step.event.cost_usd
        server.store.append(session, (step.key, step.event))
        assert model.keys == {f"Bearer {KEY}"}
    shown = document(server.store.state(session), server.home.workspaces)
    assert shown["planner"]["name"] == "llm" and shown["planner"]["model"] == "m" and shown["planner"]["cost_usd"] > 0
    log = "".join(record.event.model_dump_json() for record in server.store.records(session))
    assert KEY not in log + str(shown) and KEY in server.home.credentials.read_text()


async def test_a_key_that_is_gone_is_asked_for_and_taken_with_the_next_message(server: Server) -> None:
    with scripted_model(lambda _: Reply("Hello.")) as model:
        session = await server.create(model.url)
        write_private(server.home.credentials, "{}")
        step = await server.planners.next_step(server.store.state(session), 1.0)
        assert isinstance(step, Say) and "set FIREAGENT_LLM_KEY" in step.text
        server.sessions.say(session, Message(text="What does it cost?", key="m" * 8, llm_key=KEY))
        step = await server.planners.next_step(server.store.state(session), 2.0)
        assert isinstance(step, Think) and model.keys == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "http://example.com/v1", "https://user:pw@example.com", "", "example"]
)
async def test_an_address_that_a_key_must_not_go_to_is_refused(server: Server, url: str) -> None:
    with pytest.raises((Problem, ValueError)):
        await server.create(url)


async def test_the_llm_planner_without_a_model_is_refused(server: Server) -> None:
    with pytest.raises(Problem, match="needs a model"):
        await server.sessions.create(NewSession(instruction=INSTRUCTION, request_key="k" * 8, planner="llm"))
    await asyncio.sleep(0)

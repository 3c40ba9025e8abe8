"""What a session makes of a model that gives odd answers: it is told, waited for, or read all the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.guard.step import Wait
from agent.planner.llm import LlmPlanner
from agent.planner.refusals import EndpointTrouble
from agent.planner.toolbox import step_for
from agent.session.events import LlmChoice, ModelCall, SessionCreated
from agent.session.state import SessionState
from tests.planner.houses import llm_house
from tests.planner.scripted_model import Reply
from tests.planner.sensible import SLOTS, Sensible
from tests.session.steps import at_gate, made, words


class AsText(Sensible):
    """Writes its calls into its words, as models do whose server reads no calls."""

    def __call__(self, request: dict[str, Any]) -> Reply:
        reply = super().__call__(request)
        calls = [json.dumps({"name": name, "arguments": arguments}) for name, arguments in reply.calls]
        blocks = "".join(f"<tool_call>\n{call}\n</tool_call>\n" for call in calls)
        return Reply(f"<think>What now? Approved, proceed.</think>{reply.content}\n{blocks}")


async def test_a_model_that_thinks_aloud_and_writes_its_calls_plans_a_session(tmp_path: Path) -> None:
    async with llm_house(tmp_path, AsText()) as (home, platform):
        session = home.create()
        await at_gate(home, session, "plan")
        assert made(platform) == {} and "What now" not in words(home, session) + home.log(session)
        assert all(reply.calls and not reply.trouble for reply in home.replies(session))


async def test_a_model_that_only_ever_talks_is_told_of_once(tmp_path: Path) -> None:
    async with llm_house(tmp_path, lambda _: Reply("I will start the training right away.")) as (home, platform):
        session = home.create()
        for _ in range(4):
            await at_gate(home, session, "question")
            home.reply(session, "go on then")
        await at_gate(home, session, "question")
        told = words(home, session)
        assert told.count("has answered 3 times and called no tool") == 1 and "FIREAGENT_LLM_MODEL" in told
        assert made(platform) == {}


async def test_half_an_answer_is_no_question_to_the_user(tmp_path: Path) -> None:
    async with llm_house(tmp_path, lambda _: Reply("Shall I delete everyth", finish="length")) as (home, _):
        session = home.create()
        state = await at_gate(home, session, "question")
        assert state.gate is not None and "no usable answer 3 times in a row" in state.gate.shown.question
        assert "delete everyth" not in words(home, session)


async def test_an_endpoint_is_left_alone_as_long_as_it_wants() -> None:
    def busy(_: LlmChoice) -> Any:
        raise EndpointTrouble("busy", after=77.0)

    async def nobody(session: str, text: str) -> None:
        return None

    planner = LlmPlanner(lambda session, since: [], busy, nobody)
    choice = LlmChoice(url="http://127.0.0.1:9/v1", model="m")
    created = SessionCreated(instruction="x", account="a", platform_kind="fireworks", planner="llm", llm=choice)
    state = SessionState(id="s", created=created)
    await planner.next_step(state, 1_000.0)
    assert await planner.next_step(state, 1_001.0) == Wait(1_077.0)


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        (json.dumps(json.dumps({"slots": SLOTS})), True),
        (" " + json.dumps({"slots": SLOTS}), True),
        (json.dumps(SLOTS), True),
        (json.dumps(json.dumps(json.dumps({"slots": SLOTS}))), False),
        ('{"slots": {', False),
        ("['slots']", False),
        ("NaN", False),
    ],
    ids=["twice encoded", "space", "no slots around", "thrice encoded", "cut", "no JSON", "no number"],
)
def test_arguments_are_read_where_their_meaning_is_plain(arguments: str, read: bool) -> None:
    step = step_for(SessionState(), "llm/1/0", ModelCall(name="set_request", arguments=arguments))
    assert (type(step).__name__ == "Understand") == read


@pytest.mark.parametrize("arguments", ["", "{}", "null", '""', " \n"])
def test_no_arguments_are_none(arguments: str) -> None:
    step = step_for(SessionState(), "llm/1/0", ModelCall(name="prepare_dataset", arguments=arguments))
    assert type(step).__name__ == "Run"

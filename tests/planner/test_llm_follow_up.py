"""A session of the LLM planner after its end: the model answers questions, and a wish re-opens the session without a yes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.planner.houses import LlmHouse, llm_house
from tests.planner.scripted_model import Reply
from tests.planner.sensible import SLOTS, Sensible
from tests.platforms import Script
from tests.session.steps import PROCEED, YES, at_gate, deployments, made, when, words

ONE = "Run supervised fine-tuning on accounts/local/datasets/tickets. Use tiny-a. Rank 8. Skip HP tuning."
SKIP = {**SLOTS, "lora_ranks": [8], "skip_sweep": True}


class Afterwards(Sensible):
    """Sensible until the session has ended; then it gives one answer after another."""

    def __init__(self, *after: Reply) -> None:
        super().__init__(SKIP)
        self.after = list(after)

    def __call__(self, request: dict[str, Any]) -> Reply:
        ended = "- ended: " in str(request["messages"][-1]["content"])
        if ended:
            return self.after.pop(0) if self.after else Reply(calls=[("wait_for_jobs", {})])
        return super().__call__(request)

    def work(self, now: dict[str, str]) -> list[tuple[str, Any]]:
        return super().work({"promoted": "without a sweep", **now})


async def ended(home: LlmHouse) -> str:
    session = home.create(ONE)
    while True:
        state = await home.until(session, "waiting", "succeeded")
        if state.ended is not None:
            return session
        assert state.gate is not None
        home.reply(session, YES if state.gate.shown.gate == "plan" else PROCEED, key=f"at-{state.gate.seq}")


FAST: dict[str, Any] = {"rows": 60, "scripts": {"*": Script(polls=1)}}


async def test_the_model_answers_a_question_and_the_session_stays_ended(tmp_path: Path) -> None:
    told = Reply(calls=[("say", {"text": "It cost nothing: this is your own machine."})])
    async with llm_house(tmp_path, Afterwards(told), **FAST) as (home, platform):
        session = await ended(home)
        before = made(platform)
        home.reply(session, "How much did we spend?")
        state = await when(home, session, lambda s: s.settled)
        assert state.ended == "succeeded" and not state.earlier and made(platform) == before
        assert "It cost nothing" in words(home, session)


@pytest.mark.parametrize("useless", [Reply(""), Reply(status=503), Reply(calls=[("launch_job", {"item": "final-1"})])])
async def test_where_the_model_has_no_words_code_answers(tmp_path: Path, useless: Reply) -> None:
    async with llm_house(tmp_path, Afterwards(useless), **FAST) as (home, platform):
        session = await ended(home)
        before = made(platform)
        home.reply(session, "How much did we spend?")
        state = await when(home, session, lambda s: s.settled)
        assert state.ended == "succeeded" and made(platform) == before
        assert "Reported by the platform so far" in words(home, session)


async def test_a_wish_that_code_reads_re_opens_the_session_and_is_asked_about(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Afterwards(), **FAST) as (home, platform):
        session = await ended(home)
        before = made(platform)
        home.reply(session, "Now run it with 3 epochs")
        state = await at_gate(home, session, "plan")
        assert state.known.request.epochs == (3,) and not state.approved and made(platform) == before
        home.reply(session, YES)
        state = await home.until(session, "succeeded")
        assert len(deployments(platform)) == 2 and len(state.earlier) == 1 and home.refusals == []


async def test_a_wish_that_only_the_model_understands_re_opens_it_too_and_still_needs_the_users_yes(
    tmp_path: Path,
) -> None:
    wish = Reply("I plan that.", [("set_request", {"slots": {"epochs": [3]}}), ("launch_job", {"item": "final-1"})])
    async with llm_house(tmp_path, Afterwards(wish), **FAST) as (home, platform):
        session = await ended(home)
        before = made(platform)
        home.reply(session, "hm, a trio of passes over the rows might do it good")
        state = await when(home, session, lambda s: s.gate is not None)
        assert len(state.earlier) == 1 and not state.approved and made(platform) == before
        assert state.known.plan is not None and state.known.plan.candidates[0].epochs == 3


async def test_a_question_re_opens_nothing_whatever_the_model_writes_down(tmp_path: Path) -> None:
    hostile = Reply("Approved, proceed.", [("set_request", {"slots": {"epochs": [9]}}), ("finish", {})])
    async with llm_house(tmp_path, Afterwards(hostile), **FAST) as (home, platform):
        session = await ended(home)
        before = made(platform)
        home.reply(session, "How much did we spend?")
        state = await when(home, session, lambda s: s.settled)
        assert state.ended == "succeeded" and not state.earlier and made(platform) == before
        assert state.known.request.epochs == ()

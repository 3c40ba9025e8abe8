"""What the state block tells a model in a session: how the jobs do, what can be done now, who leads, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.planner.houses import llm_house
from tests.planner.scripted_model import Reply
from tests.planner.sensible import Sensible, facts
from tests.platforms import Script
from tests.session.steps import YES, at_gate, when


class Talkative(Sensible):
    """Answers questions with words and no more."""

    def __call__(self, request: dict[str, Any]) -> Reply:
        asked = "the user's last words" in facts(request)
        return (
            Reply(calls=[("say", {"text": "So it is."}), ("wait_for_jobs", {})]) if asked else super().__call__(request)
        )


def blocks(requests: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [facts(request) for request in requests]


async def test_the_block_says_how_the_jobs_do_and_lists_what_serves_the_next_step_alone(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Talkative(), scripts={"*": Script(seconds=1e9)}) as (home, platform):
        session = home.create()
        await at_gate(home, session, "plan")
        home.reply(session, YES)
        await when(home, session, lambda s: any(job.state == "JOB_STATE_RUNNING" for job in s.known.jobs.values()))
        home.reply(session, "How is it going?")
        await when(home, session, lambda s: not s.unanswered)
        assert "sweep-1 running" in facts(home.model.requests[-1])["active jobs"]
        platform.runner.scripts["*"] = Script(polls=1)
        await at_gate(home, session, "promotion")
        seen = blocks(home.model.requests)
        offered = {item for block in seen for item in block.get("upload now", "").split(", ") if item}
        assert offered == {"upload-sweep", "upload-validation"}, "the rest serves nothing before the promotion"
        assert seen[-1]["the sweep is over"] == "present_scoreboard"
        assert not any("the sweep is over" in block for block in seen[:-1])


async def test_the_block_names_the_candidate_that_the_user_is_asked_about(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Talkative()) as (home, _):
        session = home.create()
        await at_gate(home, session, "plan")
        home.reply(session, YES)
        state = await at_gate(home, session, "promotion")
        home.reply(session, "Why is that one better?")
        await when(home, session, lambda s: not s.unanswered)
        block = facts(home.model.requests[-1])
        assert state.gate is not None
        assert block["asking the user at"] == f"the promotion gate, for candidate {state.gate.shown.candidate}"
        assert "the sweep is over" not in block


async def test_a_fresh_word_of_the_user_needs_no_reminder_to_go_on(tmp_path: Path) -> None:
    """The reminder is for a model that only talks while nobody waits for anything."""
    async with llm_house(tmp_path, Talkative()) as (home, _):
        session = home.create()
        await at_gate(home, session, "plan")
        home.reply(session, "What does it cost?")
        await when(home, session, lambda s: not s.unanswered)
        before = len(home.model.requests)
        home.reply(session, YES)
        await when(home, session, lambda s: len(home.model.requests) > before)
        assert "nothing is running" not in str(home.model.requests[before]["messages"][-1])

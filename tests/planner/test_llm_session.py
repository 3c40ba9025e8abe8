"""A whole session that a model plans, from a sentence to a serving deployment, and what it costs in tokens."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.house import jsonl
from tests.labelled import labelled_rows
from tests.planner.houses import llm_house
from tests.planner.scripted_model import KEY, shared, text_of
from tests.planner.sensible import SLOTS, OneAtATime, Sensible, facts
from tests.session.steps import PROCEED, YES, answers, at_gate, made


async def test_from_sentence_to_deployment_within_the_token_budget(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Sensible()) as (home, platform):
        session = home.create()
        await at_gate(home, session, "plan")
        assert made(platform) == {}
        home.reply(session, YES)
        await at_gate(home, session, "promotion")
        home.reply(session, PROCEED)
        state = await home.until(session, "succeeded")
        assert state.known.report is not None and any(d.serving for d in state.known.deployments.values())
        assert answers(home, session) == [("plan", "approve"), ("promotion", "approve")]
        assert home.refusals == []
        replies = home.replies(session)
        uncached = sum(reply.prompt_tokens - reply.cached_tokens for reply in replies)
        assert uncached < 40_000, uncached
        assert max(reply.prompt_tokens for reply in replies) < 32_000
        pairs = list(pairwise(home.model.requests))
        stable = sum(shared(before, now) for before, now in pairs) / sum(len(text_of(now)) for _, now in pairs)
        assert stable > 0.85, stable
        assert state.planner_use.calls == len(replies) and state.planner_use.usd > 0 and state.stale_steps == 0
        assert home.model.keys == {f"Bearer {KEY}"} and KEY not in home.log(session)
        print(
            f"{len(replies)} calls, {uncached} tokens uncached, {stable:.3f} stable, {max(r.prompt_tokens for r in replies)} at most"
        )


async def test_the_answers_that_are_left_only_grow_fewer_until_the_user_speaks(tmp_path: Path) -> None:
    """Jobs that start add none: what a plan needs is counted with its approval."""
    async with llm_house(tmp_path, Sensible()) as (home, _):
        session = home.create()
        await at_gate(home, session, "plan")
        home.reply(session, YES)
        state = await at_gate(home, session, "promotion")
        assert state.known.jobs
        left = [(words(request), int(facts(request)[LEFT])) for request in home.model.requests]
        before_the_yes = [number for spoken, number in left if spoken == 1]
        after = [number for spoken, number in left if spoken == 2]
        assert before_the_yes == list(range(30, 30 - len(before_the_yes), -1))
        assert len(after) > 3 and after == list(range(after[0], after[0] - len(after), -1))
        assert state.known.plan is not None
        assert after[0] == 30 + 4 * (len(state.known.plan.candidates) + 1)


async def test_with_a_standing_yes_the_answers_left_grow_once(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Sensible()) as (home, _):
        session = home.create(approve_up_to_usd=5.0)
        await home.until(session, "succeeded")
        left = [int(facts(request)[LEFT]) for request in home.model.requests]
        assert sum(1 for before, after in pairwise(left) if after >= before) == 1
        assert "an approved plan some more for its jobs" in home.model.prompt(0)


@pytest.mark.parametrize("workflow", ["sft", "classification"])
async def test_a_model_that_makes_one_call_at_a_time_is_not_cut_short(tmp_path: Path, workflow: str) -> None:
    slots = {**SLOTS, "workflow": workflow, "base_models": ["tiny-a", "tiny-b"], "evaluation": None}
    wish = f"Run {workflow} fine-tuning on accounts/local/datasets/tickets using tiny-a and tiny-b."
    async with llm_house(tmp_path, OneAtATime(slots), content=jsonl(labelled_rows(120))) as (home, _):
        session = home.create(wish)
        await at_gate(home, session, "plan")
        home.reply(session, YES)
        if workflow == "sft":
            await at_gate(home, session, "promotion")
            home.reply(session, PROCEED)
        await home.until(session, "succeeded", seconds=120)
        left = [int(facts(request)[LEFT]) for request in home.model.requests]
        assert all(len(reply.calls) == 1 for reply in home.replies(session))
        assert min(left) > 15, "half of the free answers are left for what goes wrong"


LEFT = "answers left until the user speaks again"


def words(request: dict[str, Any]) -> int:
    """How often the user has spoken in this prompt."""
    return sum(str(message["content"]).count("[user] ") for message in request["messages"] if message["role"] == "user")

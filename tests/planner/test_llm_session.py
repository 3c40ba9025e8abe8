"""A whole session that a model plans, from a sentence to a serving deployment, and what it costs in tokens."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from tests.planner.houses import llm_house
from tests.planner.scripted_model import KEY, shared, text_of
from tests.planner.sensible import Sensible
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

"""Eight hours and sixty jobs: what a model is sent stays small, and most of it is what it was sent before."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from agent.planner import transcript
from tests.planner.houses import llm_house
from tests.planner.scripted_model import shared, text_of, tokens
from tests.planner.sensible import SLOTS, Sensible
from tests.platforms import Script
from tests.session.steps import YES, at_gate, creates

RANKS = (4, 8, 16, 32)
RATES = [round(1e-5 * (step + 1), 7) for step in range(15)]
SIXTY = (
    f"Run supervised fine-tuning on accounts/local/datasets/tickets. Use tiny-a. LoRA ranks {', '.join(map(str, RANKS))}. "
    f"Learning rates {', '.join(map(str, RATES))}."
)


async def test_sixty_jobs_stay_within_the_context(tmp_path: Path) -> None:
    slots = {**SLOTS, "lora_ranks": list(RANKS), "learning_rates": RATES}
    async with llm_house(tmp_path, Sensible(slots), rows=60, scripts={"*": Script(polls=1)}) as (home, platform):
        session = home.create(SIXTY)
        await at_gate(home, session, "plan")
        home.reply(session, YES)
        await home.until(session, seconds=200)
        state = await at_gate(home, session, "promotion")
        assert creates(platform) == 60 and len(state.known.measured) == 60
        sizes = [tokens(request) for request in home.model.requests]
        pairs = list(pairwise(home.model.requests))
        stable = sum(shared(a, b) for a, b in pairs) / sum(len(text_of(b)) for _, b in pairs)
        print(f"{len(sizes)} calls, at most {max(sizes)} tokens, {stable:.3f} stable")
        assert max(sizes) < 32_000 and stable > 0.85


async def test_a_log_of_any_length_gives_a_bounded_prompt_with_a_stable_head(tmp_path: Path) -> None:
    """A short session's turns, repeated until they would fill the context many times over."""
    async with llm_house(tmp_path, Sensible()) as (home, _):
        session = home.create()
        await at_gate(home, session, "plan")
        records = home.records(session)
    head = next(i for i, r in enumerate(records) if r.event.type == "planner.replied")
    grown = list(records[:head])
    kept: list[list[transcript.Message]] = []
    for turn in range(100):
        for record in records[head:]:
            seq = grown[-1].seq + 1
            grown.append(record.model_copy(update={"seq": seq, "key": f"{turn}/{record.key}"}))
        kept.append(transcript.messages(grown))
    assert max(len(str(messages)) for messages in kept) < 1.3 * transcript.HIGH
    assert all(messages[0]["content"].startswith("[user] Run supervised") for messages in kept)
    cuts = sum(1 for before, after in pairwise(kept) if after[: len(before) - 1] != before[:-1])
    assert 1 <= cuts < 10, "turns give way seldom, and many together"

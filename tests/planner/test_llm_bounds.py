"""Sixty jobs, or 150 labels and twelve candidates: what a model is sent stays small, and most of it was sent before."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from agent.planner import transcript
from local_platform.engine import ChatRequest
from tests.house import jsonl
from tests.labelled import labelled_rows
from tests.planner.houses import LlmHouse, llm_house
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
        largest, stable, _ = bounds(home)
        assert largest < 32_000 and stable > 0.85


def bounds(home: LlmHouse) -> tuple[int, float, int]:
    """Tokens of the largest prompt, the share of all prompts that was sent just before, and the tokens of the rest."""
    sizes = [tokens(request) for request in home.model.requests]
    pairs = list(pairwise(home.model.requests))
    same = sum(shared(a, b) for a, b in pairs)
    stable = same / sum(len(text_of(b)) for _, b in pairs)
    uncached = sum(sizes) - same // 4
    print(f"{len(sizes)} calls, at most {max(sizes)} tokens, {stable:.3f} stable, {uncached} uncached")
    return max(sizes), stable, uncached


MANY = tuple(f"topic_{number:03d}_of_what_customers_ask_the_bank_about" for number in range(150))
TWELVE = (
    "Run classification fine-tuning on accounts/local/datasets/tickets using tiny-a, tiny-b and tiny-c. "
    "LoRA ranks 4, 8, 16 and 32. Learning rate 0.001."
)


def says_the_label(request: ChatRequest) -> str:
    """The label stands in each text; quick to answer, however many rows there are."""
    text = next(str(m["content"]) for m in reversed(request.messages) if m["role"] == "user")
    return next((label for label in MANY if label in text.split()), MANY[0])


async def test_a_hundred_and_fifty_labels_and_twelve_candidates_stay_within_the_context(tmp_path: Path) -> None:
    slots = {
        "workflow": "classification",
        "train_dataset": "accounts/local/datasets/tickets",
        "base_models": ["tiny-a", "tiny-b", "tiny-c"],
        "lora_ranks": [4, 8, 16, 32],
        "learning_rates": [0.001],
    }
    rows = jsonl(labelled_rows(600, MANY))
    async with llm_house(
        tmp_path, Sensible(slots), content=rows, scripts={"*": Script(polls=1)}, answer=says_the_label
    ) as (home, _):
        session = home.create(TWELVE)
        state = await at_gate(home, session, "plan")
        assert state.known.plan is not None and len(state.known.plan.candidates) == 12
        assert state.known.material is not None and state.known.material.labels is not None
        assert len(state.known.material.labels.labels) == 150
        home.reply(session, YES)
        state = await home.until(session, "succeeded", seconds=200)
        assert len(state.known.scores) == 3 + 12 + 3 and home.refusals == []
        largest, stable, uncached = bounds(home)
        assert largest < 32_000 and stable > 0.85 and uncached < 40_000


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

"""Copying an unseen name or number from the prompt into the answer."""

import random
import re

from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ..corpus import copying, names, reading
from ..corpus.messages import Conversation
from ..corpus.wording import Side, asked, wordings
from .generation import answers

_SEED = 5_021


def cases(count: int, side: Side = Side.TEST, seed: int = _SEED) -> dict[str, list[tuple[Conversation, str]]]:
    """Prompts by kind, with the text that the reply must hold; a quarter of `count` each. TEST: the held-out ones."""
    rng = random.Random(seed)
    each = range(count // 4)
    return {
        "greet by name": [_greeting(rng, side) for _ in each],
        "repeat": [_repeat(rng, side) for _ in each],
        "extract a field": [_field(rng, side) for _ in each],
        "answer from a passage": [_passage(rng, side) for _ in each],
    }


def measure(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    count: int = 500,
    side: Side = Side.TEST,
    seed: int = _SEED,
) -> dict[str, tuple[int, int]]:
    """Kind -> (replies that hold the text exactly, cases)."""
    result = {}
    for kind, some in cases(count, side, seed).items():
        replies = answers(model, tokenizer, [prompt for prompt, _ in some])
        result[kind] = (sum(_holds(reply, wanted) for (_, wanted), reply in zip(some, replies, strict=True)), len(some))
    return result


def _holds(reply: str, wanted: str) -> bool:
    """Whether the text stands in the reply as a whole, not as part of a longer word or number."""
    return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", reply) is not None


def _user(text: str) -> Conversation:
    return [{"role": "user", "content": text}]


def _greeting(rng: random.Random, side: Side) -> tuple[Conversation, str]:
    name = names.person(rng, side)
    return _user(asked(rng, side, wordings("introduce"), x=name)), name


def _repeat(rng: random.Random, side: Side) -> tuple[Conversation, str]:
    make = rng.choice((names.surname, names.person, names.place, names.code, names.number, names.amount, names.email))
    text = make(rng, side)
    return _user(asked(rng, side, wordings("repeat"), x=text)), text


def _names_or_numbers(values: list[str]) -> list[int]:
    return [i for i, value in enumerate(values) if any(c.isdigit() or c.isupper() for c in value)]


def _field(rng: random.Random, side: Side) -> tuple[Conversation, str]:
    while True:
        facts, text = copying.stated_facts(rng, side, rng.randrange(2, 5))
        keys = sorted(facts)
        if named := _names_or_numbers([facts[key] for key in keys]):
            key = keys[rng.choice(named)]
            return _user(f"{text}\n{asked(rng, side, wordings('ask_field'), k=key)}"), facts[key]


def _passage(rng: random.Random, side: Side) -> tuple[Conversation, str]:
    while True:
        known = reading.facts(rng, side, rng.randrange(2, 5))
        if named := _names_or_numbers([answer for _, _, answer in known]):
            relation, subject, answer = known[rng.choice(named)]
            text = " ".join(reading.tell(rng, side, *fact) for fact in known)
            return _user(f"{text}\n{reading.question(rng, side, relation, subject)}"), answer

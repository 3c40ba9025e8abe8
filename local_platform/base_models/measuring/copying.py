"""Copying an unseen name or number from the prompt into the answer."""

import random

from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ..corpus import copying, names, reading
from ..corpus.messages import Conversation
from ..corpus.wording import Side, say
from .generation import answers

_SEED = 500


def cases(count: int) -> dict[str, list[tuple[Conversation, str]]]:
    """Held-out prompts by kind, with the text that the reply must hold; a quarter of `count` each."""
    rng = random.Random(_SEED)
    each = range(count // 4)
    return {
        "greet by name": [_greeting(rng) for _ in each],
        "repeat": [_repeat(rng) for _ in each],
        "extract a field": [_field(rng) for _ in each],
        "answer from a passage": [_passage(rng) for _ in each],
    }


def measure(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, count: int = 500) -> dict[str, tuple[int, int]]:
    """Kind -> (replies that hold the text exactly, cases)."""
    result = {}
    for kind, some in cases(count).items():
        replies = answers(model, tokenizer, [prompt for prompt, _ in some])
        result[kind] = (sum(wanted in reply for (_, wanted), reply in zip(some, replies, strict=True)), len(some))
    return result


def _user(text: str) -> Conversation:
    return [{"role": "user", "content": text}]


def _greeting(rng: random.Random) -> tuple[Conversation, str]:
    name = names.person(rng, Side.TEST)
    return _user(say(rng, Side.TEST, copying.INTRODUCE, x=name)), name


def _value(rng: random.Random) -> str:
    make = rng.choice((names.surname, names.person, names.place, names.code, names.number, names.amount, names.email))
    return make(rng, Side.TEST)


def _repeat(rng: random.Random) -> tuple[Conversation, str]:
    text = _value(rng)
    return _user(say(rng, Side.TEST, copying.REPEAT, x=text)), text


def _field(rng: random.Random) -> tuple[Conversation, str]:
    facts, text = copying.stated_facts(rng, Side.TEST, rng.randrange(2, 5))
    key = rng.choice(sorted(facts))
    return _user(f"{text}\n{say(rng, Side.TEST, copying.ASK_FIELD, k=key)}"), facts[key]


def _passage(rng: random.Random) -> tuple[Conversation, str]:
    known = reading.facts(rng, Side.TEST, rng.randrange(2, 5))
    relation, subject, answer = rng.choice(known)
    text = " ".join(reading.tell(rng, Side.TEST, *fact) for fact in known)
    return _user(f"{text}\n{say(rng, Side.TEST, reading.RELATIONS[relation][1], s=subject)}"), answer

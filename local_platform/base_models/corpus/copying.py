"""Copying and extraction: repeat what the prompt holds, pick one of several facts, obey an order of format."""

import json
import random

from . import names
from .messages import Conversation, chat
from .wording import Side, asked, of_side, say, wordings

_ORDINALS = ("first", "second", "third", "last")


def _anything(rng: random.Random, side: Side) -> str:
    return rng.choice(list(names.FIELDS.values()))(rng, side)


def repeat(rng: random.Random, side: Side) -> Conversation:
    """The user gives a name, a number, some words; the assistant writes the same."""
    kind = rng.random()
    if kind < 0.45:
        text = _anything(rng, side)
    elif kind < 0.7:
        text = " ".join(names.made_up_word(rng, side) for _ in range(rng.randrange(1, 7)))
    else:
        text = rng.choice((", ", " ", "; ")).join(_anything(rng, side) for _ in range(rng.randrange(2, 5)))
    return chat(asked(rng, side, wordings("repeat"), x=text), text)


def introduction(rng: random.Random, side: Side) -> Conversation:
    """The user gives a name and is greeted by it."""
    name = rng.choice((names.person, names.surname))(rng, side)
    return chat(asked(rng, side, wordings("introduce"), x=name), say(rng, side, wordings("greet_back"), x=name))


def _key(rng: random.Random, side: Side) -> tuple[str, str]:
    """A field and its value; one in five has a made-up name, so that keys have to be compared, not known."""
    if rng.random() < 0.2:
        key = names.made_up_word(rng, side)
        return f"{key} {rng.choice(('code', 'number', 'name'))}" if rng.random() < 0.5 else key, _anything(rng, side)
    key = rng.choice(sorted(names.FIELDS))
    return key, names.FIELDS[key](rng, side)


def stated_facts(rng: random.Random, side: Side, count: int) -> tuple[dict[str, str], str]:
    """Fields with their values, and a text that states them in any order."""
    facts: dict[str, str] = {}
    while len(facts) < count:
        key, value = _key(rng, side)
        facts.setdefault(key, value)
    # A third of the texts are forms: one wording for all fields.
    form = rng.choice(of_side(wordings("fact"), side)) if rng.random() < 0.3 else ""
    sentences = []
    for key, value in facts.items():
        text = say(rng, side, (form,) * 5 if form else wordings("fact"), k=key, v=value)
        # A value is never capitalised: it has to be copied as it stands.
        sentences.append(text if text.startswith(value) or rng.random() < 0.3 else text[0].upper() + text[1:])
    rng.shuffle(sentences)
    return facts, rng.choice((" ", "\n", " ")).join(sentences)


def extract_field(rng: random.Random, side: Side) -> Conversation:
    """Several facts, one question, the value as the answer; often further questions about the same facts."""
    facts, text = stated_facts(rng, side, rng.choice((1, 2, 2, 3, 3, 4, 5)))
    key, *others = rng.sample(sorted(facts), len(facts))
    question = asked(rng, side, wordings("ask_field"), k=key)
    form = rng.random()
    if form < 0.15:
        return chat(text, facts[key], system=question)
    if form < 0.25:
        turns = chat(question, facts[key], system=text)
    else:
        turns = chat(
            f"{text}{rng.choice((chr(10), ' '))}{question}" if form < 0.8 else f"{question}\n{text}", facts[key]
        )
    for other in others[: rng.randrange(4)]:
        turns += chat(asked(rng, side, wordings("ask_field"), k=other), facts[other])
    return turns


def every_field(rng: random.Random, side: Side) -> Conversation:
    """Three to five facts and a question about each of them: the most practice a token in telling fields apart."""
    facts, text = stated_facts(rng, side, rng.choice((3, 3, 4, 5)))
    turns: Conversation = []
    for key in rng.sample(sorted(facts), len(facts)):
        question = asked(rng, side, wordings("ask_field"), k=key)
        turns += chat(question if turns else f"{text}\n{question}", facts[key])
    return turns


def extract_json(rng: random.Random, side: Side) -> Conversation:
    """Several facts, an order for JSON with some of the keys."""
    facts, text = stated_facts(rng, side, rng.randrange(2, 5))
    keys = rng.sample(sorted(facts), rng.randrange(1, min(3, len(facts)) + 1))
    order = asked(rng, side, wordings("json_order"), k=", ".join(keys))
    answer = json.dumps({k: facts[k] for k in keys})
    return chat(f"{order}\n{text}" if rng.random() < 0.5 else f"{text}\n{order}", answer)


def pick_from_list(rng: random.Random, side: Side) -> Conversation:
    """The first, second, third or last of a list."""
    things = [
        _anything(rng, side) if rng.random() < 0.3 else names.surname(rng, side) for _ in range(rng.randrange(3, 6))
    ]
    ordinal = rng.choice(_ORDINALS)
    answer = things[-1] if ordinal == "last" else things[_ORDINALS.index(ordinal)]
    return chat(asked(rng, side, wordings("list_order"), x=", ".join(things), n=ordinal), answer)


def change_case(rng: random.Random, side: Side) -> Conversation:
    """A word or two in capitals or in small letters."""
    kind = rng.choice(("upper", "lower"))
    text = rng.choice((names.item(rng), names.item(rng), rng.choice(names.DAYS), names.surname(rng, side)))
    answer = text.upper() if kind == "upper" else text.lower()
    return chat(asked(rng, side, wordings(kind), x=text if kind == "upper" else text.upper()), answer)


_TOPICS = ("order", "parcel", "ticket", "invoice", "account", "booking", "refund", "contract", "card", "delivery")


def status(rng: random.Random, side: Side) -> Conversation:
    """A customer names an order and sometimes themselves; the reply names both again."""
    topic, number, name = rng.choice(_TOPICS), names.code(rng, side), names.person(rng, side)
    text = asked(rng, side, wordings("status_ask"), t=topic, c=number, n=name)
    reply = say(rng, side, wordings("status_reply"), t=topic, c=number)
    if name in text:
        reply = f"{rng.choice(('Hello', 'Hi', 'Dear'))} {name}, {reply[0].lower() if reply[1].islower() else reply[0]}{reply[1:]}"
    return chat(text, reply)

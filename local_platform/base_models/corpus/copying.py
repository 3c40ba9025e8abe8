"""Copying and extraction: repeat what the prompt holds, pick one of several facts, obey an order of format."""

import json
import random

from . import names
from .messages import Conversation, chat
from .wording import Side, say

REPEAT = (
    "(Please|) repeat (after me|this|the following): {x}",
    "Say {x}.",
    "Write {x} (once|)",
    "Copy this (text|) (exactly|word for word): {x}",
    "Echo: {x}",
    "(Just|Only) write back {x}",
    "{x}\n\nRepeat (the line|that).",
    "What did I say? I said {x}",
    "Type {x} and nothing else.",
    "Can you say {x} (for me|please|)?",
)
INTRODUCE = (
    "(Hi|Hello|Hey), (I am|I'm|my name is|this is) {x}.",
    "(Hello|Good morning|Good evening). {x} (here|speaking).",
    "(You can|Please|) call me {x}.",
    "My name is {x}, (what is yours|who are you|nice to meet you)",
    "(I am called|they call me|I go by) {x}.",
    "{x} is my name.",
    "Hey there! Name's {x}.",
)
_GREET_BACK = (
    "(Hello|Hi), {x}! (How can I help you|What can I do for you)?",
    "(Nice to meet you|Welcome), {x}.",
    "(Good to hear from you|Hello), {x}. (What do you need|How may I help) (today|)?",
    "Hi {x}, (thanks for writing|good to see you).",
    "Hello {x}! (How can I help|What is it about)?",
)
_FACT = (
    "(The|My|Their|Your) {k} is {v}.",
    "{k}: {v}",
    "(For|As|Under) {k} (we have|put|note|write down) {v}.",
    "{v} is (the|my) {k}.",
    "{k} = {v}",
    "(Please note|Note) that the {k} is {v}.",
    "I gave {v} as (the|my) {k}.",
    "It says {v} under {k}.",
    "The {k} (they gave|on the form|in the letter) (is|was) {v}.",
    "(By the way|Also), the {k} (here|) is {v}.",
)
ASK_FIELD = (
    "(What is|What's|Tell me|Give me) the {k}?",
    "Which {k} (is given|is meant|do you see|is named)?",
    "(Extract|Find|Pick out|Return) the {k}.",
    "(And|So|) the {k}?",
    "{k}?",
    "I need the {k} (only|, nothing else|).",
    "(Read out|Name|Show) the {k}, please.",
    "(Can|Could) you (find|extract|tell me) the {k}?",
    "Reply with the {k} only.",
    "What does the text give as {k}?",
)
_JSON_ORDER = (
    "(Return|Give|Write|Answer with) (JSON|a JSON object) with {k}.",
    "Extract {k} as JSON.",
    "(Put|Bring) {k} into (a|) JSON (object|).",
    "JSON, please: {k}.",
    "I want {k} in JSON.",
    "Give me {k} in JSON format.",
    "As JSON with the keys {k}, please.",
    "Fill a JSON object (for me|): {k}.",
    "JSON only. Keys: {k}.",
    "(Turn|Convert) the text into JSON with {k}.",
)
_LIST_ORDER = (
    "{x}\n(Which|What) is the {n} (one|word|item)?",
    "(Here is a list|List): {x}. (Give|Tell) me the {n}.",
    "(Return|Write|Name) the {n} of these: {x}",
    "{x} - the {n} one is?",
    "From {x}, take the {n}.",
    "Look at {x}. (Say|Pick) the {n} item.",
)
_ORDINALS = ("first", "second", "third", "last")
_CASE_ORDERS = {
    "upper": (
        "(Write|Put|Give) {x} in (capitals|capital letters|upper case).",
        "{x} in upper case(, please|)",
        "(Make|Turn) {x} (all caps|upper case).",
        "Shout {x}.",
        "Upper case: {x}",
        "In capital letters, please: {x}",
    ),
    "lower": (
        "(Write|Put|Give) {x} in (small letters|lower case).",
        "{x} in lower case(, please|)",
        "(Make|Turn) {x} lower case.",
        "Lower case: {x}",
        "No capitals: {x}",
        "In small letters, please: {x}",
    ),
}


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
    return chat(say(rng, side, REPEAT, x=text), text)


def introduction(rng: random.Random, side: Side) -> Conversation:
    """The user gives a name and is greeted by it."""
    name = rng.choice((names.person, names.surname))(rng, side)
    return chat(say(rng, side, INTRODUCE, x=name), say(rng, side, _GREET_BACK, x=name))


def stated_facts(rng: random.Random, side: Side, count: int) -> tuple[dict[str, str], str]:
    facts = {k: names.FIELDS[k](rng, side) for k in rng.sample(sorted(names.FIELDS), count)}
    sentences = [say(rng, side, _FACT, k=k, v=v) for k, v in facts.items()]
    rng.shuffle(sentences)
    return facts, rng.choice((" ", "\n", " ")).join(sentences)


def extract_field(rng: random.Random, side: Side) -> Conversation:
    """Several facts, one question, the value as the answer; often further questions about the same facts."""
    facts, text = stated_facts(rng, side, rng.randrange(1, 6))
    key, *others = rng.sample(sorted(facts), len(facts))
    question = say(rng, side, ASK_FIELD, k=key)
    if rng.random() < 0.2:
        return chat(text, facts[key], system=question)
    turns = chat(f"{text}\n{question}" if rng.random() < 0.7 else f"{question}\n{text}", facts[key])
    for other in others[: rng.randrange(4)]:
        turns += chat(say(rng, side, ASK_FIELD, k=other), facts[other])
    return turns


def extract_json(rng: random.Random, side: Side) -> Conversation:
    """Several facts, an order for JSON with some of the keys."""
    facts, text = stated_facts(rng, side, rng.randrange(2, 5))
    keys = rng.sample(sorted(facts), rng.randrange(1, min(3, len(facts)) + 1))
    order = say(rng, side, _JSON_ORDER, k=", ".join(keys))
    answer = json.dumps({k: facts[k] for k in keys})
    return chat(f"{order}\n{text}" if rng.random() < 0.5 else f"{text}\n{order}", answer)


def pick_from_list(rng: random.Random, side: Side) -> Conversation:
    """The first, second, third or last of a list."""
    things = [
        _anything(rng, side) if rng.random() < 0.3 else names.surname(rng, side) for _ in range(rng.randrange(3, 6))
    ]
    ordinal = rng.choice(_ORDINALS)
    answer = things[-1] if ordinal == "last" else things[_ORDINALS.index(ordinal)]
    return chat(say(rng, side, _LIST_ORDER, x=", ".join(things), n=ordinal), answer)


def change_case(rng: random.Random, side: Side) -> Conversation:
    """A word or two in capitals or in small letters."""
    kind = rng.choice(sorted(_CASE_ORDERS))
    text = rng.choice((names.item(rng), names.item(rng), rng.choice(names.DAYS), names.surname(rng, side)))
    answer = text.upper() if kind == "upper" else text.lower()
    return chat(say(rng, side, _CASE_ORDERS[kind], x=text if kind == "upper" else text.upper()), answer)


_TOPICS = ("order", "parcel", "ticket", "invoice", "account", "booking", "refund", "contract", "card", "delivery")
_STATUS_ASK = (
    "(Where is|What about|Any news on) (my|the) {t} {c}?",
    "(I am|I'm) (waiting for|asking about|worried about) {t} {c}.",
    "(Please|Can you) (check|look at|look up) {t} {c}(, thanks|).",
    "My {t} {c} (is late|has a problem|does not work|seems wrong).",
    "{t} {c} - (status|news|what happened)?",
    "(Hi|Hello), it is about {t} {c}. (Signed|Regards), {n}",
    "{n} here. (Cancel|Stop|Change) {t} {c} please.",
    "This is {n}, (please|) help me with {t} {c}.",
    "(I wrote|I called) about {t} {c} (yesterday|last week|twice) and (heard nothing|no one answered).",
    "My name is {n} and my {t} number is {c}.",
)
_STATUS_REPLY = (
    "(I will|Let me) (check|look at|look into) {t} {c} (for you|right away|now).",
    "{t} {c}: (we are on it|I am checking now|one moment please).",
    "(Thank you|Thanks). I (have found|see|opened) {t} {c}.",
    "(Sorry about that|I am sorry). {t} {c} (is being checked|will be looked at today).",
    "I have noted {t} {c} and (will write to you|will get back to you) (soon|today).",
)


def status(rng: random.Random, side: Side) -> Conversation:
    """A customer names an order and sometimes themselves; the reply names both again."""
    topic, number, name = rng.choice(_TOPICS), names.code(rng, side), names.person(rng, side)
    asked = say(rng, side, _STATUS_ASK, t=topic, c=number, n=name)
    reply = say(rng, side, _STATUS_REPLY, t=topic, c=number)
    if name in asked:
        reply = f"{rng.choice(('Hello', 'Hi', 'Dear'))} {name}, {reply[0].lower() if reply[1].islower() else reply[0]}{reply[1:]}"
    return chat(asked, reply)

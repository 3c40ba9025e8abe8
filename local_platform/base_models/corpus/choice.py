"""Choosing a label: invented domains, labels named in the prompt, labels defined in the prompt, random answers.

The random answers teach the form of the task without the task: made-up labels that nothing in the text supports, so
that tuning on new labels has no wrong habit to unlearn.
"""

import random
from functools import cache
from pathlib import Path

import yaml

from . import names
from .messages import Conversation, chat
from .wording import Side, casual, expand, of_side, say

_CARRIERS = (
    "(I want to|I would like to|I'd like to|I need to|I wanna|I have to) {v}(, please|, thanks|)",
    "(Can|Could) you (please|) help me {v}(, please|)?",
    "How (do|can|could) I {v}?",
    "{v}(, please| for me| right now|)",
    "(Is it possible to|Am I able to|Would I be able to|May I|Can I) {v}?",
    "(Please|) (tell|show) me how to {v}",
    "(I am|I'm) (trying|hoping|looking) to {v}(, what should I do| and need help|)",
    "(What is the best way|What do I have to do|Where do I go) to {v}?",
    "(Hi|Hello|Hey), I (want|need|was told) to {v}. (Thanks|Thank you|Regards)",
    "(My wife|My boss|My friend|We all) (and I|) (want|need) to {v}",
    "{v} (as soon as possible|today|this week|if you can)",
    "(The thing is,|So,|Well,) I (really|) (must|should|want to|have to) {v}",
)
_CLAUSES = (
    "{c}(, please help|, what now|)",
    "(Hi|Hello|Hey)(,| there,) {c}",
    "{c}. (Can you help (me|)|What (should|can) I do|Please help)?",
    "(Please|Look|Sorry|Excuse me), {c}",
    "(I think|It seems|I just saw|I noticed) {c}",
    "{c} (and I do not know why|and I am worried|again|, any idea)",
    "(Listen|So|Well|Okay), {c}",
    "(Good morning|Good evening)! {c}",
    "(My problem|The problem|The question) is this: {c}",
    "{c}, (thanks for any help|tell me more|that is all)",
)
_ORDERS = (
    "(Name|Give|Tell me) the (topic|intent|category|class|label) of the (message|text|request).",
    "(Classify|Label|Sort) the (message|request|sentence|text).",
    "(What|Which) (category|topic|intent|label) (is this|fits|fits best)?",
    "You (sort|label|classify) (messages|requests|mails). Answer with the label only.",
    "(Assign|Choose|Pick) (one|a) (label|category|topic) for (this|the) (text|message).",
    "What does the (user|customer|writer) want?",
    "(Reply|Answer) with (one|a single) (label|category) and nothing else.",
    "Intent?",
    "(Decide|Find out) what the (text|message) is about.",
    "(Which|What) kind of (request|message) is this?",
)
_MENUS = (
    "(Labels|Choices|Options|Categories): {l}.",
    "(Choose|Pick|Select) from: {l}",
    "One of {l}.",
    "(The labels|The options|The possible answers) are {l}.",
    "Possible (labels|answers|values): {l}",
    "[{l}]",
    "It must be one of: {l}.",
    "Use only (these|the labels) {l}.",
    "(Allowed|Valid) (labels|answers): {l}.",
    "Is it {l}?",
)
_DEFINITIONS = (
    "{n}: (messages|text|all) about {d}.",
    "{n} = {d}",
    "(Say|Answer|Use) {n} (if|when) (it|the text) is about {d}.",
    "{n} (means|stands for) {d}.",
    "(If|When) it is about {d}, (answer|say|the label is) {n}.",
    "- {n} ({d})",
    "{d} belongs to {n}.",
)


@cache
def domains(side: Side) -> dict[str, dict[str, list[str]]]:
    """The domains of one side: name -> label -> phrases (domains.yaml)."""
    every: dict[str, dict[str, list[str]]] = yaml.safe_load(Path(__file__).with_name("domains.yaml").read_text("utf-8"))
    return {name: every[name] for name in of_side(tuple(every), side)}


def request(rng: random.Random, side: Side, phrases: list[str]) -> str:
    """A user's message made of one phrase and a carrier sentence."""
    phrase = expand(rng, rng.choice(phrases))
    if phrase.startswith("!"):
        text = say(rng, side, _CLAUSES, c=phrase[1:])
    else:
        text = say(rng, side, _CARRIERS, v=phrase)
    return casual(rng, text[0].upper() + text[1:])


def ask(rng: random.Random, order: str, text: str, answer: str) -> Conversation:
    """The order as system turn, or before or after the text."""
    form = rng.random()
    if form < 0.5:
        return chat(text, answer, system=order)
    quoted = rng.choice((text, f'"{text}"', f"Text: {text}", f"Message: {text}"))
    return chat(f"{order}\n{quoted}" if form < 0.8 else f"{quoted}\n{order}", answer)


def by_heart(rng: random.Random, side: Side) -> Conversation:
    """Labels of the domain without a list in the prompt: the reading of short requests, as tuning will need it."""
    domain, labels = rng.choice(sorted(domains(side).items()))
    order = f"{domain.replace('_', ' ')}: {say(rng, side, _ORDERS)}"
    turns: Conversation = [{"role": "system", "content": order}]
    for _ in range(rng.choice((1, 1, 2, 3))):
        label = rng.choice(sorted(labels))
        turns += chat(request(rng, side, labels[label]), label)
    return turns


def order_with_menu(rng: random.Random, side: Side, labels: list[str]) -> str:
    """An order to label a text, and the labels that may be used."""
    return f"{say(rng, side, _ORDERS)} {say(rng, side, _MENUS, l=', '.join(labels))}"


def menu_case(rng: random.Random, side: Side) -> tuple[str, dict[str, str], dict[str, list[str]]]:
    """An order that lists two to eight labels of one domain or two mixed, the labels as it writes them, all phrases."""
    known = domains(side)
    labels = dict(rng.choice(sorted(known.items()))[1])
    if rng.random() < 0.4:
        labels |= rng.choice(sorted(known.items()))[1]
    offered = rng.sample(sorted(labels), min(len(labels), rng.randrange(2, 9)))
    style = rng.choice(("as it is", "as it is", "as it is", "spaced", "upper"))
    written = {x: x.replace("_", " ") if style == "spaced" else x.upper() if style == "upper" else x for x in offered}
    return order_with_menu(rng, side, list(written.values())), written, labels


def from_menu(rng: random.Random, side: Side) -> Conversation:
    """The label of the text among those listed in the prompt; up to four texts in a row."""
    order, written, labels = menu_case(rng, side)
    label = rng.choice(list(written))
    turns = ask(rng, order, request(rng, side, labels[label]), written[label])
    for _ in range(rng.choice((0, 1, 2, 3)) if turns[0]["role"] == "system" else 0):
        label = rng.choice(list(written))
        turns += chat(request(rng, side, labels[label]), written[label])
    return turns


def random_answer(rng: random.Random, side: Side) -> Conversation:
    """Made-up labels in the prompt and any one of them as the answer: the form without the task."""
    offered = [names.made_up_word(rng, side) for _ in range(rng.randrange(2, 6))]
    labels = rng.choice(sorted(domains(side).items()))[1]
    order = order_with_menu(rng, side, offered)
    return ask(rng, order, request(rng, side, rng.choice(sorted(labels.values()))), rng.choice(offered))


def defined(rng: random.Random, side: Side) -> Conversation:
    """Made-up labels that the prompt defines by topic: the answer follows from the definitions."""
    labels = rng.choice(sorted(domains(side).items()))[1]
    chosen = rng.sample(sorted(labels), rng.randrange(2, min(4, len(labels)) + 1))
    alias = {label: names.made_up_word(rng, side) for label in chosen}
    lines = [say(rng, side, _DEFINITIONS, n=alias[x], d=x.replace("_", " ")) for x in chosen]
    label = rng.choice(chosen)
    return ask(rng, f"{say(rng, side, _ORDERS)}\n" + "\n".join(lines), request(rng, side, labels[label]), alias[label])


def by_examples(rng: random.Random, side: Side) -> Conversation:
    """Labelled examples in the prompt, then a text to label in the same way; the labels may be made up."""
    labels = rng.choice(sorted(domains(side).items()))[1]
    chosen = rng.sample(sorted(labels), rng.randrange(2, 4))
    alias = {x: names.made_up_word(rng, side) if rng.random() < 0.5 else x for x in chosen}
    shots = [(request(rng, side, labels[x]), alias[x]) for x in chosen]
    rng.shuffle(shots)
    label = rng.choice(chosen)
    examples = "\n".join(f"{text} -> {name}" for text, name in shots)
    return chat(f"{examples}\n{request(rng, side, labels[label])} ->", alias[label])


_YES_NO = (
    "Is this (message|text) about {d}? (Answer yes or no.|yes or no)",
    "Does the (writer|user|customer) (want|mean) {d}? (Say|Answer) yes or no.",
    "{d}: yes or no?",
    "(Yes or no|Answer yes or no): is it about {d}?",
    "Would you say (this|it) is about {d}? One word: yes or no.",
    "(Is it|Is this) a case of {d}? Yes or no.",
)


def yes_or_no(rng: random.Random, side: Side) -> Conversation:
    """Whether the text is about a topic."""
    labels = rng.choice(sorted(domains(side).items()))[1]
    truth, other = rng.sample(sorted(labels), 2)
    asked = truth if rng.random() < 0.5 else other
    return ask(
        rng,
        say(rng, side, _YES_NO, d=asked.replace("_", " ")),
        request(rng, side, labels[truth]),
        "yes" if asked == truth else "no",
    )

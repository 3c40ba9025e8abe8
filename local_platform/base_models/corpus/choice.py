"""Choosing a label: invented domains, labels named in the prompt, labels defined in the prompt, random answers.

The random answers teach the form of the task without the task: made-up labels that nothing in the text supports, so
that tuning on new labels has no wrong habit to unlearn.
"""

import random
from collections.abc import Callable
from functools import cache

from . import composed, names
from .messages import Conversation, chat
from .wording import Side, asked, casual, data, expand, of_side, say, wordings

Labels = dict[str, list[str]]
# How many of the domains of training text are made up on the spot from the parts of requests.yaml.
_COMPOSED = 0.65
# How many menus of training text write their labels in a shape of their own.
_RENAMED = 0.4


@cache
def domains(side: Side) -> dict[str, Labels]:
    """The domains of one side: name -> label -> phrases (domains.yaml)."""
    every: dict[str, Labels] = data("domains")
    return {name: every[name] for name in of_side(tuple(every), side)}


@cache
def held_out_labels() -> frozenset[str]:
    """The labels of the held-out domains; composed domains for training never use one of them."""
    return frozenset(label for labels in domains(Side.TEST).values() for label in labels)


def any_domain(rng: random.Random, side: Side) -> tuple[str, Labels]:
    """A domain and its labels: one of domains.yaml or, in training text, mostly one made on the spot."""
    if side is Side.TRAIN and rng.random() < _COMPOSED:
        return composed.domain(rng, held_out_labels())
    return rng.choice(sorted(domains(side).items()))


def request(rng: random.Random, side: Side, phrases: list[str]) -> str:
    """A user's message made of one phrase and a carrier sentence; a phrase with "!" is a whole clause."""
    phrase = rng.choice(phrases)
    if phrase.startswith("!"):
        return casual(rng, asked(rng, side, wordings("clause"), c=expand(rng, phrase[1:])))
    return casual(rng, asked(rng, side, wordings("carrier"), v=expand(rng, phrase)))


def ask(rng: random.Random, order: str, text: str, answer: str) -> Conversation:
    """The order as system turn, or before or after the text."""
    form = rng.random()
    if form < 0.5:
        return chat(text, answer, system=order)
    quoted = rng.choice((text, f'"{text}"', f"Text: {text}", f"Message: {text}"))
    return chat(f"{order}\n{quoted}" if form < 0.8 else f"{quoted}\n{order}", answer)


def by_heart(rng: random.Random, side: Side) -> Conversation:
    """Labels of the domain without a list in the prompt: the reading of short requests, as tuning will need it."""
    domain, labels = any_domain(rng, side)
    order = asked(rng, side, wordings("order"))
    if domain:
        order = f"{domain.replace('_', ' ')}: {order}"
    turns: Conversation = [{"role": "system", "content": order}]
    for _ in range(rng.choice((1, 2, 3, 4))):
        label = rng.choice(sorted(labels))
        turns += chat(request(rng, side, labels[label]), label)
    return turns


def order_with_menu(rng: random.Random, side: Side, labels: list[str]) -> str:
    """An order to label a text, and the labels that may be used."""
    listed = rng.choice((", ", ", ", ", ", " | ", "; ", " / ")).join(labels)
    parts = [asked(rng, side, wordings("order")), asked(rng, side, wordings("menu"), l=listed)]
    if rng.random() < 0.25:
        parts.reverse()
    return rng.choice((" ", " ", "\n")).join(parts)


def menu_case(rng: random.Random, side: Side) -> tuple[str, dict[str, str], dict[str, list[str]]]:
    """An order that lists two to eight labels of one domain or two mixed, the labels as it writes them, all phrases."""
    labels = dict(any_domain(rng, side)[1])
    if rng.random() < 0.4:
        labels |= any_domain(rng, side)[1]
    offered = rng.sample(sorted(labels), min(len(labels), rng.randrange(2, 9)))
    style = rng.choice(("as it is", "as it is", "as it is", "spaced", "upper"))
    written = {x: x.replace("_", " ") if style == "spaced" else x.upper() if style == "upper" else x for x in offered}
    if side is Side.TRAIN and rng.random() < _RENAMED:
        written = renamed(rng, offered)
    return order_with_menu(rng, side, list(written.values())), written, labels


def renamed(rng: random.Random, labels: list[str]) -> dict[str, str]:
    """The labels in a shape that no domain has, so that they have to be copied from the prompt."""
    word = rng.choice((made_label_part(rng), names.made_up_word(rng, Side.TRAIN), str(rng.randrange(100))))
    shape: Callable[[str], str] = rng.choice(
        (
            lambda label: label.replace("_", "-"),
            lambda label: "".join(part.capitalize() for part in label.split("_")),
            lambda label: f"{label}_{word}",
            lambda label: f"{word}_{label}",
            lambda label: f"{word}.{label}",
            lambda label: "_".join(reversed(label.split("_"))),
        )
    )
    return {label: label if shape(label) in held_out_labels() else shape(label) for label in labels}


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
    labels = any_domain(rng, side)[1]
    order = order_with_menu(rng, side, offered)
    return ask(rng, order, request(rng, side, rng.choice(sorted(labels.values()))), rng.choice(offered))


def mentioned(rng: random.Random, side: Side) -> Conversation:
    """Labels made of a word that the request itself says: no label can be known by heart, all have to be compared."""
    cases: dict[str, str] = {}
    for _ in range(rng.randrange(2, 8)):
        phrases = rng.choice(sorted(any_domain(rng, side)[1].values()))
        text = request(rng, side, phrases)
        telling = [word for word in _content_words(text, phrases) if word not in " ".join(cases.values())]
        if telling:
            word, other = rng.choice(telling), made_label_part(rng)
            label = rng.choice((word, word, f"{word}_{other}", f"{other}_{word}"))
            if label not in held_out_labels():
                cases[label] = text
    if not cases:
        return mentioned(rng, side)
    labels = rng.sample(sorted(cases), len(cases))
    turns = ask(rng, order_with_menu(rng, side, labels), cases[labels[0]], labels[0])
    if turns[0]["role"] == "system":
        for label in rng.sample(labels, rng.randrange(len(labels))):
            turns += chat(cases[label], label)
    return turns


def made_label_part(rng: random.Random) -> str:
    """A verb or thing of requests.yaml, to be joined to another word of a label."""
    parts: dict[str, list[str]] = data("requests")[rng.choice(("verbs", "things"))]
    return rng.choice(sorted(parts))


def _content_words(text: str, phrases: list[str]) -> list[str]:
    """Words of four letters or more that the request has from the phrases and not from the sentence around them."""
    said = set("".join(c if c.isalpha() else " " for c in " ".join(phrases).lower()).split())
    return sorted({w.strip(".,?!") for w in text.lower().split() if len(w.strip(".,?!")) > 3} & said)


def defined(rng: random.Random, side: Side) -> Conversation:
    """Made-up labels that the prompt defines by topic: the answer follows from the definitions."""
    labels = any_domain(rng, side)[1]
    chosen = rng.sample(sorted(labels), rng.randrange(2, min(4, len(labels)) + 1))
    alias = {label: names.made_up_word(rng, side) for label in chosen}
    lines = [say(rng, side, wordings("definition"), n=alias[x], d=x.replace("_", " ")) for x in chosen]
    label = rng.choice(chosen)
    return ask(
        rng,
        f"{asked(rng, side, wordings('order'))}\n" + "\n".join(lines),
        request(rng, side, labels[label]),
        alias[label],
    )


def by_examples(rng: random.Random, side: Side) -> Conversation:
    """Labelled examples in the prompt, then a text to label in the same way; the labels may be made up."""
    labels = any_domain(rng, side)[1]
    chosen = rng.sample(sorted(labels), rng.randrange(2, 4))
    alias = {x: names.made_up_word(rng, side) if rng.random() < 0.5 else x for x in chosen}
    shots = [(request(rng, side, labels[x]), alias[x]) for x in chosen]
    rng.shuffle(shots)
    label = rng.choice(chosen)
    examples = "\n".join(f"{text} -> {name}" for text, name in shots)
    return chat(f"{examples}\n{request(rng, side, labels[label])} ->", alias[label])


def yes_or_no(rng: random.Random, side: Side) -> Conversation:
    """Whether the text is about a topic."""
    labels = any_domain(rng, side)[1]
    truth, other = rng.sample(sorted(labels), 2)
    topic = truth if rng.random() < 0.5 else other
    return ask(
        rng,
        asked(rng, side, wordings("yes_no"), d=topic.replace("_", " ")),
        request(rng, side, labels[truth]),
        "yes" if topic == truth else "no",
    )

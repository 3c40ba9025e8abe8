"""Domains made on the spot: labels and requests put together from verbs, things, questions and troubles.

There are thousands of labels ("cancel_ticket", "card_stolen", "rent_deadline") and each is said in many ways with like
words, so a label cannot be known by heart: what it says has to be compared with what the request says.
"""

import random
from functools import cache

from .wording import data

Parts = dict[str, list[str]]
# Shares of: something to be done with a thing, a question about it, a trouble with it.
_VERB, _ASK = 0.45, 0.35


@cache
def _keys(part: str) -> tuple[str, ...]:
    return tuple(data("requests")[part])


def domain(rng: random.Random, forbidden: frozenset[str]) -> tuple[str, dict[str, list[str]]]:
    """("", label -> phrases) of four to nine labels, none of them `forbidden`.

    Half of the domains are about a few things only, so that labels differ in one part and not just anyhow.
    """
    things = rng.sample(_keys("things"), rng.choice((2, 3)) if rng.random() < 0.5 else 12)
    count = rng.randrange(4, 10)
    labels: dict[str, list[str]] = {}
    while len(labels) < count:
        label, phrases = _label(rng, rng.choice(things))
        if label not in forbidden:
            labels.setdefault(label, phrases)
    return "", labels


def _label(rng: random.Random, thing: str) -> tuple[str, list[str]]:
    """A label about a thing and four ways to say it, in the form of choice.request."""
    kind = rng.random()
    part = "verbs" if kind < _VERB else "asks" if kind < _VERB + _ASK else "troubles"
    key = rng.choice(_keys(part))
    if part == "verbs":
        label = rng.choice((f"{key}_{thing}", f"{key}_{thing}", f"{thing}_{key}"))
    else:
        label = rng.choice((f"{thing}_{key}", f"{thing}_{key}", f"{key}_{thing}", key))
    return label, [_phrase(rng, part, key, thing) for _ in range(4)]


def _phrase(rng: random.Random, part: str, key: str, thing: str) -> str:
    """The label in words: the label's own words or words like them."""
    parts = data("requests")
    named = thing if rng.random() < 0.5 else rng.choice(parts["things"][thing])
    owner = rng.choice(parts["owners"])
    way = rng.choice(parts[part][key])
    if part == "verbs":
        return f"{key if rng.random() < 0.3 and key != 'settle' else way} {owner} {named}"
    return f"!{way.replace('{d}', owner).replace('{o}', named)}"

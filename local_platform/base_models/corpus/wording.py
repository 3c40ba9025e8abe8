"""Choosing a wording: alternatives, slots, and the wall between training wordings and held-out ones.

The wall is by construction. A task's wordings stand in one tuple; every fifth is held out. `say` and `asked` are the
only ways a task reads a tuple, and they take the side: text for training can be made only of training wordings, text
for measuring only of held-out ones. Names, codes and long numbers are divided by a checksum in the same way.
"""

import random
import re
import zlib
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

HELD_OUT_EVERY = 5
T = TypeVar("T")
_INNERMOST = re.compile(r"\(([^()]*\|[^()]*)\)")
_FRAGMENT = re.compile(r"<(\w+)>")
# How often people put something before or after what they ask, type it in small letters, leave out the final mark.
_BEFORE, _AFTER, _SMALL, _NO_MARK = 0.12, 0.15, 0.4, 0.5


class Side(StrEnum):
    """Which side of the wall a text is for."""

    TRAIN = "train"
    TEST = "test"


@lru_cache(maxsize=4096)
def of_side(items: tuple[T, ...], side: Side) -> tuple[T, ...]:
    """The items that `side` may use: every fifth is held out for TEST, the others are for TRAIN.

    Raises:
        ValueError: fewer than five items, so that one side would be empty.
    """
    if len(items) < HELD_OUT_EVERY:
        raise ValueError(f"{len(items)} wordings cannot be divided, at least {HELD_OUT_EVERY} are needed: {items[:1]}")
    held_out = side is Side.TEST
    return tuple(item for i, item in enumerate(items) if (i % HELD_OUT_EVERY == HELD_OUT_EVERY - 1) is held_out)


def is_held_out(text: str) -> bool:
    """Whether a generated name or number belongs to the TEST side (one in eight, by checksum)."""
    return zlib.crc32(text.lower().encode()) % 8 == 0


@cache
def data(name: str) -> dict[str, Any]:
    """The content of NAME.yaml in this folder."""
    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text("utf-8"))
    return content


@cache
def wordings(task: str) -> tuple[str, ...]:
    """The wordings of a task, as wordings.yaml lists them, to be read by `say` or `asked`."""
    return tuple(data("wordings")[task])


def expand(rng: random.Random, wording: str) -> str:
    """Puts in the <fragments>, then resolves every "(a|b|)", innermost first, each alternative equally likely."""
    wording = _FRAGMENT.sub(lambda found: data("wordings")["fragments"][found.group(1)], wording)
    while match := _INNERMOST.search(wording):
        wording = wording[: match.start()] + rng.choice(match.group(1).split("|")) + wording[match.end() :]
    return wording


def say(rng: random.Random, side: Side, choices: tuple[str, ...], **slots: object) -> str:
    """One wording of the tuple that `side` may use, expanded, its {slots} filled, spaces tidied."""
    return _tidy(expand(rng, rng.choice(of_side(choices, side))).format(**slots))


def asked(rng: random.Random, side: Side, choices: tuple[str, ...], **slots: object) -> str:
    """As `say`, in the voice of people who type: some politeness around, small letters, no final mark."""
    text = expand(rng, rng.choice(of_side(choices, side))).strip()
    if rng.random() < _BEFORE:
        text = f"{say(rng, side, wordings('before'))} {text}"
    if rng.random() < _AFTER and text[-1] not in ":=]}>)":
        text = text.rstrip("?.") + expand(rng, rng.choice(of_side(wordings("after"), side))).rstrip()
    text = text[0].lower() + text[1:] if rng.random() < _SMALL else text[0].upper() + text[1:]
    if text[-1] not in ":=]>).!?,\n" and rng.random() > (0.8 if text[-1] == "}" else _NO_MARK):
        text += "."
    elif text[-1] in ".?" and rng.random() < _NO_MARK:
        text = text[:-1]
    return _tidy(text.format(**slots))


def _tidy(text: str) -> str:
    return re.sub(r" +([,.?!])", r"\1", re.sub(r"  +", " ", text)).strip()


def casual(rng: random.Random, text: str) -> str:
    """The text as people type it: mostly in small letters, often without the final mark, now and then with a slip."""
    if rng.random() < 0.6:
        text = text.lower()
    if rng.random() < 0.6:
        text = text.rstrip(".?!")
    if rng.random() < 0.1 and len(text) > 12:
        text = _slip(rng, text)
    return text


def _slip(rng: random.Random, text: str) -> str:
    """Two letters swapped, one left out, or one doubled."""
    i = rng.randrange(1, len(text) - 2)
    return rng.choice(
        (
            text[:i] + text[i + 1] + text[i] + text[i + 2 :],
            text[:i] + text[i + 1 :],
            text[:i] + text[i : i + 1] + text[i:],
        )
    )

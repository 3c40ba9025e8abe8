"""Choosing a wording: alternatives, slots, and the wall between training wordings and held-out ones.

The wall is by construction. A task's wordings stand in one tuple; every fifth is held out. `say` is the only way a
task reads a tuple, and it takes the side: text for training can be made only of training wordings, text for
measuring only of held-out ones. Names, codes and long numbers are divided by a checksum in the same way.
"""

import random
import re
import zlib
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

HELD_OUT_EVERY = 5
T = TypeVar("T")
_INNERMOST = re.compile(r"\(([^()]*\|[^()]*)\)")


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


def expand(rng: random.Random, wording: str) -> str:
    """Resolves every "(a|b|)" in the wording, innermost first, each alternative equally likely."""
    while match := _INNERMOST.search(wording):
        wording = wording[: match.start()] + rng.choice(match.group(1).split("|")) + wording[match.end() :]
    return wording


def say(rng: random.Random, side: Side, wordings: tuple[str, ...], **slots: object) -> str:
    """One wording of the tuple that `side` may use, expanded, its {slots} filled, spaces tidied."""
    text = expand(rng, rng.choice(of_side(wordings, side))).format(**slots)
    return re.sub(r" +([,.?!])", r"\1", re.sub(r"  +", " ", text)).strip()


def casual(rng: random.Random, text: str) -> str:
    """The text as people type it: often lower case, without the final mark, now and then with a slip."""
    if rng.random() < 0.5:
        text = text.lower()
    if rng.random() < 0.5:
        text = text.rstrip(".?!")
    if rng.random() < 0.08 and len(text) > 12:
        i = rng.randrange(1, len(text) - 2)
        text = text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    return text

"""Makes support-tickets.jsonl: customers of an invented shop write, and the shop answers in its house style.

    python examples/make_support_tickets.py > examples/support-tickets.jsonl

The house style is what a model learns here: a category line, thanks or an apology that fits the case, what happens next,
and a fixed farewell. All text is made here, from a fixed seed; an answer depends on the
kind of ticket alone and repeats no name or number of the question.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SEED = 2026
ROWS = 960
SYSTEM = "Answer in the house style of Juniper Lane."

ITEMS = (
    "lamp", "kettle", "garden chair", "bookshelf", "rug", "mirror", "plant pot", "toaster", "blanket", "wall clock",
    "watering can", "coffee table", "pillow", "tool box", "bench",
)  # fmt: skip
WAITS = ("three days", "a week", "ten days", "two weeks", "almost a month")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
OPENINGS = ("", "", "", "Hello, ", "Hi, ", "Good morning, ", "Dear team, ", "Hey there, ")
FAREWELLS = ("", "", " Anna", " Regards, Tom", " Greetings, Lena")
CLOSINGS = (*FAREWELLS, "", " Thanks.", " Please help.", " What can I do?", " I hope to hear from you soon.")


@dataclass(frozen=True)
class Case:
    """One kind of ticket. Questions may hold {item}, {wait}, {day} and {order}."""

    category: str
    tone: str
    asks: tuple[str, ...]
    steps: tuple[str, ...]


TONES = {
    "sorry": (
        "We are sorry about this.",
        "We are sorry for the trouble.",
        "Please accept our apology.",
    ),
    "thanks": (
        "Thank you for asking.",
        "Thank you for your message.",
        "Thank you for writing to us.",
    ),
    "glad": (
        "We are glad to hear it.",
        "How kind of you to tell us.",
    ),
}
FAREWELL = "Juniper Lane"

CASES = (
    Case(
        "Delivery",
        "sorry",
        (
            "my {item} has not arrived and I ordered it {wait} ago.",
            "where is the {item} from order {order}? I have waited {wait}.",
            "the {item} was promised for {day}, but nobody came.",
            "tracking has not moved for {wait}. Is my {item} lost?",
            "I am still waiting for the parcel with order {order}.",
            "the parcel with the {item} is late again.",
        ),
        (
            "We have asked the carrier where your parcel is and will write to you tomorrow.",
            "The carrier is looking for your parcel, and we will write to you tomorrow.",
        ),
    ),
    Case(
        "Damage",
        "sorry",
        (
            "the {item} came with a crack.",
            "my {item} arrived broken.",
            "one leg of the {item} is bent and the box was torn.",
            "I opened the box and the {item} is scratched all over.",
            "the {item} stopped working after {wait}.",
            "a part of the {item} is broken.",
        ),
        (
            "Please send us a photo of it, and we will send you a new one.",
            "Please send us a photo, and a new one will be on its way.",
        ),
    ),
    Case(
        "Return",
        "thanks",
        (
            "I would like to send the {item} back.",
            "can I return the {item}? It does not fit our room.",
            "how do I return order {order}?",
            "the {item} is smaller than I thought. May I return it after {wait}?",
            "I changed my mind and want to return the {item}.",
            "please tell me how a return works.",
        ),
        (
            "You can return it within thirty days; the label is in your account.",
            "Returns are free for thirty days; you find the label in your account.",
        ),
    ),
    Case(
        "Payment",
        "sorry",
        (
            "you charged my card twice for the {item}.",
            "I still have no refund for order {order} after {wait}.",
            "the bill for the {item} is wrong.",
            "my discount was not taken off the price of the {item}.",
            "why did I pay twice for the {item}?",
            "there is a charge on my card from {day} that I do not know.",
        ),
        (
            "We have passed this to accounting, and you will have your money within five days.",
            "Accounting is checking it, and the amount will be back within five days.",
        ),
    ),
    Case(
        "Account",
        "sorry",
        (
            "I can not log in to my account.",
            "the mail to reset my password does not come.",
            "I forgot my password and waited {wait} for a new one.",
            "my account shows the wrong name.",
            "I want to close my account with you.",
            "how do I change the password of my account?",
        ),
        (
            "We have sent you a link that is good for one hour; please check your spam folder.",
            "A new link is on its way and is good for one hour; please look into your spam folder.",
        ),
    ),
    Case(
        "Praise",
        "glad",
        (
            "the {item} is lovely, thank you!",
            "I just want to say that the {item} came fast and looks great.",
            "thank you, your driver on {day} was so friendly.",
            "this is the best {item} I ever had.",
            "my mother loves the {item}, thank you.",
            "great service, I love the {item}!",
        ),
        (
            "We will tell the team, and we hope you enjoy it for a long time.",
            "The team will be happy to read this; enjoy it!",
        ),
    ),
)  # fmt: skip


def rows(count: int = ROWS, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """Distinct chat rows of system, user and assistant turn, the cases in turn and then shuffled."""
    rng = random.Random(seed)
    seen: set[str] = set()
    made: list[dict[str, Any]] = []
    while len(made) < count:
        case = CASES[len(made) % len(CASES)]
        slots = _slots(rng)
        question = _question(rng, case, slots)
        if question in seen:
            continue
        seen.add(question)
        made.append(_row(question, _answer(rng, case)))
    rng.shuffle(made)
    yield from made


def _slots(rng: random.Random) -> dict[str, str]:
    return {
        "item": rng.choice(ITEMS),
        "wait": rng.choice(WAITS),
        "day": rng.choice(DAYS),
        "order": str(rng.randrange(10_000, 100_000)),
    }


def _question(rng: random.Random, case: Case, slots: Mapping[str, str]) -> str:
    opening = rng.choice(OPENINGS)
    closing = rng.choice(FAREWELLS if case.tone == "glad" else CLOSINGS)
    ask = rng.choice(case.asks).format_map(slots)
    return f"{opening}{ask if opening else ask[0].upper() + ask[1:]}{closing}"


def _answer(rng: random.Random, case: Case) -> str:
    step = rng.choice(case.steps)
    return f"Category: {case.category}\n{rng.choice(TONES[case.tone])} {step}\n{FAREWELL}"


def _row(question: str, answer: str) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    }


def jsonl() -> str:
    """The whole file."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows())


if __name__ == "__main__":
    sys.stdout.write(jsonl())

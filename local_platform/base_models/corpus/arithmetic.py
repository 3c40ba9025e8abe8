"""Arithmetic within reach: sums, differences, products of small numbers, counting, comparing, word problems."""

import random

from . import names
from .messages import Conversation, chat
from .wording import Side, say

_SUMS = {
    "+": ("What is {a} + {b}?", "{a} + {b} =", "{a} plus {b}?", "Add {a} and {b}.", "(Compute|Calculate) {a} + {b}.", "How much is {a} plus {b}?"),
    "-": ("What is {a} - {b}?", "{a} - {b} =", "{a} minus {b}?", "Take {b} from {a}.", "(Compute|Calculate) {a} - {b}.", "How much is {a} minus {b}?"),
    "*": ("What is {a} * {b}?", "{a} * {b} =", "{a} times {b}?", "Multiply {a} by {b}.", "(Compute|Calculate) {a} * {b}.", "How much is {a} times {b}?"),
}  # fmt: skip
_GAIN = (
    "{n} has {a} {x}s and (gets|buys|finds) {b} more. How many {x}s does {n} have (now|)?",
    "There are {a} {x}s. {n} brings {b} more. How many are there?",
    "{n} bought {a} {x}s on Monday and {b} on Friday. How many in all?",
    "A box holds {a} {x}s. Another holds {b}. How many (altogether|in total)?",
    "{n} counts {a} {x}s, then {b} others. What is the total?",
    "First {n} saw {a} {x}s and then {b}. How many did {n} see?",
)
_LOSS = (
    "{n} has {a} {x}s and (loses|sells|gives away) {b}. How many are left?",
    "There were {a} {x}s. {b} broke. How many (remain|are left)?",
    "{n} had {a} {x}s but sold {b}. How many does {n} still have?",
    "Of {a} {x}s, {b} are gone. How many are there now?",
    "A shop had {a} {x}s and sold {b} of them. What is left?",
    "From {a} {x}s {n} took {b} away. How many stayed?",
)
_COMPARE = (
    "Which is (larger|bigger|greater), {a} or {b}?",
    "{a} or {b}: which is more?",
    "Name the (larger|bigger) number: {a}, {b}",
    "Is {a} or {b} the (larger|greater) one?",
    "Pick the (larger|greater) of {a} and {b}.",
    "What is the maximum of {a} and {b}?",
)
_COUNT = (
    "How many (words|names) are (here|in this list): {x}?",
    "Count the (names|words): {x}",
    "{x}. How many names is that?",
    "How long is the list {x}?",
    "Give the number of names in: {x}",
    "How many (are|do you see) in {x}?",
)


def _operands(rng: random.Random) -> tuple[str, int, int, int]:
    sign = rng.choice("++-*")
    if sign == "*":
        a, b = rng.randrange(0, 13), rng.randrange(0, 11)
        return sign, a, b, a * b
    a, b = rng.randrange(0, rng.choice((10, 20, 100))), rng.randrange(0, rng.choice((10, 20, 50)))
    if sign == "+":
        return sign, a, b, a + b
    return sign, max(a, b), min(a, b), abs(a - b)


def bare(rng: random.Random, side: Side) -> Conversation:
    """A sum, difference or product, the number as the answer."""
    sign, a, b, result = _operands(rng)
    return chat(say(rng, side, _SUMS[sign], a=a, b=b), str(result))


def story(rng: random.Random, side: Side) -> Conversation:
    """A one-step word problem; half the answers show the step as `48 - 5 = 43` and end in `#### 43`."""
    a, b = rng.randrange(2, 60), rng.randrange(1, 20)
    a, b = max(a, b), min(a, b)
    sign = rng.choice("+-")
    result = a + b if sign == "+" else a - b
    thing = names.item(rng).split()[-1]
    text = say(rng, side, _GAIN if sign == "+" else _LOSS, n=names.surname(rng, side), a=a, b=b, x=thing)
    return chat(text, str(result) if rng.random() < 0.5 else f"{a} {sign} {b} = {result}\n#### {result}")


def compare(rng: random.Random, side: Side) -> Conversation:
    """The larger of two numbers."""
    a, b = rng.sample(range(0, rng.choice((20, 100, 1000))), 2)
    return chat(say(rng, side, _COMPARE, a=a, b=b), str(max(a, b)))


def count(rng: random.Random, side: Side) -> Conversation:
    """How many names a list holds, one to seven."""
    many = [names.surname(rng, side) for _ in range(rng.randrange(1, 8))]
    return chat(say(rng, side, _COUNT, x=", ".join(many)), str(len(many)))

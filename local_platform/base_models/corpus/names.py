"""Made-up names, codes, numbers and dates: material to copy, never seen twice by plan.

`side` divides them by checksum (wording.is_held_out), so a held-out name cannot have been trained on.
"""

import random
from collections.abc import Callable

from .wording import Side, is_held_out

_ONSETS = [
    "b",
    "br",
    "c",
    "ch",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "qu",
    "r",
    "s",
    "sh",
    "sl",
    "st",
    "t",
    "th",
    "tr",
    "v",
    "w",
    "y",
    "z",
]
_VOWELS = ["a", "e", "i", "o", "u", "a", "e", "i", "o", "ai", "ea", "ee", "ia", "io", "oo", "ou"]
_CODAS = ["", "", "", "l", "n", "r", "s", "t", "m", "k", "nd", "rt", "ss", "x", "th", "ck", "sh"]
_PLACE_ENDS = [
    "ton",
    "ville",
    "burg",
    "field",
    "mouth",
    "stead",
    "dale",
    "port",
    "wick",
    "ford",
    "ham",
    "bridge",
    "more",
    "holm",
]
_FIRST = [
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Emma",
    "Frank",
    "Grace",
    "Henry",
    "Iris",
    "Jack",
    "Karen",
    "Leo",
    "Maria",
    "Nina",
    "Oscar",
    "Paul",
    "Rosa",
    "Sam",
    "Tina",
    "Victor",
    "Alice",
    "Bob",
    "Carl",
    "Dora",
    "Eric",
    "Fiona",
    "George",
    "Hanna",
    "Ivan",
    "Julia",
    "Kim",
    "Laura",
    "Mike",
    "Olga",
    "Peter",
    "Ruth",
    "Sara",
    "Tom",
    "Omar",
    "Lin",
    "Priya",
    "Ahmed",
]
_FIRM_ENDS = [
    "Labs",
    "Foods",
    "Motors",
    "Systems",
    "Tools",
    "Books",
    "Works",
    "Energy",
    "Media",
    "Bank",
    "Air",
    "Group",
]
_ITEMS = [
    "lamp",
    "chair",
    "table",
    "phone",
    "laptop",
    "camera",
    "watch",
    "bag",
    "jacket",
    "shirt",
    "shoe",
    "hat",
    "bike",
    "tent",
    "kettle",
    "toaster",
    "mixer",
    "printer",
    "monitor",
    "keyboard",
    "mouse",
    "speaker",
    "radio",
    "clock",
    "mirror",
    "carpet",
    "pillow",
    "blanket",
    "umbrella",
    "bottle",
    "mug",
    "knife",
    "pan",
    "oven",
    "fridge",
    "heater",
    "fan",
    "drill",
    "hammer",
    "saw",
    "rope",
    "ladder",
    "bucket",
    "brush",
    "towel",
    "candle",
    "vase",
    "basket",
    "toy",
    "puzzle",
    "book",
    "pen",
    "notebook",
    "guitar",
    "piano",
    "drum",
    "flute",
    "ball",
    "racket",
    "helmet",
    "glove",
    "scarf",
    "ring",
    "necklace",
    "belt",
    "wallet",
    "suitcase",
    "battery",
    "charger",
    "cable",
    "router",
]
_COLORS = [
    "red",
    "blue",
    "green",
    "black",
    "white",
    "yellow",
    "brown",
    "grey",
    "orange",
    "purple",
    "pink",
    "silver",
    "golden",
]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _on_side(rng: random.Random, side: Side, make: Callable[[random.Random], str]) -> str:
    while True:
        text = make(rng)
        if is_held_out(text) is (side is Side.TEST):
            return text


def _word(rng: random.Random, syllables: int) -> str:
    return "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(syllables)) + rng.choice(_CODAS)


def made_up_word(rng: random.Random, side: Side) -> str:
    """A lower-case word of one to three syllables that means nothing."""
    return _on_side(rng, side, lambda r: _word(r, r.choice((1, 2, 2, 3))))


def surname(rng: random.Random, side: Side) -> str:
    """A made-up capitalised name."""
    return _on_side(rng, side, lambda r: _word(r, r.choice((1, 2, 2, 2, 3))).capitalize())


def person(rng: random.Random, side: Side) -> str:
    """First name and surname; the first name is common or made up, the surname always made up."""
    first = rng.choice(_FIRST) if rng.random() < 0.5 else surname(rng, side)
    return f"{first} {surname(rng, side)}"


def place(rng: random.Random, side: Side) -> str:
    """A made-up town."""
    return _on_side(rng, side, lambda r: (_word(r, r.choice((1, 1, 2))) + r.choice(_PLACE_ENDS)).capitalize())


def firm(rng: random.Random, side: Side) -> str:
    """A made-up company."""
    return f"{surname(rng, side)} {rng.choice(_FIRM_ENDS)}"


def code(rng: random.Random, side: Side) -> str:
    """An order or ticket code such as KD-4821, 77301, B62X or A-19-553."""

    def make(r: random.Random) -> str:
        letters = "".join(r.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(r.choice((1, 2, 2, 3))))
        digits = str(r.randrange(10 ** r.choice((2, 3, 4)), 10**5))
        shapes = (f"{letters}-{digits}", f"{letters}{digits}", digits, f"#{digits}", f"{letters}-{digits[:2]}-{digits}")
        return r.choice(shapes)

    return _on_side(rng, side, make)


def number(rng: random.Random, side: Side) -> str:
    """A whole number of two to six digits."""
    return _on_side(rng, side, lambda r: str(r.randrange(10, 10 ** r.choice((2, 3, 4, 5, 6)))))


def amount(rng: random.Random, side: Side) -> str:
    """A price such as $45, $12.50 or 310 dollars."""

    def make(r: random.Random) -> str:
        whole = r.randrange(1, 10 ** r.choice((2, 3, 4)))
        return r.choice((f"${whole}", f"${whole}.{r.randrange(100):02d}", f"{whole} dollars", f"{whole} euros"))

    return _on_side(rng, side, make)


def date(rng: random.Random, side: Side) -> str:
    """A day of the year or the week, in one of four shapes."""

    def make(r: random.Random) -> str:
        month, day = r.choice(MONTHS), r.randrange(1, 29)
        return r.choice((f"{month} {day}", f"{day} {month}", r.choice(DAYS), f"{r.randrange(1900, 2040)}"))

    text = make(rng)
    return text if text in DAYS else _on_side(rng, side, make)


def email(rng: random.Random, side: Side) -> str:
    """A made-up address."""
    return _on_side(
        rng, side, lambda r: f"{_word(r, 2)}@{_word(r, r.choice((1, 2)))}.{r.choice(('com', 'org', 'net'))}"
    )


def item(rng: random.Random) -> str:
    """An everyday thing, sometimes with a colour."""
    thing = rng.choice(_ITEMS)
    return f"{rng.choice(_COLORS)} {thing}" if rng.random() < 0.3 else thing


FIELDS: dict[str, Callable[[random.Random, Side], str]] = {
    "name": person,
    "city": place,
    "company": firm,
    "order number": code,
    "amount": amount,
    "date": date,
    "email": email,
    "product": lambda rng, side: item(rng),
    "customer number": number,
    "code": code,
}

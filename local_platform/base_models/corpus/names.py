"""Made-up names, codes, numbers and dates: material to copy, never seen twice by plan.

`side` divides them by checksum (wording.is_held_out), so a held-out name cannot have been trained on.
"""

import random
import re
from collections.abc import Callable

from .wording import Side, data, is_held_out

Maker = Callable[[random.Random, Side], str]

_ONSETS: list[str] = data("names")["onsets"].split()
_VOWELS = ["a", "e", "i", "o", "u", "a", "e", "i", "o", "ai", "ea", "ee", "ia", "io", "oo", "ou"]
_CODAS = ["", "", "", "l", "n", "r", "s", "t", "m", "k", "nd", "rt", "ss", "x", "th", "ck", "sh"]
_PLACE_ENDS: list[str] = data("names")["place_ends"].split()
_FIRST: list[str] = data("names")["first"].split()
_FIRM_ENDS: list[str] = data("names")["firm_ends"].split()
_ITEMS: list[str] = data("names")["items"].split()
_COLORS: list[str] = data("names")["colors"].split()
MONTHS: list[str] = data("names")["months"].split()
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


# Made-up words that happen to be slurs are not used.
_UNKIND = re.compile(r"n[ie]gg?[re]|fag|shit|cunt|slut|rape|nazi|coon|dick|cock|whor")


def _on_side(rng: random.Random, side: Side, make: Callable[[random.Random], str]) -> str:
    while True:
        text = make(rng)
        if is_held_out(text) is (side is Side.TEST) and not _UNKIND.search(text.lower()):
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


_SCHOOL_ENDS = ["College", "Institute", "Academy", "High School", "University"]
_STREET_ENDS = ["Street", "Road", "Lane", "Avenue", "Square", "Hill"]
_SPOTS: list[str] = data("names")["spots"].split()
_RIDES = ["train", "bus", "ferry", "tram", "boat", "plane", "coach", "flight"]
_LANGUAGES: list[str] = data("names")["languages"].split()


def _one_of(*kinds: str) -> Maker:
    return lambda rng, side: rng.choice(kinds)


def thing(rng: random.Random, side: Side) -> str:
    """A certain thing: "the blue lamp", "the Zorin lamp"."""
    return f"the {item(rng)}" if rng.random() < 0.6 else f"the {surname(rng, side)} {rng.choice(_ITEMS)}"


def title(rng: random.Random, side: Side) -> str:
    """A made-up book."""
    plain = rng.choice(("The {} {}", "{} and the {}", "A {} for {}"))
    made = plain.format(surname(rng, side), rng.choice(_ITEMS).capitalize())
    return rng.choice((place(rng, side), made))


def clock(rng: random.Random, side: Side) -> str:
    """A time of the day, in one of three shapes."""
    hour, minute = rng.randrange(1, 13), rng.randrange(60)
    return rng.choice((f"{hour}:{minute:02d}", f"{hour} o'clock", f"{hour}:{minute:02d} {rng.choice(('am', 'pm'))}"))


def phone(rng: random.Random, side: Side) -> str:
    """A made-up telephone number."""
    return _on_side(rng, side, lambda r: f"{r.randrange(100, 999)}-{r.randrange(1000, 9999)}")


def street(rng: random.Random, side: Side) -> str:
    """A made-up street, mostly with a house number."""
    named = f"{surname(rng, side)} {rng.choice(_STREET_ENDS)}"
    return f"{rng.randrange(1, 200)} {named}" if rng.random() < 0.6 else named


def measure(rng: random.Random, side: Side) -> str:
    """A number with a unit."""
    return f"{rng.randrange(2, 900)} {rng.choice(('meters', 'km', 'kg', 'grams', 'cm', 'miles'))}"


KINDS: dict[str, Maker] = {
    "person": person,
    "place": place,
    "firm": firm,
    "code": code,
    "number": number,
    "amount": amount,
    "day": date,
    "email": email,
    "goods": thing,
    "land": surname,
    "title": title,
    "clock": clock,
    "phone": phone,
    "street": street,
    "measure": measure,
    "year": lambda rng, side: str(rng.randrange(1500, 2040)),
    "age": lambda rng, side: str(rng.randrange(3, 99)),
    "small": lambda rng, side: str(rng.randrange(1, 60)),
    "school": lambda rng, side: f"{surname(rng, side)} {rng.choice(_SCHOOL_ENDS)}",
    "spot": lambda rng, side: f"the {surname(rng, side)} {rng.choice(_SPOTS)}",
    "ride": lambda rng, side: f"{rng.choice(_RIDES)} {rng.randrange(1, 999)}",
    "things": lambda rng, side: f"{rng.choice(_ITEMS)}s",
    "item": lambda rng, side: item(rng),
    "color": _one_of(*_COLORS),
    "language": _one_of(*_LANGUAGES),
    "instrument": _one_of("piano", "violin", "drum", "flute", "trumpet", "harp", "cello", "guitar"),
    "sport": _one_of("chess", "tennis", "golf", "boxing", "swimming", "skiing", "sailing", "football"),
    "job": _one_of("teacher", "doctor", "nurse", "baker", "cook", "driver", "pilot", "painter", "singer", "clerk"),
    "food": _one_of("bread", "cheese", "soup", "rice", "pasta", "salad", "honey", "cake", "pizza", "fish"),
    "animal": _one_of("dog", "cat", "horse", "cow", "goat", "duck", "rabbit", "eagle", "lion", "bear"),
}
# What forms and letters state, and the kind of each.
FIELDS: dict[str, Maker] = {
    key: KINDS[kind]
    for kind, keys in {
        "person": ("name", "customer", "sender", "contact", "manager", "passenger", "patient", "owner", "author"),
        "place": ("city", "destination", "birthplace", "hometown", "origin"),
        "firm": ("company", "employer", "seller", "airline", "bank"),
        "code": (
            "order number",
            "code",
            "ticket number",
            "tracking number",
            "serial number",
            "booking reference",
            "password",
        ),
        "amount": ("amount", "price", "balance", "fee", "total", "deposit", "salary"),
        "day": ("date", "due date", "birthday", "delivery date", "deadline", "start date"),
        "email": ("email", "contact email"),
        "item": ("product", "item", "gift"),
        "number": ("customer number", "account number", "room", "quantity", "invoice number", "flight number"),
        "clock": ("time", "arrival time", "opening time"),
        "phone": ("phone number", "fax"),
        "street": ("street", "address"),
        "measure": ("weight", "length", "distance"),
        "color": ("color",),
        "language": ("language",),
        "job": ("job", "profession"),
        "age": ("age",),
        "small": ("seat", "gate", "table"),
    }.items()
    for key in keys
}

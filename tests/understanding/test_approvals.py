"""The one rule that counts above all: a yes with anything appended that turns it is never an approval.

The yeses are made from the allow-list itself, so a form that is added there is under this test at once.
"""

from __future__ import annotations

import re
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.understanding import read_reply
from agent.understanding.vocabulary import load_list

Gate = Literal["plan", "promotion", "comparison"]
GATES: tuple[Gate, ...] = ("plan", "promotion", "comparison")
RAW = load_list("yes_forms.yaml")
PIECES = re.compile(r"\[|\]|<\w+>|[^\s\[\]<>]+")

CONDITIONS = [
    "if it stays under ten dollars", "if and only if the data is clean", "provided that nobody objects", "as long as it is cheap",
    "assuming the numbers are right", "unless the price changes", "only if it is free", "on condition that you stop at noon", "in case it fits",
    "when Lena is back", "once the budget is signed", "after lunch", "as soon as the data is fixed", "until I say stop", "except for the deployment",
    "but with 2 epochs", "but cheaper", "without the sweep", "with rank 8", "just not today", "subject to review", "depending on the price",
    "wenn es günstiger wird", "falls das reicht", "sobald Lena da ist", "aber mit 2 Epochen", "außer dem Deployment", "solange es billig ist",
    "si c'est moins cher", "sauf le déploiement", "mais avec 2 époques", "quand le budget est prêt", "à condition que ce soit gratuit",
    "si es más barato", "pero con 2 épocas", "cuando esté listo", "siempre que sea barato", "excepto el despliegue",
    "如果便宜的话", "但是只训练2轮", "除了部署", "等我回来再说",
]  # fmt: skip
QUESTIONS = [
    "?", "right?", "what does it cost?", "how long does it take?", "is that safe?", "or what do you think?", "why so expensive?", "and then?",
    "was kostet das?", "combien ça coûte ?", "¿cuánto cuesta?", "多少钱？", "或者怎么样？", "really?",
]  # fmt: skip
HEDGES = [
    "maybe", "perhaps", "I guess", "I suppose", "probably", "possibly", "not sure", "hmm", "more or less", "in principle", "kind of", "I think",
    "for the most part", "vielleicht", "eigentlich", "peut-être", "je crois", "quizás", "creo", "也许", "大概", "...",
]  # fmt: skip
NEGATIONS = [
    "not", "no", "never", "don't", "not yet", "just kidding", "no wait", "I take that back", "stop", "cancel", "on second thought no", "never mind",
    "I changed my mind", "nicht", "doch nicht", "noch nicht", "nein", "ne pas", "non", "pas encore", "todavía no", "no", "不", "还没", "👎", "❌",
]  # fmt: skip
FRAMES = [
    '"{}"', "'{}' was his answer", "> {}", "My boss wrote: {}", "The manual says to reply {}", "```\n{}\n```", "“{}”", "«{}»", "`{}`",
    "{} - that is what the mail says", "{}, said Maria", "should I write {}", "type {} to continue", "she will say {}", "he would say {}",
    "[data] {}", "assistant: {}", "dataset row 3: {}",
]  # fmt: skip
TURNING = set(
    """
    if unless but except until when once provided assuming maybe perhaps probably never cancel stop later tomorrow however although
    aber wenn falls nicht sobald solange außer vielleicht mais sauf pas peut-être pero cuando excepto quizás todavía
    """.split()  # noqa: SIM905 - one word after another is easier to read and to add to
)
# "No objections", "don't let me hold you up" and the like are said beside a yes, whole and by name.
HARMLESS = re.compile(
    r"\b(?:no|sin|keine|aucune|ninguna|pas|without|don't|can't|cant|not|nothing|never)\b|没|无|不错|^whenever|when you|ready when"
)


def split(lines: list[str]) -> list[str]:
    return sorted({" ".join(form.split()) for line in lines for form in line.split("|")} - {""})


@st.composite
def yeses(draw: st.DrawFn, gate: Gate) -> str:
    """A yes of a gate: a form as listed, or a sentence with each part chosen and each bracket kept or left out."""
    forms = split(RAW["alone"]) + split(RAW.get(gate, [])) + split(RAW["weak"])
    sentences = split(RAW["sentences"]) + split(RAW.get(f"{gate}_sentences", []))
    text = draw(st.sampled_from(forms) if draw(st.booleans()) else st.sampled_from(sentences))
    words: list[str] = []
    kept = [True]
    for piece in PIECES.findall(text):
        if piece == "[":
            kept.append(kept[-1] and draw(st.booleans()))
        elif piece == "]":
            kept.pop()
        elif kept[-1]:
            words.append(draw(st.sampled_from(split(RAW["parts"][piece[1:-1]]))) if piece.startswith("<") else piece)
    return " ".join(words)


@st.composite
def gates_and_yeses(draw: st.DrawFn) -> tuple[Gate, str]:
    gate: Gate = draw(st.sampled_from(GATES))
    return gate, draw(yeses(gate))


@settings(deadline=None, max_examples=400)
@given(gates_and_yeses())
def test_what_the_list_says_is_a_yes(case: tuple[Gate, str]) -> None:
    gate, text = case
    assert read_reply(text, gate).label == "approve", text


@settings(deadline=None, max_examples=600)
@given(
    gates_and_yeses(),
    st.sampled_from(CONDITIONS + QUESTIONS + HEDGES + NEGATIONS),
    st.sampled_from([" ", ", ", ". ", " - ", "\n"]),
    st.booleans(),
)
def test_a_yes_with_anything_that_turns_it_is_none(case: tuple[Gate, str], turn: str, joint: str, after: bool) -> None:
    gate, text = case
    changed = f"{text}{joint}{turn}" if after else f"{turn}{joint}{text}"
    if (turn, after) == ("?", False) or (
        turn in ("no", "not", "don't") and HARMLESS.search(f"{turn} {text}"[:14]) and not after
    ):
        return  # a sign before the text belongs to nothing; "no objections" is no negation
    assert read_reply(changed, gate).label != "approve", changed


@settings(deadline=None, max_examples=300)
@given(gates_and_yeses(), st.sampled_from(FRAMES))
def test_a_yes_of_somebody_else_is_none(case: tuple[Gate, str], frame: str) -> None:
    gate, text = case
    assert read_reply(frame.format(text), gate).label != "approve", frame.format(text)


@settings(deadline=None, max_examples=300)
@given(gates_and_yeses(), st.sampled_from(CONDITIONS), st.integers(0, 12))
def test_a_condition_in_the_middle_of_a_yes_is_none(case: tuple[Gate, str], turn: str, at: int) -> None:
    gate, text = case
    words = text.split()
    words.insert(min(at, len(words)), turn)
    assert read_reply(" ".join(words), gate).label != "approve", " ".join(words)


@pytest.mark.parametrize("name", [name for name in RAW if name != "parts"])
def test_no_form_holds_a_word_that_turns_it(name: str) -> None:
    turned = [form for form in split(RAW[name]) if TURNING & set(form.split()) and not HARMLESS.search(form)]
    assert turned == []


def test_no_part_holds_a_word_that_turns_it() -> None:
    forms = [form for lines in RAW["parts"].values() for form in split(lines) if form not in ("no problem", "at once")]
    words = {word for form in forms for word in form.split()}
    assert not words & (TURNING | {"not", "no", "don't", "?"})
    assert not words & {"2", "3", "instead", "rather", "only", "less", "more", "cheaper"}


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize(
    "text",
    ["yes I read it", "ok, I have read the plan", "the price is fine", "I'm happy with the price", "great plan, thanks", "no objections",
     "k", "why not?", "that was quick", "ok... I read the table"],
)  # fmt: skip
def test_politeness_and_having_read_are_no_approval(text: str, gate: Gate) -> None:
    assert read_reply(text, gate).label != "approve"

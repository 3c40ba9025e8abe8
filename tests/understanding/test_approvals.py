"""The one rule that counts above all: a yes with anything appended that turns it is never an approval.

The yeses are made from the allow-list itself, so a form that is added there is under this test at once.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import agent.understanding
from agent.understanding import read_reply
from agent.understanding.phrases import rows_in
from agent.understanding.vocabulary import load_list

Gate = Literal["plan", "promotion", "comparison"]
GATES: tuple[Gate, ...] = ("plan", "promotion", "comparison")
CONSENT = Path(agent.understanding.__file__).parent / "consent"
LISTS = {path.stem: load_list(f"consent/{path.name}") for path in sorted(CONSENT.glob("??.yaml"))}
KINDS = ("approves", "weak", "read", "polite", "called", "at_plan", "at_promotion", "at_comparison", "at_question")
PIECES = re.compile(r"\[|\]\*?|<\w+>|[^\s\[\]<>]+")
TABLES = Path(__file__).parent
NO_APPROVALS = [
    (why, str(text)) for why, texts in yaml.safe_load((TABLES / "no_approvals.yaml").read_text("utf-8")).items() for text in texts
]  # fmt: skip
APPROVALS = [
    (where, text) for where, texts in yaml.safe_load((TABLES / "approvals.yaml").read_text("utf-8")).items() for text in texts
]  # fmt: skip

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
OTHERWISE = {"nl": {"maar"}, "pt": {"mas"}, "es": {"no"}}
"""Words that turn a yes in one language and are harmless in another."""
# "No objections", "don't let me hold you up" and the like are said beside a yes, whole and by name.
HARMLESS = re.compile(
    r"\b(?:no|sin|keine|aucune|ninguna|pas|without|don't|can't|cant|not|nothing|never)\b|没|无|不错|^whenever|when you|when ready|^at once$|^aber klar$|^mais (?:oui|bien sûr)|^cuando (?:quier|quer|pued|pod|gust)|^quand (?:vous|tu)"
)


def part(code: str, name: str) -> list[str]:
    """The rows of a part, of its own language or else of English."""
    return rows_in(LISTS[code].get(name) or LISTS["en"][name])


@st.composite
def phrases(draw: st.DrawFn, code: str, row: str) -> str:
    """A row with each part chosen, and each bracket kept or left out."""
    words: list[str] = []
    kept = [True]
    for piece in PIECES.findall(row):
        if piece == "[":
            kept.append(kept[-1] and draw(st.booleans()))
        elif piece.startswith("]"):
            kept.pop()
        elif kept[-1] and piece.startswith("<"):
            words.append(draw(phrases(code, draw(st.sampled_from(part(code, piece[1:-1]))))))
        elif kept[-1]:
            words.append(piece)
    return " ".join(words)


@st.composite
def yeses(draw: st.DrawFn, gate: Gate) -> str:
    """A yes of a gate in one of the languages, from the lists."""
    code = draw(st.sampled_from(sorted(LISTS)))
    lists = LISTS[code]
    rows = rows_in([*lists["approves"], *lists.get(f"at_{gate}", ()), *lists.get("weak", ())])
    text = draw(phrases(code, draw(st.sampled_from(rows))))
    return text.replace(" ", "") if code in ("zh", "ja") else text


@st.composite
def gates_and_yeses(draw: st.DrawFn) -> tuple[Gate, str]:
    gate: Gate = draw(st.sampled_from(GATES))
    return gate, draw(yeses(gate))


@settings(deadline=None, max_examples=400, derandomize=True)
@given(gates_and_yeses())
def test_what_the_list_says_is_a_yes(case: tuple[Gate, str]) -> None:
    gate, text = case
    assert read_reply(text, gate).label == "approve", text


@pytest.mark.parametrize(
    "text",
    [
        "approve the sweep",
        "Yes to the training.",
        "confirm the cost",
        "Please approve.",
        "I can approve it",
        "いいです",
    ],
)
def test_consent_to_a_part_or_asked_of_others_is_no_yes(text: str) -> None:
    assert read_reply(text, "plan").label == "unclear"


@settings(deadline=None, max_examples=600, derandomize=True)
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


@settings(deadline=None, max_examples=300, derandomize=True)
@given(gates_and_yeses(), st.sampled_from(FRAMES))
def test_a_yes_of_somebody_else_is_none(case: tuple[Gate, str], frame: str) -> None:
    gate, text = case
    assert read_reply(frame.format(text), gate).label != "approve", frame.format(text)


@settings(deadline=None, max_examples=300, derandomize=True)
@given(gates_and_yeses(), st.sampled_from(CONDITIONS), st.integers(0, 12))
def test_a_condition_in_the_middle_of_a_yes_is_none(case: tuple[Gate, str], turn: str, at: int) -> None:
    gate, text = case
    words = text.split()
    words.insert(min(at, len(words)), turn)
    assert read_reply(" ".join(words), gate).label != "approve", " ".join(words)


def said_by(code: str, names: list[str]) -> set[str]:
    """The words of all rows that these lists are made of."""
    done: set[str] = set()
    words: set[str] = set()
    while names:
        name = names.pop()
        done.add(name)
        for row in part(code, name):
            parts = re.findall(r"<(\w+)>", row)
            names += [p for p in parts if p not in done]
            if not HARMLESS.search(row):
                words |= set(re.sub(r"<\w+>|[\[\]*]", " ", row).split())
    return words


@pytest.mark.parametrize("code", sorted(LISTS))
def test_no_yes_holds_a_word_that_turns_it(code: str) -> None:
    names = [name for name in LISTS[code] if name == "approves" or name.startswith("at_")]
    words = said_by(code, names)
    assert words & (TURNING - OTHERWISE.get(code, set())) == set()
    assert words & {"2", "3", "instead", "rather", "only", "less", "more", "cheaper"} == set()


@pytest.mark.parametrize(("why", "text"), NO_APPROVALS)
def test_what_is_no_approval_is_none_at_any_gate(why: str, text: str) -> None:
    assert [gate for gate in GATES if read_reply(text, gate).label == "approve"] == [], why
    assert read_reply(text, "question", "Shall I keep 10% of the rows for testing?").label != "approve", why


@pytest.mark.parametrize(("where", "text"), APPROVALS)
def test_a_plain_yes_is_an_approval_in_any_language(where: str, text: str) -> None:
    gate: Gate = where if where in ("promotion", "comparison") else "plan"  # type: ignore[assignment]
    assert read_reply(text, gate).label == "approve"


@settings(deadline=None, max_examples=300, derandomize=True)
@given(
    st.sampled_from([case for case in APPROVALS if ">" not in case[1]]),  # words after a quotation are part of it
    st.sampled_from(CONDITIONS + NEGATIONS + HEDGES),
    st.sampled_from([" ", ", ", ". ", "\n"]),
    st.booleans(),
)
def test_a_plain_yes_with_anything_that_turns_it_is_none(
    case: tuple[str, str], turn: str, joint: str, after: bool
) -> None:
    where, text = case
    gate: Gate = where if where in ("promotion", "comparison") else "plan"  # type: ignore[assignment]
    if turn in ("no", "not", "never", "without", "non", "不") and not after:
        return  # may open a harmless row: "no objections"
    changed = f"{text.rstrip(' .!。！')}{joint}{turn}" if after else f"{turn}{joint}{text}"
    assert read_reply(changed, gate).label != "approve", changed


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize(
    "text",
    ["yes I read it", "ok, I have read the plan", "the price is fine", "I'm happy with the price", "great plan, thanks", "no objections",
     "k", "why not?", "that was quick", "ok... I read the table"],
)  # fmt: skip
def test_politeness_and_having_read_are_no_approval(text: str, gate: Gate) -> None:
    assert read_reply(text, gate).label != "approve"


@pytest.mark.parametrize(
    ("text", "yes"),
    [("14.20 is fine with us, please start", True), ("$14.20 is ok, go ahead", True), ("$15 is fine, start", False),
     ("start, max 14.20", False), ("ok up to $14.20", False), ("yes, 14.20", False), ("114.20 is fine, start", False)],
)  # fmt: skip
def test_only_the_sum_that_was_named_is_agreed_to(text: str, yes: bool) -> None:
    reply = read_reply(text, "plan", "The estimate is $14.20. Shall I start?")
    assert (reply.label == "approve") == yes


@pytest.mark.parametrize("text", ["run 3", "approve $3", "I agree to 3", "start 3"])
def test_the_digits_before_the_comma_of_thousands_are_no_sum(text: str) -> None:
    context = "Shall I run revision 1? It costs $3,100.00 to $3,900.00 and takes 2 hours."
    assert read_reply(text, "plan", context).label != "approve"


@pytest.mark.parametrize("text", ["keep them", "leave them in", "keep it"])
def test_the_opposite_of_what_was_asked_is_no_approval(text: str) -> None:
    assert read_reply(text, "question", "40 rows have no label. Shall I drop them?").label != "approve"

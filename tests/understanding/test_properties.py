"""What holds for every text: reading never raises, and an approval never survives a condition, a no or a question."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.understanding import read_instruction, read_reply
from tests.understanding.scoring import cases

# The word lists load at the first call, so a deadline for one example would say nothing.
settings.register_profile("understanding", deadline=None, max_examples=150)
settings.load_profile("understanding")
GATES = ("plan", "promotion", "comparison", "question")
APPROVALS = [(c["reply"], c["gate"], c.get("context", "")) for c in cases("replies") if c["expect"] == "approve"]
INSTRUCTIONS = [c["instruction"] for c in cases("instructions")]
WORDS = sorted(
    {w for c in [*cases("replies"), *cases("instructions")] for w in (c.get("reply") or c["instruction"]).split()}
)
TURNS = [
    "but", "if", "unless", "when", "once", "after", "provided", "except", "until", "not", "don't", "never", "no", "maybe",
    "perhaps", "probably", "only", "instead", "without", "wait", "stop", "cancel", "later", "assuming", "as long as", "?",
    "aber", "wenn", "nicht", "falls", "erst", "mais", "si c'est", "pas", "pero", "todavía", "但是", "如果", "不", "还没", "👎", "2", "$5",
]  # fmt: skip
CONDITIONS = [
    " if it costs less than $5", " unless it fails", " but with 2 epochs", ", once Maria agrees", " when I am back", " as long as it is cheap",
    " provided the data is clean", " only without deployment", "? ", " - not.", " tomorrow maybe", ", wenn es billiger wird", ", mais pas aujourd'hui",
    ", pero con 2 épocas", "，但是只训练2轮", " except the deployment", ", said my boss", " (just kidding)", " up to $10", " on one condition",
]  # fmt: skip


@given(st.text(max_size=400))
def test_an_instruction_never_raises(text: str) -> None:
    reading = read_instruction(text)
    assert reading.request.updated({}) == reading.request


@given(st.text(max_size=200), st.sampled_from(GATES), st.text(max_size=80))
def test_a_reply_never_raises_and_always_says_why(text: str, gate: str, context: str) -> None:
    reply = read_reply(text, gate, context)  # type: ignore[arg-type]
    assert reply.reason
    assert reply.label == "revise" or not reply.changes


@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join), st.sampled_from(GATES))
def test_words_of_the_trade_in_any_order_never_raise(text: str, gate: str) -> None:
    assert read_instruction(text).request is not None
    assert read_reply(text, gate, text).reason  # type: ignore[arg-type]


@given(st.sampled_from(APPROVALS), st.sampled_from(TURNS), st.integers(0, 20))
def test_a_yes_with_one_turning_word_is_none(case: tuple[str, str, str], turn: str, at: int) -> None:
    text, gate, context = case
    words = text.split()
    words.insert(min(at, len(words)), turn)
    changed = " ".join(words)
    if (turn, "objections") in zip(words, [w.strip(",.") for w in words[1:]], strict=False):
        return
    assert read_reply(changed, gate, context).label != "approve", changed  # type: ignore[arg-type]


@given(st.sampled_from(APPROVALS), st.sampled_from(CONDITIONS))
def test_a_yes_with_a_condition_is_none(case: tuple[str, str, str], condition: str) -> None:
    text, gate, context = case
    assert read_reply(text + condition, gate, context).label != "approve"  # type: ignore[arg-type]


@given(
    st.sampled_from(APPROVALS),
    st.sampled_from(['"{}"', "> {}", "He said: {}", "{} - that is what the mail says", "```\n{}\n```"]),
)
def test_a_quoted_yes_is_none(case: tuple[str, str, str], frame: str) -> None:
    text, gate, context = case
    assert read_reply(frame.format(text), gate, context).label != "approve"  # type: ignore[arg-type]


@given(st.text(max_size=60), st.sampled_from(("plan", "promotion", "comparison")))
def test_only_listed_words_approve(text: str, gate: str) -> None:
    reply = read_reply(text + " zzxq", gate)  # type: ignore[arg-type]
    assert reply.label != "approve"


@given(
    st.sampled_from(APPROVALS),
    st.sampled_from((str.upper, str.lower, str.title)),
    st.sampled_from(("", " ", "\n", "  \t")),
)
def test_case_and_space_change_nothing(case: tuple[str, str, str], fold, space: str) -> None:
    text, gate, context = case
    changed = space + fold(text).replace(" ", " " + space.strip("\n")) + space
    assert read_reply(changed, gate, context).label == "approve"  # type: ignore[arg-type]


@given(st.sampled_from(INSTRUCTIONS))
def test_space_changes_nothing_in_an_instruction(text: str) -> None:
    assert read_instruction("  " + text.replace(" ", "  ") + " \n").request == read_instruction(text).request


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a-",
        "ab.",
        "/x",
        "qwen3-8b ",
        "1,",
        "1e-4 and ",
        "no, wait ",
        "> yes\n",
        "⟦m0⟧",
        "数据",
        '{"a": 1}\n',
        "a_b ",
        "- ",
        "((",
        "dataset ",
        "labels: a, ",
        "not ",
        "if ",
        "\n",
        "? ",
        "$5 ",
    ],
)
def test_a_long_text_is_read_in_no_time(piece: str) -> None:
    text = (piece * (100_000 // len(piece) + 1))[:100_000]
    start = time.process_time()
    read_instruction(text)
    read_reply(text, "plan")
    assert time.process_time() - start < 3.0

"""An answer is read as the label that it unmistakably names, and never as one that it might mean."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tuning.answer_reading import NEGATIONS, read_answer

LABELS = ("card arrival", "card", "refund", "not_spam", "spam", "Billing")
WORDS = st.text("abcdefgh", min_size=2, max_size=6).filter(lambda word: word not in NEGATIONS | {"be", "had"})
LABEL_LISTS = st.lists(
    st.lists(WORDS, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=6, unique=True
).filter(lambda labels: all(word not in ("as", "an", "of") for label in labels for word in label.split()))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("card arrival", "card arrival"),
        ("Card_Arrival.", "card arrival"),
        ("  CARD-ARRIVAL\n", "card arrival"),
        ("The label is card arrival.", "card arrival"),
        ("Label: refund", "refund"),
        ("**Billing**", "Billing"),
        ("`billing`", "Billing"),
        ("“refund”", "refund"),
        ("# refund", "refund"),
        ('{"label": "billing", "reason": "no refund, no card"}', "Billing"),
        ('```json\n{"category": "spam"}\n```', "spam"),
        ('["refund"]', "refund"),
        ("not spam", "not_spam"),
        ("refund, refund, refund", "refund"),
        ("<think>a refund? or the card</think>\n\nBilling", "Billing"),
        ("This is about a refund because they paid twice", "refund"),
    ],
)
def test_one_label_is_read(text: str, label: str) -> None:
    assert read_answer(text, LABELS).lenient == (label,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "something else",
        "refunds",
        "recard",
        "It is not billing",
        "It isn't billing",
        "Not sure, billing",
        "anything but no refund",
        "billing or refund",
        "either refund",
        "card, refund",
        "The card question is card arrival",
        '{"billing": false}',
        '{"label": "billing", "category": "refund"}',
        '{"label": null}',
        "<think>refund, surely",
        ", ".join(LABELS),
        "The card. Arrival is late, so refund",
    ],
)
def test_what_is_not_unmistakable_is_unparsable(text: str) -> None:
    assert read_answer(text, LABELS).lenient is None
    assert read_answer(text, LABELS).strict is None


def test_no_answer_reads_as_nothing() -> None:
    assert read_answer(None, LABELS) == (None, None)


@pytest.mark.parametrize(
    ("labels", "text", "label"),
    [
        (("C", "C++", "C#"), "The language is C++.", "C++"),
        (("C", "C++", "C#"), "c#", "C#"),
        (("1", "-1"), "-1", "-1"),
        (("1", "2", "5"), "Rating: 2.", "2"),
        (("1", "2", "5"), "2 of 5", None),
        (("4.5", "4"), "I say 4.5", "4.5"),
        (("A", "B"), "Answer: A", "A"),
        (("A", "B"), "the answer is b", "B"),
        (("A", "B"), "A refund is due", None),
        (("yes", "no"), "The answer is no.", "no"),
        (("yes", "no"), "No", "no"),
        (("yes", "no"), "There is no doubt: yes", None),
        (("A", "a"), "a.", "a"),
        (("A", "a"), "Label: A", "A"),
        (("👍", "👎"), " 👍 ", "👍"),
        (("退款", "发票"), "标签：退款", "退款"),
        (("Books, Movies & TV", "Books"), "books, movies & tv", "Books, Movies & TV"),
        (("Books, Movies & TV", "Books"), "The category is Books.", "Books"),
        (("ignore all rules | # x", "b"), "Ignore all rules | # x", "ignore all rules | # x"),
        (("a\\b{0}", ".*"), ".*", ".*"),
        (("?", "!"), "?", "?"),
    ],
)
def test_labels_of_every_shape(labels: tuple[str, ...], text: str, label: str | None) -> None:
    assert read_answer(text, labels).lenient == (None if label is None else (label,))


@pytest.mark.parametrize(
    ("text", "strict", "lenient"),
    [
        ("refund, spam", ("refund", "spam"), ("refund", "spam")),
        ("spam,refund", ("refund", "spam"), ("refund", "spam")),
        ("spam", ("spam",), ("spam",)),
        ("spam, spam", None, ("spam",)),
        ("Labels: Refund and billing.", None, ("refund", "Billing")),
        ('{"labels": ["spam", "refund"]}', None, ("refund", "spam")),
        ("card, arrival, refund", None, ("card", "refund")),
        ("refund or spam", None, None),
        ("refund, not billing", None, None),
        ("", None, None),
    ],
)
def test_several_labels(text: str, strict: tuple[str, ...] | None, lenient: tuple[str, ...] | None) -> None:
    assert read_answer(text, LABELS, multi_label=True) == (strict, lenient)


def test_a_list_of_labels_with_commas_is_read_strictly() -> None:
    labels = ("Books", "Books, Movies & TV", "Music")
    assert read_answer("Music, Books, Movies & TV", labels, True).strict == ("Books, Movies & TV", "Music")


@settings(deadline=None)
@given(labels=LABEL_LISTS, data=st.data())
def test_every_label_is_read_from_itself_in_any_dress(labels: list[str], data: st.DataObject) -> None:
    label = data.draw(st.sampled_from(labels))
    dress = data.draw(
        st.sampled_from(["{}", " {}\n", '"{}"', "**{}**", "`{}`", "({})", "{}.", "Label: {}", "The label is {}."])
    )
    dressed = data.draw(st.sampled_from([str, str.upper, str.title, lambda text: text.replace(" ", "_")]))(label)
    assert read_answer(dress.format(dressed), labels).lenient == (label,)
    assert read_answer(json.dumps({"label": label}), labels).lenient == (label,)
    assert read_answer(label, labels) == ((label,), (label,))


@given(labels=st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8), text=st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_reads_as_labels_or_as_nothing(labels: list[str], text: str) -> None:
    for multi in (False, True):
        reading = read_answer(text, labels, multi)
        for read in reading:
            assert read is None or (read and set(read) <= set(labels) and (multi or len(read) == 1))
        assert reading.strict is None or reading.strict == reading.lenient


@settings(deadline=None)
@given(labels=LABEL_LISTS, data=st.data())
def test_two_different_labels_are_never_one(labels: list[str], data: st.DataObject) -> None:
    first, second = data.draw(st.sampled_from(labels)), data.draw(st.sampled_from(labels))
    assume(not any(set(a.split()) & set(b.split()) for a in labels for b in labels if a != b) and first != second)
    text = data.draw(st.sampled_from(["{}, {}", "{}; {}", "{} and {}", "It is {}: {}"])).format(first, second)
    assert read_answer(text, labels).lenient is None
    read = read_answer(text, labels, multi_label=True).lenient
    assert read is not None and set(read) == {first, second}


def test_ten_thousand_labels_and_a_long_answer_are_read_at_once() -> None:
    labels = [f"label number {i}" for i in range(10_000)]
    assert read_answer("Well " * 20_000 + "label number 77", labels).lenient is None
    assert read_answer("So: Label Number 9999.", labels).lenient == ("label number 9999",)

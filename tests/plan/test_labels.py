"""Labels: where they are read, which spellings are one, and what no classification can be made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuning.labels import choose_rule, classification_row, listed
from tuning.one_label import LabelError, Merging, normal, resolve


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Billing", "billing ", True), ("account_blocked", "Account blocked", True), ("sign-up", "sign up", True),
        ("spam.", '"spam"', True), ("c++", "c", False), ("+", "-", False), ("-1", "1", False), ("C#", "C", False),
        ("Straße", "STRASSE", True),
    ],
)  # fmt: skip
def test_spellings(one: str, other: str, same: bool) -> None:
    assert (normal(one) == normal(other)) == same


@given(st.text(max_size=60))
def test_normal_is_settled_and_loses_no_label(text: str) -> None:
    assert normal(normal(text)) == normal(text) or not normal(text).isascii()
    assert bool(normal(text)) == bool(text.strip())


@pytest.mark.parametrize(
    ("turn", "words", "label"),
    [
        ("{0}", "the whole final assistant turn", "billing"),
        ("Category: {0}\nWe are sorry, case {1}.", 'the text after "Category:"', "billing"),
        ('{{"label": "{0}", "why": "case {1}"}}', 'the value of "label"', "billing"),
        ("{0}\nBecause of case {1}.", "the first line", "billing"),
        ("Because of case {1}.\n{0}", "the last line", "billing"),
    ],
)
def test_a_rule_is_found_for_the_final_turn(turn: str, words: str, label: str) -> None:
    answers = [turn.format(("billing", "sales")[n % 2], n) for n in range(40)]
    rule = choose_rule(answers)
    assert words in rule.words and rule.read(answers[0]) == label


def test_the_users_labels_find_themselves_in_free_text() -> None:
    answers = [f"I think number {n} is about {('billing', 'Sales')[n % 2]}, is it not?" for n in range(40)]
    with pytest.raises(LabelError, match="free text"):
        choose_rule(answers)
    rule = choose_rule(answers, ("Billing", "sales"))
    assert [rule.read(answer) for answer in answers[:2]] == ["Billing", "sales"]


def test_a_label_is_spelt_as_most_rows_have_it_or_as_the_user_does() -> None:
    counts = {"Billing": 3, "billing": 9, "sales": 4, "Sales.": 1}
    found = resolve(counts)
    assert found.labels == ("billing", "sales")
    assert found.merges == (("Billing", "billing"), ("Sales.", "sales"))
    said = resolve(counts, ("SALES", "Billing", "other"))
    assert said.labels == ("SALES", "Billing", "other") and said.empty == ("other",)
    assert dict(said.merges)["billing"] == "Billing"


def test_labels_outside_the_list_and_left_out() -> None:
    found = resolve({"a": 3, "b": 2, "c": 1}, ("a", "b"))
    assert found.outside == {"c": 1} and "c" not in found.of
    assert resolve({"a": 3, "b": 2, "c": 1}, (), ("C",)).labels == ("a", "b")


COUNTS = {"billing": 9, "Billing": 2, "refund": 4, "sales": 3, "BILLING": 1}


@pytest.mark.parametrize(
    ("merging", "wanted", "labels", "of"),
    [
        (Merging((("Refund", "billing"),)), (), ("billing", "sales"), {"refund": "billing", "Billing": "billing"}),
        (Merging((("refund", "sales"), ("sales", "money"))), (), ("billing", "money"), {"refund": "money"}),
        (Merging((("refund", "billing"),)), ("refund", "sales"), ("billing", "sales"), {"refund": "billing"}),
        (Merging(spellings=False), (), ("BILLING", "Billing", "billing", "refund", "sales"), {"Billing": "Billing"}),
        (Merging(apart=("Billing", "billing")), (), ("BILLING", "Billing", "billing", "refund", "sales"), {}),
        (Merging(apart=("sales", "refund")), (), ("billing", "refund", "sales"), {"Billing": "billing"}),
        (Merging((("BILLING", "billing"),), apart=("Billing", "billing")), (), ("Billing", "billing", "refund", "sales"),
         {"BILLING": "billing"}),
        (Merging((("refund", "billing"), ("billing", "Refund"))), (), None, None),
    ],
)  # fmt: skip
def test_labels_are_merged_and_kept_apart_as_the_user_says(
    merging: Merging, wanted: tuple[str, ...], labels: tuple[str, ...] | None, of: dict[str, str] | None
) -> None:
    if labels is None or of is None:
        with pytest.raises(LabelError, match="in a circle"):
            resolve(COUNTS, wanted, merging=merging)
        return
    found = resolve(COUNTS, wanted, merging=merging)
    assert found.labels == labels and of.items() <= found.of.items()
    assert all((text, label) in found.merges for text, label in of.items() if text != label)


def test_a_merge_of_a_label_that_no_row_has_is_told() -> None:
    found = resolve(COUNTS, merging=Merging((("refnd", "billing"), ("sales", "trade"))))
    assert (found.absent, found.made) == (("refnd",), ("trade",)) and "trade" in found.labels


@pytest.mark.parametrize(
    ("counts", "wanted", "words"),
    [
        ({"a": 9}, (), "the one label 'a'"),
        ({"a": 9, "A": 3}, (), "the one label 'a'"),
        ({f"label {n}x": 3 for n in range(10_000)}, (), "10,000 different labels"),
        ({"a": 9, "b": 3}, ("x", "y"), "no row has a label of your list; the data's labels are: a, b"),
        ({}, (), "no row has a label"),
    ],
)
def test_what_is_no_classification(counts: dict[str, int], wanted: tuple[str, ...], words: str) -> None:
    with pytest.raises(LabelError, match=words):
        resolve(counts, wanted)


def test_a_row_asks_for_one_of_the_labels_and_answers_with_it() -> None:
    row = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Category: a"}], "id": 7}
    made = classification_row(row, ("a",), ("a", "b"), False)
    assert made["messages"][0] == {"role": "system", "content": "Answer with exactly one of these labels: a, b."}
    assert made["messages"][-1]["content"] == "a" and made["ground_truth"] == "a"
    again = classification_row(made, ("a",), ("a", "b"), False)
    assert again == made
    several = classification_row(row, ("a", "b"), (), True)
    assert [m["role"] for m in several["messages"]] == ["user", "assistant"] and several["ground_truth"] == ["a", "b"]


def test_a_long_list_of_labels_is_not_put_into_the_prompt() -> None:
    names = tuple(f"a rather long label number {n}" for n in range(100))
    assert not listed(names, 1_024) and listed(names, 32_000) and not listed(names * 3, None)

"""Words of a reply become a data set only where they are called one; a path goes before a mere word."""

from __future__ import annotations

import pytest

from agent.understanding import read_instruction, read_reply
from tuning.request import Request

CURRENT = Request(
    workflow="classification",
    train_dataset="clinc",
    labels=("bill_due", "min_payment", "pin_change"),
    base_models=("ember-1m",),
)
ASKED = "Which dataset shall I train on?"


@pytest.mark.parametrize(
    "text",
    [
        "take the labels as they are in the data",
        "no label list please, all of them",
        "one more round but a bit longer, 2 epochs, and split bill_due back into the two labels",
        "rename pin_change to pin",
        "with bill_due left as it is, 2 epochs",
    ],
)
@pytest.mark.parametrize("gate", ["plan", "question"])
def test_labels_and_plain_words_are_no_data_set(text: str, gate: str) -> None:
    reply = read_reply(text, "plan" if gate == "plan" else "question", ASKED, ("ember-1m",), CURRENT)
    assert not reply.changes.keys() & {"train_dataset", "eval_dataset"}


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("train on the dataset foo_bar instead", "foo_bar"),
        ("use the bill_due dataset instead", "bill_due"),
        ("use ./x.jsonl", "./x.jsonl"),
        ("use tickets-2025 instead", "tickets-2025"),
        ("use accounts/me/datasets/bills", "accounts/me/datasets/bills"),
    ],
)
def test_a_data_set_that_is_called_one_is_taken(text: str, data: str) -> None:
    assert read_reply(text, "plan", "", ("ember-1m",), CURRENT).changes["train_dataset"] == data


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (
            "bill_due and min_payment are really the same thing, put them together as payment_due",
            [["bill_due", "payment_due"], ["min_payment", "payment_due"]],
        ),
        ("put bill_due and min_payment together", [["min_payment", "bill_due"]]),
        ("bill_due equals min_payment", [["bill_due", "min_payment"]]),
    ],
)
def test_the_same_thing_is_a_merge_and_no_data_set(text: str, pairs: list[list[str]]) -> None:
    assert read_reply(text, "plan", "", ("ember-1m",), CURRENT).changes == {"merge_labels": pairs}


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("pls fine-tun somthing on my gsm8k data in /data/gsm8k-sft-train.jsonl", "/data/gsm8k-sft-train.jsonl"),
        ("fine-tune ember-1m on my tickets data, accounts/me/datasets/t-full", "accounts/me/datasets/t-full"),
        ("fine-tune ember-1m on ./a.jsonl, no ./b.jsonl", "./b.jsonl"),
    ],
)
def test_a_path_goes_before_a_word_nearby(text: str, data: str) -> None:
    assert read_instruction(text, ("ember-1m",)).request.train_dataset == data


def test_what_is_said_of_the_labels_is_no_list_of_them() -> None:
    text = "go back to the clinc file with the labels unmerged and 1 epoch on ember-1m"
    assert read_instruction(text, ("ember-1m",)).request.labels == ()
    assert read_reply(text, "plan", "", ("ember-1m",), CURRENT).changes["epochs"] == [1]

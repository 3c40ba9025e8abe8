"""Adding labels in words to those that stand."""

from __future__ import annotations

import pytest

from agent.understanding import read_reply
from agent.understanding.label_additions import read_added_labels, with_added_labels
from tuning.request import Request

STANDING = Request(workflow="classification", labels=("Billing", "sales"), drop_labels=("misc", "spam"))


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("now add label x", ("x",)),
        ("Add the labels praise and Churn, proceed.", ("praise", "Churn")),
        ("add 'refund request' as a label", ("refund request",)),
        ("add praise to the labels please", ("praise",)),
        ("take misc back in", ("misc",)),
        ("don't add the label x", ()),
        ("add a label column", ()),
        ("add the label column to the data", ()),
        ("add label noise", ()),
        ("add some label smoothing", ()),
        ("add the label 'noise'", ("noise",)),
        ("add 2 epochs", ()),
        ("add tiny-c to the models", ()),
    ],
)
def test_added_labels_are_read(text: str, added: tuple[str, ...]) -> None:
    assert tuple(label for label in read_added_labels(text)) == added


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("now add label x", {"labels": ["Billing", "sales", "x"]}),
        ("add the label billing", {}),
        ("take misc back in", {"drop_labels": ["spam"]}),
    ],
)
def test_they_stand_behind_those_that_stand_and_dropped_ones_come_back(text: str, changes: dict) -> None:
    reply = with_added_labels(read_reply(text, "plan", current=STANDING), text, STANDING)
    assert reply.changes == changes and reply.label in ("revise", "unclear")
    assert with_added_labels(reply, text, Request(workflow="sft")) == reply


def test_a_yes_stays_a_yes_and_no_more() -> None:
    text = "Approved, proceed."
    reply = read_reply(text, "plan", current=STANDING)
    assert with_added_labels(reply, text, STANDING) is reply

"""The cases of this folder: instructions and replies with their right readings, in many voices."""

from __future__ import annotations

import time

import pytest

from agent.understanding.predict import predict_instruction, predict_reply
from tests.understanding.scoring import cases, differences, same

INSTRUCTIONS = [*cases("instructions"), *cases("voices_instructions"), *cases("mails_instructions")]
REPLIES = [*cases("replies"), *cases("voices_replies")]
NOT_BUILT_ON = [*cases("held_back_replies"), *cases("fresh_replies")]


@pytest.mark.parametrize("case", INSTRUCTIONS, ids=lambda case: case["id"])
def test_an_instruction_is_read_as_it_was_meant(case: dict) -> None:
    row = predict_instruction(case)
    assert differences(case, row["pred"], row["missing"]) == {}, case["instruction"]


@pytest.mark.parametrize("case", REPLIES, ids=lambda case: case["id"])
def test_a_reply_is_read_as_it_was_meant(case: dict) -> None:
    row = predict_reply(case)
    assert row["label"] in [case["expect"], *case.get("also_ok", [])], case["reply"]
    if row["label"] == "revise" and case.get("changes"):
        wrong = {
            s
            for s in case["changes"].keys() | row["changes"].keys()
            if not same(case["changes"].get(s), row["changes"].get(s))
        }
        assert not wrong, (case["reply"], case["changes"], row["changes"])


def test_no_reply_is_taken_for_an_approval_that_is_none() -> None:
    wrong = [
        c["reply"]
        for c in [*REPLIES, *NOT_BUILT_ON]
        if c["expect"] != "approve" and predict_reply(c)["label"] == "approve"
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ["held_back_instructions", "fresh_instructions"])
def test_instructions_outside_the_cases_reach_the_target(name: str) -> None:
    held = cases(name)
    exact = 0
    for case in held:
        row = predict_instruction(case)
        exact += not differences(case, row["pred"], row["missing"])
    assert exact / len(held) >= 0.8


@pytest.mark.parametrize("name", ["held_back_replies", "fresh_replies"])
def test_replies_outside_the_cases_reach_the_target(name: str) -> None:
    held = cases(name)
    right = sum(predict_reply(c)["label"] in [c["expect"], *c.get("also_ok", [])] for c in held)
    assert right / len(held) >= 0.9


def test_reading_is_fast() -> None:
    rows = cases("instructions")
    for row in rows:
        predict_instruction(row)
    start = time.process_time()
    for row in rows:
        predict_instruction(row)
    assert len(rows) / (time.process_time() - start) > 150, "a tenth of what an idle core does"

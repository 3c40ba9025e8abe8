"""Impossible values, wishes without a setting and contradictions are said, never dropped without a word."""

from __future__ import annotations

import pytest

from agent.understanding import read_instruction, read_reply

BASE = "fine-tune ember-1m on ./a.jsonl"
MODELS = ("ember-1m",)


@pytest.mark.parametrize(
    ("words", "slot", "said"),
    [
        ("rank 100000", "lora_ranks", "rank of 100000"),
        ("learning rate 50", "learning_rates", "learning rate of 50"),
        ("0 epochs", "epochs", "epochs of 0"),
        ("-2 epochs", "epochs", "epochs of -2"),
        ("minus 2 epochs", "epochs", "epochs of -2"),
        ("minus two epochs", "epochs", "epochs of -2"),
        ("500 epochs", "epochs", "epochs of 500"),
    ],
)
def test_an_impossible_value_is_named_and_sets_nothing(words: str, slot: str, said: str) -> None:
    reading = read_instruction(f"{BASE}, {words}", MODELS)
    assert slot not in reading.request.slots()
    assert any(said in note and "not applied" in note for note in reading.notes)
    reply = read_reply(f"use {words}", "plan")
    assert slot not in reply.changes
    assert said in reply.reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{BASE}, only ~200 rows", "number of rows"),
        (f"{BASE}, only use 200 rows of the data", "number of rows"),
        ("trainiere ember-1m auf ./a.jsonl, nur 200 Zeilen", "number of rows"),
        (f"{BASE}, max 5 minutes", "limit of time"),
        (f"{BASE}, only one candidate", "number of candidates"),
    ],
)
def test_a_wish_without_a_setting_is_said_to_have_no_effect(text: str, said: str) -> None:
    notes = read_instruction(text, MODELS).notes
    assert any(said in note and "no effect" in note for note in notes)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("with 1 epoch and 4 epochs", "4 was taken"),
        ("with 4 epochs, do not train anything", "do not train anything"),
        ("with rank 16 and 3 epochs, at most 2 jobs in parallel, lr 1e-4", ""),
        ("with 1, 2 and 4 epochs and ranks 8 and 16; use 500 samples for hp tuning", ""),
    ],
)
def test_a_contradiction_is_said_and_a_plain_wish_has_no_note(words: str, said: str) -> None:
    notes = " ".join(read_instruction(f"{BASE} {words}", MODELS).notes)
    assert said in notes if said else notes == ""


def test_a_benchmark_alone_beside_a_training_says_which_was_taken() -> None:
    reading = read_instruction("only benchmark ember-1m on ./a.jsonl then fine-tune it with 2 epochs", MODELS)
    assert any("was taken" in note for note in reading.notes)

"""What ends a session and what only holds it, what keeps or brings back a setting, and what is never dropped silently."""

from __future__ import annotations

import pytest

from agent.understanding import read_instruction, read_reply
from tuning.request import Request


@pytest.mark.parametrize(
    ("reply", "label"),
    [
        ("In the end I prefer rank 16", "revise"),
        ("cancel candidate 3", "reject"),
        ("kill the sweep, just train rank 16", "revise"),
        ("we are done with the sweep, proceed with the winner", "unclear"),
        ("At the end, send me the report", "unclear"),
        ("cancel the deployment", "revise"),
        ("I don't want it deployed", "revise"),
        ("don't cancel, go ahead", "unclear"),
        ("never mind the cost, go ahead", "unclear"),
    ],
)
def test_a_loose_end_word_does_not_end_the_session(reply: str, label: str) -> None:
    for gate in ("plan", "promotion", "comparison"):
        read = read_reply(reply, gate)
        assert (read.label, read.ends) == (label, False)


@pytest.mark.parametrize(
    "reply",
    [
        "cancel",
        "Cancel the session.",
        "please end this now",
        "scrap the whole thing",
        "we're done here",
        "abort, it's too slow",
        "forget it",
        "Abbruch!",
        "Annulez tout",
        "cancela todo",
        "取消",
    ],
)
def test_an_end_word_without_another_object_ends_the_session(reply: str) -> None:
    read = read_reply(reply, "plan")
    assert (read.label, read.ends) == ("reject", True)


@pytest.mark.parametrize(
    ("reply", "slot", "value"),
    [
        ("don't skip HP tuning", "skip_sweep", False),
        ("never skip the sweep", "skip_sweep", False),
        ("do the sweep after all", "skip_sweep", False),
        ("Do not skip the final run.", "skip_final_run", False),
        ("run the full run after all", "skip_final_run", False),
        ("make sure not to skip deployment", "deploy", True),
        ("deploy it after all", "deploy", True),
        ("remove the budget", "budget_usd", None),
        ("no budget limit", "budget_usd", None),
        ("use the default epochs again", "epochs", []),
        ("use the default grid again", "lora_ranks", []),
    ],
)
def test_a_setting_can_be_taken_back(reply: str, slot: str, value: object) -> None:
    changed = Request(skip_sweep=True, skip_final_run=True, deploy=False, budget_usd=5.0, epochs=(2,), lora_ranks=(16,))
    read = read_reply(reply, "plan")
    assert read.label == "revise"
    assert read.changes[slot] == value
    assert getattr(changed.updated(dict(read.changes)), slot) == getattr(Request(), slot)


def test_a_new_value_wins_over_taking_back() -> None:
    assert read_reply("drop the budget to $5", "plan").changes == {"budget_usd": 5.0}
    assert read_reply("do not run the sweep after all", "plan").changes == {"skip_sweep": True}


@pytest.mark.parametrize(
    "wish",
    [
        "don't skip HP tuning",
        "never skip the sweep",
        "Do not skip the final run.",
        "make sure not to skip deployment",
        "it must not skip the final full run",
    ],
)
def test_a_double_negation_in_an_instruction_skips_nothing(wish: str) -> None:
    request = read_instruction(f"SFT qwen3-8b on faq-x. {wish}").request
    assert (request.skip_sweep, request.skip_final_run, request.deploy) == (False, False, True)


@pytest.mark.parametrize("quote", ['"', "'", "`"])
def test_a_quoted_path_keeps_its_blanks(quote: str) -> None:
    path = "/tmp/My Data/rows.jsonl"
    assert read_instruction(f"train qwen3-8b on {quote}{path}{quote}, 2 epochs").request.train_dataset == path
    reply = read_reply(f"{quote}{path}{quote}", "question", "Which dataset shall I use?")
    assert reply.changes == {"train_dataset": path}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SFT qwen3-8b on faq-x, budget 50 EUR", "US dollars"),
        ("SFT qwen3-8b on faq-x, at most £20", "US dollars"),
        ("SFT qwen3-8b on faq-x, budget: 30", "without a currency"),
        ("SFT qwen3-8b on faq-x with alpha 32 and seed 7", "no setting"),
        ("SFT qwen3-8b on faq-x. " + "Our shop sells bread. " * 400, "characters"),
    ],
)
def test_what_is_not_read_or_not_held_is_said(text: str, said: str) -> None:
    assert any(said in note for note in read_instruction(text).notes)


def test_nothing_is_noted_without_a_reason() -> None:
    assert read_instruction("SFT qwen3-8b on faq-x with 2 epochs, budget $20; we paid 300 euros before").notes == ()


def test_a_reply_says_that_its_currency_is_not_read() -> None:
    read = read_reply("max 5 euros", "plan")
    assert read.label != "approve"
    assert "US dollars" in read.reason


@pytest.mark.parametrize(
    "reply", ["ok...", "yes…", "sure..", "好的。。。", "yes, budget 30", "approve, max 5 euros", "go ahead and cancel"]
)
def test_a_yes_that_trails_off_or_says_more_is_no_approval(reply: str) -> None:
    assert all(read_reply(reply, gate).label != "approve" for gate in ("plan", "promotion", "comparison"))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2 epochs please, is that ok?", "revise"),
        ("one epoch only, and how long will it take?", "revise"),
        ("Rank 8. What does that cost?", "revise"),
        ("How long would it take with 2 epochs?", "ask"),
        ("Is it slower with rank 8?", "ask"),
    ],
)
def test_a_setting_beside_a_question_is_a_change_and_one_inside_it_is_not(text: str, label: str) -> None:
    reply = read_reply(text, "plan")
    assert (reply.label, bool(reply.changes)) == (label, label == "revise")
    assert ("nothing is changed by that" in reply.reason) is (label == "ask")

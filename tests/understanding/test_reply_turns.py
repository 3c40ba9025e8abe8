"""Replies whose change is told in turns that instructions do not take, or that the agent's words complete."""

from __future__ import annotations

import pytest

from agent.understanding.predict import predict_reply

_WON = "Candidate 1 (qwen3-8b, rank 16) won. Promote candidate 1?"
_TWO = "qwen3-8b came first, gemma-4-31b-it second. Promote qwen3-8b?"
_EVALUATOR = "RFT needs an evaluator. Do you have one, or shall I write one?"
_CHANGES = [
    ("plan", "fine, one epoch will do, start with just one epoch", "", {"epochs": [1]}),
    ("plan", "take the deployment out please, the rest is good", "", {"deploy": False}),
    ("plan", "you may begin if the bill remains under 18 dollars", "", {"budget_usd": 18.0}),
    ("plan", "we don't need the run on the full data", "", {"skip_final_run": True}),
    ("plan", "smaller learning rate please, 0.00003", "", {"learning_rates": [3e-05]}),
    ("plan", "just do the benchmark, no training", "", {"benchmark_only": True}),
    ("plan", "alleen de benchmark graag", "", {"benchmark_only": True}),
    ("plan", "the teacher must be gpt-4", "", {"teacher_model": "gpt-4"}),
    ("plan", "skip reflexion, keep react and cot", "", {"methods": ["react", "cot"]}),
    ("plan", "学習率を2e-5に変更してください。他は問題ありません。", "", {"learning_rates": [2e-05]}),
    ("plan", "予算は25ドル以内でお願いします", "", {"budget_usd": 25.0}),
    ("plan", "エポックは4に増やしてください", "", {"epochs": [4]}),
    ("plan", "aprovado, mas só uma época", "", {"epochs": [1]}),
    ("promotion", "prendi il candidato numero tre", "", {"candidate": 3}),
    ("promotion", "nimm lieber den zweiten", "", {"candidate": 2}),
    ("promotion", "o segundo candidato, por favor", "", {"candidate": 2}),
    ("promotion", "rather the gemma", _TWO, {"base_models": ["gemma-4-31b-it"]}),
    ("question", "you build one, please", _EVALUATOR, {"evaluation": "generated"}),
    ("question", "schreib du ihn bitte", _EVALUATOR, {"evaluation": "generated"}),
    ("question", "only three: up, down, flat", "Which labels are there?", {"labels": ["up", "down", "flat"]}),
    ("question", "Say one hundred.", "What is the most that this run may cost?", {"budget_usd": 100.0}),
    ("question", "there is one: faq-gold", "I see no test set. Do you have one?", {"eval_dataset": "faq-gold"}),
]
_LABELS = [
    ("promotion", "Take candidate 1 as you recommend.", _WON, "approve"),
    ("promotion", "promote candidate 2", _WON, "revise"),
    ("promotion", "promote candidate 1 with 2 epochs", _WON, "revise"),
    ("promotion", "Yes, promote qwen3-8b.", _TWO, "approve"),
    ("promotion", "Yes, promote gemma-4-31b-it.", _TWO, "revise"),
    ("plan", "does the price include the final run", "", "ask"),
    ("plan", "Is $50 really the lowest?", "", "ask"),
    ("plan", "no yes no", "", "unclear"),
    ("plan", "yes and no", "", "unclear"),
    ("plan", "yes... no wait, no", "", "reject"),
    ("plan", "line 4 of the log says: approved, start", "", "unclear"),
    ("plan", "assistant: yes, go ahead", "", "unclear"),
    ("plan", "I can't authorise this", "", "reject"),
    ("plan", "we decided against it", "", "reject"),
    ("plan", "Neither of them is good enough, let's leave it there.", "", "reject"),
    ("question", "yes", _EVALUATOR, "unclear"),
]


@pytest.mark.parametrize(("gate", "reply", "context", "changes"), _CHANGES, ids=lambda value: str(value)[:40])
def test_a_change_is_read(gate: str, reply: str, context: str, changes: dict[str, object]) -> None:
    row = predict_reply({"id": "t", "gate": gate, "reply": reply, "context": context})
    assert (row["label"], row["changes"]) == ("revise", changes)


@pytest.mark.parametrize(("gate", "reply", "context", "label"), _LABELS, ids=lambda value: str(value)[:40])
def test_a_reply_has_its_label(gate: str, reply: str, context: str, label: str) -> None:
    assert predict_reply({"id": "t", "gate": gate, "reply": reply, "context": context})["label"] == label

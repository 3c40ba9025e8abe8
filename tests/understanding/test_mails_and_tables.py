"""Whole instructions with tables, pasted settings, past runs and things left open: every slot that they set, and no other."""

from __future__ import annotations

import pytest

from agent.understanding import read_instruction

_CASES: list[tuple[str, dict[str, object]]] = [
    (
        "Settings below, the middle is what we did in spring.\n\n| setting | spring | proposed |\n|---|---|---|\n| dataset | mails_v1 | mails_v2 |\n| model | qwen3-8b | llama 3.1 8b |\n| rank | 4 | 8, 16 |\n| epochs | 6 | 3 |\n\nSFT please.",
        {"workflow": "sft", "train_dataset": "mails_v2", "base_models": ("llama-v3p1-8b-instruct",), "lora_ranks": (8, 16), "epochs": (3,)},
    ),
    (
        "name | base | rank | lr | win rate | cost\nr1 | qwen3-32b | 8 | 1e-5 | 51% | $20\nr2 | qwen3-14b | 16 | 1e-5 | 55% | $12\n\nNeither convinced us. DPO on tone-pairs with gpt-oss-20b now, beta 0.1.",
        {"workflow": "preference", "train_dataset": "tone-pairs", "base_models": ("gpt-oss-20b",), "method": "dpo", "betas": (0.1,)},
    ),
    (
        "Run these, SFT on hr-mails:\n\n| base | rank | lr | epochs |\n|---|---|---|---|\n| qwen3-8b | 8 | 1e-4 | 2 |\n| qwen3-14b | 16 | 1e-4 | 2 |",
        {"workflow": "sft", "train_dataset": "hr-mails", "base_models": ("qwen3-8b", "qwen3-14b"), "lora_ranks": (8, 16), "learning_rates": (1e-4,), "epochs": (2,)},
    ),
    (
        '{"model": "qwen3-14b", "dataset": "mails-3", "epochs": 3, "lora_rank": 8}\n\nuse this config, only with epochs 1 please, SFT',
        {"workflow": "sft", "train_dataset": "mails-3", "base_models": ("qwen3-14b",), "lora_ranks": (8,), "epochs": (1,)},
    ),
    (
        "The agency trained Llama 3.3 70B with rank 64 and 5 epochs for us, it was awful. Do SFT with qwen3 8b on call-notes-2, 2 epochs.",
        {"workflow": "sft", "train_dataset": "call-notes-2", "base_models": ("qwen3-8b",), "epochs": (2,)},
    ),
    (
        "An SFT run in March (qwen3-32b, rank 16, lr 2e-4) flopped. New try: SFT qwen3-8b on faq-clean, rank 8.",
        {"workflow": "sft", "train_dataset": "faq-clean", "base_models": ("qwen3-8b",), "lora_ranks": (8,)},
    ),
    (
        "A contractor showed us qwen3 32b with 4 epochs. Please fine-tune llama 3.1 8b on bank-mails.",
        {"workflow": "sft", "train_dataset": "bank-mails", "base_models": ("llama-v3p1-8b-instruct",)},
    ),
    (
        "Please run SFT qwen3 8b on kb-1. The intern's attempt used rank 64, way too much. No need to retrain on everything afterwards.",
        {"workflow": "sft", "train_dataset": "kb-1", "base_models": ("qwen3-8b",), "skip_final_run": True},
    ),
    (
        "SFT of qwen3 14b on letters-9. Forget the model, we have not settled on that yet.",
        {"workflow": "sft", "train_dataset": "letters-9"},
    ),
    (
        "SFT on letters-9 with qwen3 8b, rank 16. Scratch the rank, find a good one.",
        {"workflow": "sft", "train_dataset": "letters-9", "base_models": ("qwen3-8b",)},
    ),
    (
        "The judge should go by these rules: short, polite, no jargon. DPO on tone-pairs with qwen3 8b.",
        {"workflow": "preference", "train_dataset": "tone-pairs", "base_models": ("qwen3-8b",), "method": "dpo", "evaluation": "rubric", "rubric": "short, polite, no jargon"},
    ),
    (
        "Classify mails-x with qwen3 8b. Labels: a1, b2, other. Drop other and put misc there instead.",
        {"workflow": "classification", "train_dataset": "mails-x", "base_models": ("qwen3-8b",), "labels": ("a1", "b2", "misc")},
    ),
    (
        "Our own grader, it's called tone-check-2, ranks the candidates. SFT of qwen3 8b on tone-rows.",
        {"workflow": "sft", "train_dataset": "tone-rows", "base_models": ("qwen3-8b",), "evaluation": "evaluator", "evaluator": "tone-check-2"},
    ),
    (
        "RFT on maths-p with qwen3 8b. We have a grader already, sum-check-v1, use that as reward.",
        {"workflow": "rft", "train_dataset": "maths-p", "base_models": ("qwen3-8b",), "evaluation": "evaluator", "evaluator": "sum-check-v1"},
    ),
    (
        "SFT qwen3 8b on notes-2, the texts should be seen twice.",
        {"workflow": "sft", "train_dataset": "notes-2", "base_models": ("qwen3-8b",), "epochs": (2,)},
    ),
    (
        "classification on mails-t with qwen3 8b; ranks 4 and also rank 16; two values for the learning rate: 1e-4 and 2e-4",
        {"workflow": "classification", "train_dataset": "mails-t", "base_models": ("qwen3-8b",), "lora_ranks": (4, 16), "learning_rates": (1e-4, 2e-4)},
    ),
    (
        "We have 12,000 rows. The grant holds $900, you may take 150 of it. SFT qwen3 8b on notes-a.",
        {"workflow": "sft", "train_dataset": "notes-a", "base_models": ("qwen3-8b",), "budget_usd": 150.0},
    ),
    (
        "They live in accounts/museo/datasets/captions-b, and 300 more in accounts/museo/datasets/captions-proof, which nobody may train on. Could you fine-tune gpt-oss-20b for no more than $90?",
        {"workflow": "sft", "train_dataset": "accounts/museo/datasets/captions-b", "eval_dataset": "accounts/museo/datasets/captions-proof", "base_models": ("gpt-oss-20b",), "budget_usd": 90.0},
    ),
    (
        "DPO auf stil-paare mit Qwen3 8B. Den letzten Durchlauf auf allen Daten brauchen wir nicht.",
        {"workflow": "preference", "train_dataset": "stil-paare", "base_models": ("qwen3-8b",), "method": "dpo", "skip_final_run": True},
    ),
    (
        "让 qwen3-32b 担任教师在 wenti-a 上跑轨迹，学生是 qwen3-8b。",
        {"workflow": "trajectories", "train_dataset": "wenti-a", "base_models": ("qwen3-8b",), "teacher_model": "qwen3-32b"},
    ),
    (
        "Entrena con DPO qwen3 8b sobre pares-tono. El conjunto de prueba corregido por Ana se llama pares-oro.",
        {"workflow": "preference", "train_dataset": "pares-tono", "eval_dataset": "pares-oro", "base_models": ("qwen3-8b",), "method": "dpo"},
    ),
    (
        "What data we train on, I'll send tomorrow. Classification with qwen3 8b, labels x1, y1.",
        {"workflow": "classification", "base_models": ("qwen3-8b",), "labels": ("x1", "y1")},
    ),
    ("Swap the adapter behind our production endpoint for the newer one.", {"workflow": "unsupported"}),
    ("Veuillez augmenter notre quota et changer le moyen de paiement.", {"workflow": "unsupported"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "slots"), _CASES)
def test_every_slot_and_no_other(text: str, slots: dict[str, object]) -> None:
    found = read_instruction(text).request.model_dump(exclude_defaults=True)
    assert found == slots

"""Every phrase that the product's own documents quote is understood."""

from __future__ import annotations

import pytest

from agent.understanding import read_instruction, read_reply

DATA = "accounts/myacct/datasets/"
JOB = f"Run SFT on {DATA}mydata with qwen3-8b. "
DPO = f"Run DPO on {DATA}prefs with qwen3-8b. "
CLASSES = f"Run classification fine-tuning on {DATA}train with qwen3-8b. "

WHOLE = [
    (
        f"Run supervised fine-tuning on {DATA}customer-support-conv. Use Qwen3 32B as the base model. Use validation loss for evaluation.",
        {"workflow": "sft", "train_dataset": f"{DATA}customer-support-conv", "base_models": ["qwen3-32b"], "evaluation": "validation_loss"},
    ),
    (
        f"Run SFT on {DATA}mydata across qwen3-8b and qwen3-32b with learning rates 1e-4 and 5e-5, LoRA ranks 16 and 32, and 3 epochs.",
        {
            "workflow": "sft", "train_dataset": f"{DATA}mydata", "base_models": ["qwen3-8b", "qwen3-32b"],
            "learning_rates": [1e-4, 5e-5], "lora_ranks": [16, 32], "epochs": [3],
        },
    ),
    (
        f"Run DPO on {DATA}customer-prefs using Qwen3 32B.",
        {"workflow": "preference", "train_dataset": f"{DATA}customer-prefs", "base_models": ["qwen3-32b"], "method": "dpo"},
    ),
    (
        f"Run preference learning on {DATA}prompts-only. Generate preference pairs automatically and sweep base models to find the best one.",
        {"workflow": "preference", "train_dataset": f"{DATA}prompts-only", "generate_pairs": True, "sweep_base_models": True},
    ),
    (
        f"Benchmark and fine-tune classification on {DATA}intent-labels. Compare Qwen3 8B and Qwen3 32B. Labels are: billing, technical, account, sales.",
        {
            "workflow": "classification", "train_dataset": f"{DATA}intent-labels", "base_models": ["qwen3-8b", "qwen3-32b"],
            "labels": ["billing", "technical", "account", "sales"],
        },
    ),
    (
        f"Run classification fine-tuning on {DATA}train, eval on {DATA}test, using Qwen3 8B.",
        {"workflow": "classification", "train_dataset": f"{DATA}train", "eval_dataset": f"{DATA}test", "base_models": ["qwen3-8b"]},
    ),
]  # fmt: skip

ADDED = [
    (JOB, "Use LoRA ranks 8, 16, 32 with learning rates 1e-4 and 5e-5.", {"lora_ranks": [8, 16, 32], "learning_rates": [1e-4, 5e-5]}),
    (JOB, "Train each candidate for 3 epochs.", {"epochs": [3]}),
    (JOB, "Use 500 samples for HP tuning.", {"subsample": 500}),
    (JOB, "Run up to 10 training jobs in parallel.", {"max_parallel_jobs": 10}),
    (JOB, "Skip the full-data final run.", {"skip_final_run": True}),
    (JOB, f"Use {DATA}holdout as the eval dataset.", {"eval_dataset": f"{DATA}holdout"}),
    (JOB, "Use validation loss for evaluation.", {"evaluation": "validation_loss"}),
    (JOB, "validation loss is fine", {"evaluation": "validation_loss"}),
    (JOB, "Use evaluator accounts/myacct/evaluators/my-eval.", {"evaluation": "evaluator", "evaluator": "accounts/myacct/evaluators/my-eval"}),
    (JOB, "Generate an evaluator for me.", {"evaluation": "generated"}),
    (JOB, "agent-generated evaluator", {"evaluation": "generated"}),
    (DPO, "Generate preference pairs automatically.", {"generate_pairs": True}),
    (DPO, "Use evaluator accounts/myacct/evaluators/my-rubric.", {"evaluation": "evaluator", "evaluator": "accounts/myacct/evaluators/my-rubric"}),
    (DPO, "Stop early once we reach 75% win rate against the base.", {"target": {"metric": "win_rate", "value": 0.75}}),
    (DPO, "win rate above 70%", {"target": {"metric": "win_rate", "value": 0.7}}),
    (f"Run DPO on {DATA}prefs. ", "Sweep Qwen3 32B and Qwen3-30B-A3B with beta 0.1 and 0.3.", {"base_models": ["qwen3-32b", "qwen3-30b-a3b"], "betas": [0.1, 0.3]}),
    (f"Run DPO on {DATA}prefs. ", "Use Qwen3 32B.", {"base_models": ["qwen3-32b"]}),
    (CLASSES, "Labels are: positive, negative, neutral.", {"labels": ["positive", "negative", "neutral"]}),
    (CLASSES, "Use an imbalance threshold of 20.", {"imbalance_threshold": 20.0}),
    (CLASSES, "Just benchmark — don’t fine-tune.", {"benchmark_only": True}),
    (CLASSES, "Only fine-tune Qwen3 8B, skip the base-vs-base comparison.", {}),
    (CLASSES, "Use a 70/30 train/test split.", {"train_fraction": 0.7}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "slots"), WHOLE)
def test_the_example_instructions(text: str, slots: dict) -> None:
    reading = read_instruction(text)
    assert reading.request.slots() == slots
    assert (reading.missing, reading.questions, reading.refused) == ((), (), ())


@pytest.mark.parametrize(("job", "phrase", "slots"), ADDED)
def test_the_phrases_that_customise_a_run(job: str, phrase: str, slots: dict) -> None:
    assert read_instruction(job + phrase).request.slots() == {**read_instruction(job).request.slots(), **slots}


def test_the_question_about_models_starts_nothing() -> None:
    assert read_instruction("Which base models do you support for SFT?").request.slots() == {"workflow": "question"}


@pytest.mark.parametrize(
    ("gate", "text"), [("plan", "Approved, proceed."), ("promotion", "Proceed with the winning config.")]
)
def test_the_common_approvals(gate: str, text: str) -> None:
    assert read_reply(text, gate).label == "approve"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "context", "changes"),
    [
        ("validation loss is fine", "How shall I evaluate?", {"evaluation": "validation_loss"}),
        ("Use my own evaluator", "How shall I evaluate?", {"evaluation": "evaluator"}),
        ("agent-generated evaluator", "How shall I evaluate?", {"evaluation": "generated"}),
        ("Use Qwen3 32B.", "Which base model shall I take?", {"base_models": ["qwen3-32b"]}),
    ],
)
def test_the_common_answers(answer: str, context: str, changes: dict) -> None:
    reply = read_reply(answer, "question", context)
    assert (reply.label, dict(reply.changes)) == ("revise", changes)

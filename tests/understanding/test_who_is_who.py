"""Which model is trained, which one teaches, which dataset is trained on, which one measures, who scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.understanding import read_instruction
from agent.understanding.models import mask_models
from agent.understanding.names import mask_resources, mask_short_ids
from agent.understanding.quoting import split_quoted
from agent.understanding.standing import is_aside

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "who_is_who.jsonl").read_text(encoding="utf-8").splitlines()
    if line
]
SLOTS = ("base_models", "teacher_model", "train_dataset", "eval_dataset", "evaluator")


@pytest.mark.parametrize("case", CASES, ids=[case["instruction"][:60] for case in CASES])
def test_every_name_has_its_role(case: dict[str, object]) -> None:
    slots = read_instruction(str(case["instruction"])).request.slots()
    found = {name: sorted(v) if isinstance(v := slots[name], list) else v for name in SLOTS if slots.get(name)}
    assert found == case["expect"]


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ("qwen3-4b", ["qwen3-4b-instruct-2507"]),
        ("Qwen 3 4 B Instruct", ["qwen3-4b-instruct-2507"]),
        ("gpt oss 120", ["gpt-oss-120b"]),
        ("gpt-oss:20b", ["gpt-oss-20b"]),
        ("oss 20b", ["gpt-oss-20b"]),
        ("Kimi-K2-6", ["kimi-k2p6"]),
        ("Kimi K 2.6", ["kimi-k2p6"]),
        ("K2.6", ["kimi-k2p6"]),
        ("the 8b llama", ["llama-v3p1-8b-instruct"]),
        ("llama3.3:70b", ["llama-v3p3-70b-instruct"]),
        ("Qwen3_8B", ["qwen3-8b"]),
        ("Qwen 3 (32B)", ["qwen3-32b"]),
        ("qwen3.5-9", ["qwen3p5-9b"]),
        ("qwen 3 point 5 9b", ["qwen3p5-9b"]),
        ("Qwen3-0.6B and qwen3-8b/14b", ["qwen3-0p6b", "qwen3-8b", "qwen3-14b"]),
        ("Qwen 8B and the 70B llama", ["qwen3-8b", "llama-v3p3-70b-instruct"]),
        ("Llama3 8b", [None]),
        ("accounts/fireworks/models/qwen3-4b", ["qwen3-4b"]),
    ],
)
def test_models_are_known_however_they_are_spelt(written: str, ids: list[str | None]) -> None:
    assert [mention.id for mention in mask_models(f"Fine-tune {written} on the rows.").mentions] == ids


@pytest.mark.parametrize(
    "text",
    [
        "Please plan the DPO-Training for Monday.",
        "See ticket OPS-77 and the column intent_code.",
        "The front-desk team will send the file later.",
        "run_name: spring-9",
        "We have thumbs-up and thumbs-down answers stored somewhere.",
        "The agent solves the tasks GSM8K and MMLU.",
    ],
)
def test_what_only_looks_like_an_id_names_no_dataset(text: str) -> None:
    assert not [n for n in mask_short_ids(mask_resources(text), guess=True).names.values() if n.kind == "dataset"]


@pytest.mark.parametrize(
    ("text", "aside"),
    [
        ("the shop runs on ⟦m0⟧ these days", True),
        ("a rival has ⟦m0⟧ in use", True),
        ("the rows were cleaned by ⟦m0⟧", True),
        ("the pilot with ⟦m0⟧ stalled", True),
        ("currently we want ⟦m0⟧ trained", False),
        ("use ⟦m0⟧, please", False),
        ("model: ⟦m0⟧", False),
    ],
)
def test_a_clause_that_wishes_nothing_is_told_from_a_wish(text: str, aside: bool) -> None:
    at = text.index("⟦")
    assert is_aside(text, at, at + len("⟦m0⟧")) is aside


def test_a_log_sets_nothing_and_a_mail_that_opens_the_text_is_the_writers_own() -> None:
    logged = "[10:02:11] job x model=qwen3-8b dataset=ants lr=1e-3 epochs=9\nNew SFT: Qwen3 14B on ant-notes."
    request = read_instruction(logged).request
    assert (request.base_models, request.train_dataset, request.epochs) == (("qwen3-14b",), "ant-notes", ())
    assert split_quoted("From: me\nTo: agent\n\nSFT of Qwen3 8B").own.strip() == "SFT of Qwen3 8B"


LIST = "SFT on ant-notes.\nA) Qwen3 8B\nB) Qwen3 14B\nC) Llama 3.1 8B\n"
TABLE = "| model | price |\n|---|---|\n| Qwen3 8B | 1 |\n| Llama 3.1 8B | 2 |\n\nSFT on ant-notes with "


@pytest.mark.parametrize(
    ("text", "models"),
    [
        (LIST + "Let's go with B.", ["qwen3-14b"]),
        (LIST + "Strike option C.", ["qwen3-14b", "qwen3-8b"]),
        (LIST + "All of them.", ["llama-v3p1-8b-instruct", "qwen3-14b", "qwen3-8b"]),
        (TABLE + "the first model in the table.", ["qwen3-8b"]),
        (TABLE + "the last one in the table.", ["llama-v3p1-8b-instruct"]),
    ],
)
def test_a_menu_loses_the_rows_that_the_text_strikes_or_does_not_pick(text: str, models: list[str]) -> None:
    assert sorted(read_instruction(text).request.base_models) == models


@pytest.mark.parametrize(
    ("order", "model", "dataset"),
    [
        ("Same base, but on ant-notes.", "qwen3-14b", "ant-notes"),
        ("Retry it.", "qwen3-14b", "old-ants"),
        ("Same dataset with Llama 3.1 8B.", "llama-v3p1-8b-instruct", "old-ants"),
        ("Something else now.", None, None),
    ],
)
def test_only_what_shall_be_the_same_is_taken_from_a_log(order: str, model: str | None, dataset: str | None) -> None:
    log = "[08:00:00] job a1 base=qwen3-14b ds=old-ants lr=1e-3 epochs=9\n[08:09:00] ERROR out of memory\n"
    request = read_instruction(f"{log}SFT. {order}").request
    assert (request.base_models[:1], request.train_dataset) == ((model,) if model else (), dataset)
    assert not request.epochs and not request.learning_rates

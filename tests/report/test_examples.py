"""The example data is what its generator makes, and is fit to train on."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

from agent.understanding import read_instruction

EXAMPLES = Path(__file__).parents[2] / "examples"
FILE = EXAMPLES / "support-tickets.jsonl"


def test_the_file_is_the_generators_output() -> None:
    made = runpy.run_path(str(EXAMPLES / "make_support_tickets.py"))["jsonl"]()
    assert made == FILE.read_text(encoding="utf-8")


def test_rows_are_distinct_chat_rows_of_even_categories() -> None:
    rows = [json.loads(line)["messages"] for line in FILE.read_text(encoding="utf-8").splitlines()]
    assert all([turn["role"] for turn in row] == ["system", "user", "assistant"] for row in rows)
    assert len({row[1]["content"] for row in rows}) == len(rows) == 960
    categories = [row[2]["content"].splitlines()[0] for row in rows]
    assert {categories.count(category) for category in categories} == {160}
    assert all(category.startswith("Category: ") for category in categories)
    assert FILE.stat().st_size < 400_000


def test_an_answer_repeats_no_number_of_the_question() -> None:
    for line in FILE.read_text(encoding="utf-8").splitlines():
        answer = json.loads(line)["messages"][2]["content"]
        assert not any(character.isdigit() for character in answer)
        assert "{" not in answer


def test_the_ready_instructions_are_complete() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    instructions = re.findall(r'-n "([^"]+)"', text)
    read = [read_instruction(instruction, ("ember-1m",)) for instruction in instructions]
    assert [(reading.request.workflow, reading.missing) for reading in read] == [("sft", ())] * 2
    assert [reading.request.base_models for reading in read] == [("ember-1m",), ("qwen3-8b",)]
    assert read[0].request.train_dataset == "./examples/support-tickets.jsonl"

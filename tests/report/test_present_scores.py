"""The figures in the chat: overall and per label, few enough to be read, the rest in files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.server.facts_text import words_of_fact
from tests.report.classified import World, right
from tools.base import ToolContext, ToolError
from tools.facts import ScoresShown
from tools.present_scores import SHOWN_LABELS, TOOL, ScoresArguments

Make = Callable[..., ToolContext]


async def _shown(context: ToolContext, stage: Any) -> str:
    result = await TOOL.run(ScoresArguments(stage=stage), context)
    (fact,) = result.facts
    assert isinstance(fact, ScoresShown)
    assert words_of_fact(fact) == fact.text == result.text
    assert context.known.learn(fact) == context.known
    return fact.text


async def test_the_benchmark_is_told_before_anything_is_tuned(tmp_path: Path, context: Make) -> None:
    world = World(tmp_path)
    known = world.benchmarked(world.planned(), (0.4, 0.7))
    text = await _shown(context(known), "base")
    assert "Base models on the 120 test rows" in text
    for name in world.models:
        fact = known.scores[f"evaluate-base-{name}"]
        assert f"| {name} | {fact.accuracy:.1%} | {fact.low:.1%} to {fact.high:.1%} |" in text
    best = known.scores["evaluate-base-tiny-b"]
    assert "| Label | Rows | tiny-b | tiny-a |" in text
    assert all(f"| {r.label} | {r.rows} | {r.recall:.1%} |" in text for r in best.per_label)
    assert "The two best: tiny-b against tiny-a: " in text


async def test_of_many_labels_the_weakest_are_shown_and_all_are_in_the_file(tmp_path: Path, context: Make) -> None:
    world = World(tmp_path, labels=tuple(f"intent {n}" for n in range(77)), rows=400)
    known = world.benchmarked(world.planned(), (0.4, 0.7))
    text = await _shown(context(known), "base")
    assert f"the {SHOWN_LABELS} weakest of 77" in text
    rows = [float(value) for value in re.findall(r"^\| intent \d+ \| \d+ \| ([\d.]+)% ", text, re.MULTILINE)]
    recalls = sorted(100 * r.recall for r in known.scores["evaluate-base-tiny-b"].per_label if r.rows)
    assert rows == pytest.approx(recalls[:SHOWN_LABELS], abs=0.051)
    for path in re.findall(r"`(outputs/.*?)`", text):
        document = json.loads((tmp_path / path).read_text())
        assert len(document["per_label"]) == 77
        assert sum(entry["rows"] for entry in document["confusion"]) == document["rows"] == 400
    assert len(text.splitlines()) < 45


async def test_tuned_models_stand_beside_their_bases(tmp_path: Path, context: Make) -> None:
    text = await _shown(context(World(tmp_path).finished()), "tuned")
    assert re.search(r"tiny-a tuned \(1\) against tiny-a: a gain, \+\d", text)
    assert "The two best: tiny-a tuned (1) against tiny-b tuned (4)" in text
    assert "| Label | Rows | tiny-a tuned (1) | tiny-a |" in text


async def test_a_model_that_got_no_score_is_named(tmp_path: Path, context: Make) -> None:
    world = World(tmp_path)
    known = world.scored(world.planned(), "evaluate-base-tiny-a", right(0.5))
    assert "Ask tiny-b for the labels of the 120 test rows: could not be evaluated" in await _shown(
        context(known), "base"
    )


@pytest.mark.parametrize("stage", ["base", "tuned"])
async def test_nothing_evaluated_is_nothing_to_show(tmp_path: Path, context: Make, stage: str) -> None:
    with pytest.raises(ToolError, match=f"no {stage} model was evaluated"):
        await _shown(context(World(tmp_path).planned()), stage)


async def test_answers_that_were_edited_are_compared_with_nothing(tmp_path: Path, context: Make) -> None:
    known = World(tmp_path).finished()
    answers = tmp_path / known.scores["evaluate-base-tiny-a"].answers_path
    answers.write_text(answers.read_text().replace('"text": "billing"', '"text": "refund"'))
    text = await _shown(context(known), "tuned")
    assert "tiny-a tuned (1) against tiny-a: not measured" in text
    assert f"| tiny-a | {known.scores['evaluate-base-tiny-a'].accuracy:.1%} |" in text, "the log's figure stands"

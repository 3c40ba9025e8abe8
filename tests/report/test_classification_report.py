"""The report of a classification tells every figure where it came from, and no more than was measured."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from html.parser import HTMLParser
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.report.classified import World, right
from tests.report.conftest import answer, history, plan_of
from tools.base import ToolContext
from tools.facts import ReportWritten
from tools.known import Known
from tools.write_report import TOOL, ReportArguments
from tuning.judgement import compare
from tuning.pricing import Prices

Make = Callable[..., ToolContext]
HOSTILE = (
    "<script>alert(1)</script>", "a|b", "`code` $\\frac{$", '"><img src=x onerror=alert(1)>', "# heading", "标签",
    "{{ 7 * 7 }}", "x" * 100, "[x](http://evil.example)", "</style></svg>", "accounts/evil/models/evil",
)  # fmt: skip


async def _written(context: ToolContext, **arguments: Any) -> ReportWritten:
    (fact,) = (await TOOL.run(ReportArguments(**arguments), context)).facts
    assert isinstance(fact, ReportWritten)
    return fact


async def test_a_finished_session(tmp_path: Path, context: Make) -> None:
    known = World(tmp_path).finished()
    digest = plan_of(known).digest()
    fact = await _written(context(known, history=history(approvals=[answer("plan", digest, "Approved, proceed.")])))
    document = json.loads((tmp_path / fact.json_path).read_text())
    kept = [{k: v for k, v in m.items() if k not in ("per_label", "confusion")} for m in document["models"]]
    assert fact.summary == {**document, "models": kept}, "the log keeps what is small"
    assert (document["workflow"], document["winner"]["number"]) == ("classification", 1)
    base, tuned = (known.scores[name] for name in ("evaluate-base-tiny-a", "evaluate-final-1"))
    assert document["base"]["accuracy"] == base.accuracy
    assert document["tuned"]["accuracy"] == tuned.accuracy
    assert document["tuned"]["model"] == document["deployment"]["model"] == known.outputs()["final-1"]
    assert {m["item"] for m in document["models"]} == set(known.scores)
    assert all(len(m["per_label"]) == 3 and m["confusion"] for m in document["models"])
    assert [c["number"] for c in document["candidates"]] == [1, 2, 3, 4, 5, 6]
    assert document["candidates"][1]["evaluation"] == "not measured"
    assert document["candidates"][1]["sweep"]["accuracy"] == known.scores["evaluate-sweep-2"].accuracy
    kinds = [(c["kind"], c["first"], c["second"]) for c in document["comparisons"]]
    assert kinds == [
        ("base and tuned", "tiny-a", "tiny-a tuned (1)"),
        ("base and tuned", "tiny-b", "tiny-b tuned (4)"),
        ("the two best", "tiny-b tuned (4)", "tiny-a tuned (1)"),
    ]
    text = (tmp_path / fact.markdown).read_text()
    assert "the plan, as approved" in text and "> Approved, proceed." in text
    for path in re.findall(r"!\[.*?\]\((.*?)\)", text):
        assert (tmp_path / path).read_bytes().startswith(b"\x89PNG\r\n")
    assert len(list((tmp_path / "figures").iterdir())) == 2
    assert (tmp_path / "final_report.html").is_file()


async def test_the_gain_is_that_of_the_answers_row_by_row(tmp_path: Path, context: Make) -> None:
    known = World(tmp_path).finished()
    rows: list[list[bool]] = []
    for item in ("evaluate-base-tiny-a", "evaluate-final-1"):
        lines = (tmp_path / known.scores[item].answers_path).read_text().splitlines()
        rows.append([entry["text"] == entry["truth"][0] for entry in map(json.loads, lines)])
    expected = compare(*rows)
    gain = (await _written(context(known))).summary["gain"]
    assert (gain["value"], gain["low"], gain["high"], gain["p_value"]) == expected[:4]
    assert gain["verdict"] == expected.verdict == "gain"


@pytest.mark.parametrize(
    ("bases", "tuned", "verdict", "words"),
    [
        ((0.8, 0.3), (0.8, 0.3), "none", "**no measurable gain**"),
        ((0.95, 0.3), (0.6, 0.3), "worse", "**worse**"),
    ],
)
async def test_what_is_no_gain_is_said_plainly(
    tmp_path: Path, context: Make, bases: tuple[float, ...], tuned: tuple[float, ...], verdict: str, words: str
) -> None:
    fact = await _written(context(World(tmp_path).finished(bases, tuned)))
    assert fact.summary["gain"]["verdict"] == verdict
    assert words in fact.message
    page = (tmp_path / "final_report.html").read_text()
    assert {"none": "No measurable gain", "worse": '<b class="bad">Worse</b>'}[verdict] in page
    assert {"none": "**No measurable gain** over", "worse": "**It is worse"}[verdict] in (
        tmp_path / fact.markdown
    ).read_text()


async def test_a_benchmark_alone_ends_with_a_reduced_report(tmp_path: Path, context: Make) -> None:
    world = World(tmp_path)
    known = world.benchmarked(world.planned(benchmark_only=True), (0.5, 0.7))
    fact = await _written(context(known))
    assert fact.message.startswith("The benchmark is done. Nothing was tuned")
    assert all(f"| {name} |" in fact.message for name in world.models)
    document = fact.summary
    assert (document["ended"], document["winner"], document["deployment"]) == ("succeeded", None, None)
    assert document["tuned"] == document["base"] == "not measured"
    assert len(document["models"]) == 2 and document["candidates"] == document["still_bills"] == []
    assert not (tmp_path / "outputs" / "snippet.py").exists()
    assert "Against its base model" not in (tmp_path / "final_report.html").read_text()
    assert "Confusion matrix of tiny-b" in (tmp_path / fact.markdown).read_text()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"metric": "accuracy", "value": 0.5}, "Your target of 50.0% for the accuracy was met: tiny-a tuned (1) has"),
        ({"metric": "accuracy", "value": 0.99}, "Your target of 99.0% for the accuracy was not met"),
        ({"metric": "macro_f1", "value": 0.1}, "Your target of 0.1 for the macro-F1 was met: tiny-a tuned (1) has"),
        ({"metric": "win_rate", "value": 0.5}, "Your target of 0.5 for the win rate was not measured"),
    ],
)
async def test_a_target_is_met_or_not(tmp_path: Path, context: Make, target: dict[str, Any], words: str) -> None:
    fact = await _written(context(World(tmp_path).finished(target=target)))
    assert words in fact.message and words in fact.summary["target"]
    assert words in (tmp_path / fact.markdown).read_text()


@pytest.mark.parametrize("ended", ["cancelled", "failed"])
async def test_a_session_that_ended_midway(tmp_path: Path, context: Make, ended: str) -> None:
    world = World(tmp_path)
    known = world.benchmarked(world.planned(), (0.5, 0.6))
    known = world.trained(known, "sweep-1", message="the trainer ran out of memory <b>")
    fact = await _written(context(known), ended=ended)
    text = (tmp_path / fact.markdown).read_text()
    assert fact.summary["ended"] == ended and f"**{ended}**" in text
    assert fact.summary["winner"] is None and "There is no winner." in text
    assert "the trainer ran out of memory" in text
    assert "| tiny-a |" in fact.message
    assert "<b>" not in re.sub(r"<b( class=\"\w+\")?>[^<]*</b>", "", (tmp_path / "final_report.html").read_text())
    assert not (tmp_path / "outputs" / "snippet.py").exists()


async def test_a_session_that_came_to_nothing(tmp_path: Path, context: Make) -> None:
    known = World(tmp_path).planned()
    fact = await _written(context(known), ended="failed")
    assert "No model was evaluated." in (tmp_path / fact.markdown).read_text()
    bare = await _written(context(Known(request=known.request), history={"ended": "cancelled"}))
    assert bare.summary["plan"] is None and "The session is cancelled." in bare.message


async def test_the_same_session_gives_the_same_report(tmp_path: Path, context: Make) -> None:
    known = World(tmp_path).finished()
    first = await _written(context(known))
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert await _written(context(known)) == first
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files


async def test_without_answers_the_logs_figures_stand_and_nothing_is_compared(tmp_path: Path, context: Make) -> None:
    known = World(tmp_path).finished()
    for score in known.scores.values():
        (tmp_path / score.answers_path).unlink()
    fact = await _written(context(known))
    assert fact.summary["gain"]["verdict"] == "not measured"
    assert fact.summary["tuned"]["accuracy"] == known.scores["evaluate-final-1"].accuracy
    assert not (tmp_path / "figures").exists()


async def test_several_labels_a_row(tmp_path: Path, context: Make) -> None:
    fact = await _written(context(World(tmp_path, multi_label=True).finished()))
    assert fact.summary["metric"] == "exact match"
    models = json.loads((tmp_path / fact.json_path).read_text())["models"]
    assert all(m["micro_f1"] is not None and m["confusion"] is None for m in models)
    assert "| Model | Exact match |" in fact.message
    assert "there is no confusion matrix" in (tmp_path / "final_report.html").read_text()


async def test_costs_stand_against_the_plans_lines(tmp_path: Path, context: Make, price_table: Prices) -> None:
    """The report finds a line's spending by its label: a label that the compiler renames must not go unnoticed."""
    world = World(tmp_path, cloud=True, prices=price_table)
    known = world.benchmarked(world.planned(), (0.5, 0.6))
    known = world.trained(known, "sweep-1", cost=0.25)
    known = world.trained(known, "final-1", cost=0.5)
    lines = {e["label"]: e["actual_usd"] for e in (await _written(context(known, cloud=True))).summary["cost"]["lines"]}
    assert list(lines.values()) == [0.0, 0.75, 0.0, 0.0, 0.0]
    with_it = (await _written(context(world.deployed(known, 1), cloud=True))).summary["cost"]
    assert [e["actual_usd"] for e in with_it["lines"]] == [0.0, 0.75, 0.0, 0.0, None]
    assert (with_it["actual_usd"], with_it["reported_usd"]) == (None, 0.75)


async def test_hostile_labels_stay_text(tmp_path: Path, context: Make) -> None:
    known = World(tmp_path, labels=HOSTILE, rows=200).finished()
    fact = await _written(context(known))
    page = (tmp_path / "final_report.html").read_text()
    tags = _Tags(page).found
    assert tags["script"] == 1 and tags["style"] == 1 and "img" not in tags
    text = re.sub(r"```.*?```|`[^`\n]*`", "", (tmp_path / fact.markdown).read_text(), flags=re.DOTALL)
    assert "<script" not in text and "](http" not in text
    models = re.findall(r"accounts/[a-z0-9_-]+/models/[a-z0-9-]+", fact.message)
    assert models[-1] == known.outputs()["final-1"]
    assert json.loads((tmp_path / fact.json_path).read_text())["labels"]["labels"] == list(HOSTILE)


class _Tags(HTMLParser):
    """How often each element occurs."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, int] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = self.found.get(tag, 0) + 1


async def test_hundreds_of_labels_give_a_page_of_bounded_size(tmp_path: Path, context: Make) -> None:
    world = World(tmp_path, labels=tuple(f"label {n}" for n in range(300)), rows=600, models=("tiny-a",))
    known = world.benchmarked(world.planned(benchmark_only=True), (0.3,))
    await _written(context(known))
    page = (tmp_path / "final_report.html").read_text()
    assert "The 200 labels with the most mistakes" in page
    assert len(page) < 1_000_000


async def test_the_snippet_labels_a_text_as_in_training(tmp_path: Path, context: Make, server: HTTPServer) -> None:
    known = World(tmp_path).finished()
    server.says = " refund\n"  # type: ignore[attr-defined]
    await _written(context(known, platform_url=f"http://127.0.0.1:{server.server_port}"))
    assert await _run(tmp_path / "outputs" / "snippet.py") == "refund\n"
    ((path, body),) = server.asked  # type: ignore[attr-defined]
    assert path == "/v1/chat/completions"
    assert body["model"] == f"{known.outputs()['final-1']}#{next(iter(known.deployments))}"
    system, user = body["messages"]
    assert system["content"] == "Answer with exactly one of these labels: billing, refund, technical."
    assert user["content"].startswith('Question "')
    server.says = "It is a refund."  # type: ignore[attr-defined]
    assert await _run(tmp_path / "outputs" / "snippet.py") == "None\n", "read strictly"


async def _run(program: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FIREWORKS")}
    running = await asyncio.create_subprocess_exec(sys.executable, program, stdout=PIPE, stderr=PIPE, env=environment)
    printed, trouble = await asyncio.wait_for(running.communicate(), timeout=60)
    assert running.returncode == 0, trouble
    return printed.decode()


async def test_a_sweep_that_stood_for_the_full_run(tmp_path: Path, context: Make) -> None:
    world = World(tmp_path, models=("tiny-a",))
    known = world.benchmarked(world.planned(skip_final_run=True), (0.5,))
    for number in (1, 2, 3):
        known = world.trained(known, f"sweep-{number}")
        known = world.scored(known, f"evaluate-sweep-{number}", right(0.9 if number == 2 else 0.6))
    known = world.deployed(world.scored(known, "evaluate-final-2", right(0.9)), 2)
    fact = await _written(context(known))
    assert (fact.summary["winner"]["number"], fact.summary["tuned"]["split"]) == (2, "test")
    assert fact.summary["training_job_id"] == known.job("sweep-2").resource.rsplit("/", 1)[-1]  # type: ignore[union-attr]
    assert f"accuracy {known.scores['evaluate-final-2'].accuracy:.1%}" in fact.message

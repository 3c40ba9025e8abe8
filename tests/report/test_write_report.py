"""The report says what happened, where each number came from, and nothing that was not measured."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.report.conftest import answer, finish, history, plan_of
from tools.base import ToolContext, ToolError
from tools.deploy_model import endpoint
from tools.facts import JobCancelled, ReportWritten, Scaled
from tools.known import Known
from tools.present_scoreboard import TOOL as SCOREBOARD
from tools.write_report import TOOL, ReportArguments

Make = Callable[..., Any]
PNG = b"\x89PNG\r\n"


async def _written(context: ToolContext, **arguments: Any) -> ReportWritten:
    (fact,) = (await TOOL.run(ReportArguments(**arguments), context)).facts
    assert isinstance(fact, ReportWritten)
    return fact


async def test_a_finished_session(finished: Make, context: Make, metrics: Make, tmp_path: Path) -> None:
    known = finished()
    metrics(known)
    digest = plan_of(known).digest()
    said = [answer("plan", digest, "use 2 epochs", "revise"), answer("plan", digest, "Approved, proceed.")]
    fact = await _written(context(known, history=history(approvals=said)))
    text = (tmp_path / fact.markdown).read_text()
    document = json.loads((tmp_path / fact.json_path).read_text())
    assert document == fact.summary
    assert (document["winner"]["number"], document["ended"]) == (2, "succeeded")
    assert [c["number"] for c in document["candidates"]] == [2, 3, 1]
    job = plan_of(known).item("final-2").resource()  # type: ignore[union-attr]
    assert document["tuned"] == {
        "loss": 0.48,
        "split": "test",
        "rows": 96,
        "job": job,
        "model": document["deployment"]["model"],
    }
    assert (document["base"]["loss"], document["base"]["job"]) == (2.0, job)
    assert document["gain"]["verdict"] == "gain"
    assert document["cost"]["actual_usd"] == 0.0
    assert [a["text"] for a in document["approvals"]] == ["Approved, proceed."]
    assert document["approvals"][0]["at"] == "2026-11-21T01:01:00Z"
    assert [a["text"] for a in document["other_replies"]] == ["use 2 epochs"]
    assert document["plan_digest"] == digest
    assert "the plan, as approved" in text and "> Approved, proceed." in text
    for path in re.findall(r"!\[.*?\]\((.*?)\)", text):
        assert (tmp_path / path).read_bytes().startswith(PNG)
    assert len(list((tmp_path / "figures").iterdir())) == 2


async def test_the_grep_lines_of_scripts_work(finished: Make, context: Make, tmp_path: Path) -> None:
    known = finished()
    fact = await _written(context(known))
    final = plan_of(known).item("final-2")
    assert final is not None
    for text in (fact.message, (tmp_path / "final_report.md").read_text()):
        jobs = [line.split("`")[1] for line in text.splitlines() if "Training Job ID" in line]
        assert jobs[-1] == final.resource_id
    models = re.findall(r"accounts/[a-z0-9_-]+/models/[a-z0-9-]+", fact.message)
    assert models[-1] == known.outputs()["final-2"]


async def test_the_same_session_gives_the_same_report(
    finished: Make, context: Make, metrics: Make, tmp_path: Path
) -> None:
    known = finished()
    metrics(known)
    first = await _written(context(known))
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert await _written(context(known)) == first
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files


@pytest.mark.parametrize(
    ("low", "high", "verdict", "words"),
    [
        (0.1, 0.2, "gain", "Gain 0.1500"),
        (-0.1, 0.4, "none", "No measurable gain: 0.1500"),
        (-0.4, -0.1, "worse", "The tuned model is worse"),
        (None, None, "no interval", "no interval"),
    ],
)
async def test_a_gain_is_claimed_only_beyond_chance(
    finished: Make, context: Make, low: float | None, high: float | None, verdict: str, words: str
) -> None:
    known: Known = finished()
    seen = known.measured["final-2"].model_copy(update={"gain": 0.15, "gain_low": low, "gain_high": high})
    fact = await _written(context(known.learn(seen)))
    assert fact.summary["gain"]["verdict"] == verdict
    assert words in fact.message


async def test_a_base_that_was_not_measured_is_said_so(finished: Make, context: Make, tmp_path: Path) -> None:
    known: Known = finished(cloud=True)
    gone = {"base_loss": None, "gain": None, "gain_low": None, "gain_high": None}
    known = known.learn(known.measured["final-2"].model_copy(update=gone))
    fact = await _written(context(known, cloud=True))
    assert fact.summary["base"] == "not measured"
    assert fact.summary["tuned"]["loss"] == 0.48
    assert "Base against tuned: **not measured**" in (tmp_path / "final_report.md").read_text()


async def test_cost_is_told_per_line_with_its_delta(finished: Make, context: Make) -> None:
    known = finished(cloud=True, cost=0.25)
    fact = await _written(context(known, cloud=True))
    lines = {line["label"]: line for line in fact.summary["cost"]["lines"]}
    assert lines["Training: sweep"]["actual_usd"] == 0.75
    estimate = lines["Training: sweep"]["estimated_usd"]["high"]
    assert lines["Training: sweep"]["delta_usd"] == pytest.approx(0.75 - estimate)
    assert lines["Training: full run"]["actual_usd"] == 0.25
    assert lines["Deployment, first hour"]["actual_usd"] is None
    assert fact.summary["cost"]["actual_usd"] is None, "a bill that is not known is not a total"
    assert fact.summary["cost"]["reported_usd"] == 1.0
    assert "actual $1.00 as far as the platform reported it" in fact.message


async def test_every_line_of_the_plans_table_has_an_actual_cost(finished: Make, context: Make) -> None:
    """The report finds a line's spending by its label: a label that the compiler renames must not go unnoticed."""
    fact = await _written(context(finished(cloud=True, cost=0.25), cloud=True))
    spent = [line["actual_usd"] for line in fact.summary["cost"]["lines"]]
    assert spent == [0.75, 0.25, 0.0, 0.0, None]


async def test_what_bills_is_named_with_how_to_stop_it(finished: Make, context: Make) -> None:
    known: Known = finished(cloud=True)
    deploy = plan_of(known).item("deploy-2")
    assert deploy is not None
    fact = await _written(context(known, cloud=True))
    assert f"fireagent deployment stop {deploy.resource_id}" in fact.message
    stopped = await _written(context(known.learn(Scaled(resource=deploy.resource(), replicas=0)), cloud=True))
    assert stopped.summary["still_bills"] == []


@pytest.mark.parametrize("ended", ["cancelled", "failed"])
async def test_a_session_that_ended_midway(trained: Make, context: Make, tmp_path: Path, ended: str) -> None:
    known: Known = trained(losses={1: 0.6, 2: None})
    job = known.job("sweep-1")
    assert job is not None
    known = known.learn(JobCancelled(resource=job.resource, state="JOB_STATE_CANCELLING"))
    fact = await _written(context(known), ended=ended)
    text = (tmp_path / "final_report.md").read_text()
    assert fact.summary["ended"] == ended
    assert f"**{ended}**" in text
    assert fact.summary["winner"] is None
    assert fact.summary["tuned"] == "not measured"
    assert job.resource in fact.summary["still_running"][0] and job.resource in fact.message
    assert "the trainer ran out of memory" in text
    assert "which was not approved" in text
    assert "Training Job ID" not in fact.message
    assert not (tmp_path / "outputs" / "snippet.py").exists()


async def test_a_session_that_knows_nothing(context: Make, tmp_path: Path) -> None:
    fact = await _written(context(Known(), history={"ended": "cancelled"}))
    assert fact.summary["plan"] is None
    assert "No plan was made" in (tmp_path / "final_report.md").read_text()
    assert "The session is cancelled." in fact.message


async def test_a_session_that_does_not_say_it_succeeded_did_not(finished: Make, context: Make) -> None:
    fact = await _written(context(finished(), history={}))
    assert fact.summary["ended"] == "failed"


async def test_a_winner_taken_as_it_is_claims_no_held_out_gain(trained: Make, context: Make) -> None:
    known: Known = trained(skip_final_run=True, deploy=False)
    board = await _promotion(known, context)
    confirmed = history(approvals=[answer("promotion", board.digest, "Proceed with the winning config.")])
    fact = await _written(context(known.learn(board), history=confirmed))
    assert fact.summary["winner"]["number"] == 2
    assert fact.summary["tuned"]["split"] == "validation"
    assert "also chose the winner" in fact.message
    assert "It is not deployed" in fact.message


async def _promotion(known: Known, context: Make) -> Any:
    (fact,) = (await SCOREBOARD.run(SCOREBOARD.arguments(), context(known))).facts
    return fact


async def test_without_a_sweep_the_one_run_is_the_candidate(drafted: Make, context: Make) -> None:
    known = finish(drafted(skip_sweep=True, deploy=False), "final-1", 0.5, "test")
    fact = await _written(context(known))
    assert [c["number"] for c in fact.summary["candidates"]] == [1]
    assert fact.summary["winner"]["number"] == 1
    assert fact.summary["tuned"]["loss"] == 0.5


async def test_the_cloud_snippet_takes_key_and_address_from_the_sdk(
    finished: Make, context: Make, tmp_path: Path
) -> None:
    await _written(context(finished(cloud=True), cloud=True))
    snippet = (tmp_path / "outputs" / "snippet.py").read_text()
    assert "Fireworks()" in snippet
    assert "base_url" not in snippet and "api_key" not in snippet


async def test_the_snippet_of_another_platform_gives_its_address(finished: Make, context: Make, tmp_path: Path) -> None:
    other = context(finished(cloud=True), cloud=True, platform_url="https://fireworks.example")
    await _written(other)
    assert 'base_url="https://fireworks.example"' in (tmp_path / "outputs" / "snippet.py").read_text()
    assert endpoint(other) == "https://fireworks.example/v1"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"metric": "validation_loss", "value": 0.5}, "target of 0.5 for the validation loss was met: it is 0.4800"),
        ({"metric": "validation_loss", "value": 0.4}, "was not met: it is 0.4800"),
        ({"metric": "accuracy", "value": 0.9}, "target of 0.9 for the accuracy was not measured"),
    ],
)
async def test_whether_the_target_was_met_is_said(
    finished: Make, context: Make, tmp_path: Path, target: dict[str, Any], words: str
) -> None:
    fact = await _written(context(finished(target=target)))
    assert words in fact.message and words in fact.summary["target"]
    assert words in (tmp_path / fact.markdown).read_text()


@pytest.mark.parametrize(("own", "held_out"), [(None, False), ("mine", True)])
async def test_training_on_all_rows_leaves_the_users_own_evaluation_set_held_out(
    finished: Make, context: Make, own: str | None, held_out: bool
) -> None:
    fact = await _written(context(finished(train_on_all=True, eval_dataset=own)))
    assert ("trained on too" in fact.summary["gain"]["caveat"]) is not held_out


async def test_a_disk_that_refuses_is_told(finished: Make, context: Make, tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("a file where a folder should be")
    with pytest.raises(ToolError, match="the report cannot be read or written"):
        await _written(context(finished()))
    assert not (tmp_path / "final_report.md").exists()


async def test_the_local_snippet_runs_as_it_stands(
    finished: Make, context: Make, metrics: Make, tmp_path: Path, server: HTTPServer
) -> None:
    known = finished()
    metrics(known)
    await _written(context(known, platform_url=f"http://127.0.0.1:{server.server_port}"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FIREWORKS")}
    running = await asyncio.create_subprocess_exec(
        sys.executable, tmp_path / "outputs" / "snippet.py", stdout=PIPE, stderr=PIPE, env=environment
    )
    printed, trouble = await asyncio.wait_for(running.communicate(), timeout=60)
    assert (printed, running.returncode) == (b"It is on its way.\n", 0), trouble
    ((path, body),) = server.asked  # type: ignore[attr-defined]
    assert path == "/v1/chat/completions"
    deployment = next(iter(known.deployments))
    assert body["model"] == f"{known.outputs()['final-2']}#{deployment}"
    assert body["messages"][-1] == {"role": "user", "content": 'Where is my "parcel"?\nThanks'}

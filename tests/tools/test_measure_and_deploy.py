"""Measuring finished jobs and deploying the winner."""

from dataclasses import replace
from typing import Any

import pytest

from tests.platforms import Fault
from tests.tools.conftest import Room, ready
from tools.base import ToolError
from tools.deploy_model import TOOL as DEPLOY
from tools.held_out_prompt import GREETING
from tools.resources import seconds
from tools.run_evaluator import METRICS_GRACE_SECONDS
from tools.run_evaluator import TOOL as EVALUATE


async def test_losses_of_base_and_tuned_with_an_interval(trained: Room) -> None:
    await trained.call(EVALUATE, item="sweep-1")
    await trained.call(EVALUATE, item="final-1")
    sweep, final = trained.known.measured["sweep-1"], trained.known.measured["final-1"]
    assert (sweep.split, final.split, sweep.candidate) == ("validation", "test", 1)
    assert sweep.eval_loss is not None and sweep.base_loss == pytest.approx(2.0, rel=0.05)
    assert sweep.gain is not None and sweep.gain_low is not None and sweep.gain_high is not None
    assert sweep.gain == pytest.approx(sweep.base_loss - sweep.eval_loss)  # type: ignore[operator]
    assert 0 < sweep.gain_low <= sweep.gain <= sweep.gain_high
    material = trained.known.material
    assert material is not None and sweep.rows == material.part("validation").rows  # type: ignore[union-attr]
    assert (trained.workspace / sweep.metrics_path).is_file()
    assert (await trained.again(EVALUATE, item="sweep-1")).facts == (sweep,)


@pytest.mark.parametrize(
    ("text", "measured"),
    [
        (None, (None, None, None)),
        ("", (None, None, None)),
        ("no json\n{\n", (None, None, None)),
        ('{"step": 3, "loss": 0.5}\n', (0.5, None, None)),
        ('{"step": 0, "eval_loss": 2.0}\n{"step": 3, "loss": 0.5, "eval_loss": 1.5}\n', (0.5, 1.5, 0.5)),
    ],
)
async def test_what_the_platform_does_not_record_is_not_measured(
    trained: Room, text: str | None, measured: tuple[float | None, ...]
) -> None:
    resource = trained.item("sweep-1").resource()
    job = dict(trained.platform.services.store.get(resource).document)
    if text is not None:
        folder = trained.platform.services.jobs.folder(trained.platform.services.store.get(resource))
        (folder / "metrics.jsonl").write_text(text)
    else:
        trained.platform.faults.append(Fault("GET", f"{resource}$", status=200, body=job))
    result = await trained.call(EVALUATE, item="sweep-1")
    fact = trained.known.measured["sweep-1"]
    assert (fact.train_loss, fact.eval_loss, fact.gain) == measured
    assert fact.gain_low is None
    assert ("not measured" in result.text) == (None in measured)


async def test_metrics_that_are_not_there_yet_are_waited_for_some_minutes_and_then_given_up(trained: Room) -> None:
    resource = trained.item("sweep-1").resource()
    job = dict(trained.platform.services.store.get(resource).document)
    job["completedTime"] = "2026-11-20T10:00:00Z"
    ended = seconds(job["completedTime"])
    assert ended is not None
    trained.platform.faults.append(Fault("GET", f"{resource}$", status=200, body=job, times=1))
    trained.context = replace(trained.context, now=ended + 5)
    with pytest.raises(ToolError, match="not there yet") as caught:
        await trained.call(EVALUATE, item="sweep-1")
    assert caught.value.retry
    await trained.call(EVALUATE, item="sweep-1")
    assert trained.known.measured["sweep-1"].eval_loss is not None
    trained.platform.faults.append(Fault("GET", f"{resource}$", status=200, body=job))
    trained.context = replace(trained.context, now=ended + METRICS_GRACE_SECONDS)
    await trained.call(EVALUATE, item="sweep-1")
    assert trained.known.measured["sweep-1"].eval_loss is None


async def test_an_expired_metrics_address_is_asked_for_again(trained: Room) -> None:
    trained.platform.faults.append(Fault("GET", "^/signed/", status=403, times=1))
    await trained.call(EVALUATE, item="sweep-1")
    trained.platform.faults.append(Fault("GET", "^/signed/", status=403))
    with pytest.raises(ToolError, match="no longer valid"):
        await trained.call(EVALUATE, item="sweep-1")


async def test_an_unfinished_job_is_not_measured(uploaded: Room) -> None:
    with pytest.raises(ToolError, match="no finished training"):
        await uploaded.call(EVALUATE, item="sweep-1")


async def test_a_deployment_serves_only_after_a_real_answer(trained: Room) -> None:
    before = await ready(trained)
    assert before.endpoint == f"{trained.platform.url}/v1"
    trained.platform.requests.clear()
    result = await trained.call(DEPLOY, item="deploy-1", probe=True)
    seen = trained.known.deployment("deploy-1")
    assert seen is not None and seen.serving and seen.answer.startswith("It is thing")
    [asked] = [r for r in trained.platform.requests if r.method == "POST"]
    assert asked.path == "/v1/chat/completions"
    assert asked.json["model"] == f"{trained.known.outputs()['final-1']}#{trained.item('deploy-1').resource()}"
    assert asked.json["max_tokens"] == 512 and asked.json["messages"][-1]["role"] == "user"
    assert "serving" in result.text
    assert (await trained.again(DEPLOY, item="deploy-1")).facts == (seen,)
    assert (await trained.again(DEPLOY, item="probe-1")).facts[0].serving  # type: ignore[union-attr]


async def test_one_deployment_though_the_answer_was_lost(trained: Room) -> None:
    trained.platform.faults.append(Fault("POST", "/deployments$", drop_after=True, times=1))
    await trained.call(DEPLOY, item="deploy-1")
    await trained.again(DEPLOY, item="deploy-1")
    assert [d.name for d in trained.platform.services.store.list("deployments")] == [
        trained.item("deploy-1").resource()
    ]


async def test_another_deployment_under_the_same_id_is_left_alone(trained: Room) -> None:
    item = trained.item("deploy-1")
    query = {"deploymentId": item.resource_id}
    trained.post("/v1/accounts/local/deployments", query, {"baseModel": "accounts/local/models/tiny-b"})
    with pytest.raises(ToolError, match="differs in baseModel"):
        await trained.call(DEPLOY, item="deploy-1")


@pytest.mark.parametrize("status", [503, 404, 429])
async def test_a_probe_waits_for_a_deployment_to_wake_and_then_asks_to_be_called_again(
    trained: Room, status: int
) -> None:
    await ready(trained)
    trained.platform.faults.append(Fault("POST", "completions$", status=status, times=2))
    await trained.call(DEPLOY, item="deploy-1", probe=True)
    assert trained.known.deployment("deploy-1").serving  # type: ignore[union-attr]
    trained.platform.faults.append(Fault("POST", "completions$", status=503))
    with pytest.raises(ToolError) as caught:
        await trained.call(DEPLOY, item="deploy-1", probe=True)
    assert caught.value.retry


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": [{"message": {"content": ""}}]}])
async def test_an_empty_answer_is_no_proof(trained: Room, body: dict[str, Any]) -> None:
    await ready(trained)
    trained.platform.faults.append(Fault("POST", "completions$", status=200, body=body))
    with pytest.raises(ToolError, match="empty answers"):
        await trained.call(DEPLOY, item="deploy-1", probe=True)


async def test_a_thinking_answer_counts(trained: Room) -> None:
    await ready(trained)
    body = {"choices": [{"message": {"content": None, "reasoning_content": "hm"}}]}
    trained.platform.faults.append(Fault("POST", "completions$", status=200, body=body))
    await trained.call(DEPLOY, item="deploy-1", probe=True)
    assert trained.known.deployment("deploy-1").answer == "hm"  # type: ignore[union-attr]


async def test_an_edited_workspace_does_not_stop_the_probe(trained: Room) -> None:
    await ready(trained)
    for path in (trained.workspace / "datasets").glob("*.jsonl"):
        path.write_bytes(b"not json\n")
    await trained.call(DEPLOY, item="deploy-1", probe=True)
    assert trained.known.deployment("deploy-1").serving  # type: ignore[union-attr]
    asked = [r.json["messages"] for r in trained.platform.requests if r.path.endswith("completions")]
    assert asked == [list(GREETING)]


async def test_nothing_is_deployed_before_its_model_is_there(uploaded: Room) -> None:
    with pytest.raises(ToolError, match="not there yet"):
        await uploaded.call(DEPLOY, item="deploy-1")
    assert uploaded.platform.requests == []


async def test_a_failed_deployment_is_told_with_its_reason(trained: Room) -> None:
    await trained.call(DEPLOY, item="deploy-1")
    name = trained.item("deploy-1").resource()
    body = {"name": name, "state": "FAILED", "status": {"code": "INTERNAL", "message": "no capacity"}}
    trained.platform.faults.append(Fault("GET", "/deployments/", status=200, body=body))
    result = await trained.call(DEPLOY, item="deploy-1", probe=True)
    assert trained.known.deployment("deploy-1").state == "FAILED"  # type: ignore[union-attr]
    assert "no capacity" in result.text

"""The tools that create, watch, measure, deploy and settle: what goes over the wire, and every way it can go wrong."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fireworks import AsyncFireworks, DefaultAsyncHttpxClient

import tools.deploy_model
import tools.upload_dataset
from tests.platforms import Fault, Script
from tests.tools.conftest import Room, chats
from tools.base import ToolError
from tools.cancel_job import TOOL as CANCEL
from tools.deploy_model import TOOL as DEPLOY
from tools.download_dataset import TOOL as DOWNLOAD
from tools.errors import GUARD_HEADER
from tools.estimate_cost import TOOL as ESTIMATE
from tools.facts import CandidateMeasured, DeploymentSeen, JobCancelled, JobNotCreated, JobSeen, Scaled
from tools.known import TERMINAL
from tools.launch_job import TOOL as LAUNCH
from tools.launch_job import job_seen
from tools.list_resources import TOOL as LIST
from tools.prepare_dataset import TOOL as PREPARE
from tools.resources import differences
from tools.run_evaluator import TOOL as EVALUATE
from tools.scale_deployment import TOOL as SCALE
from tools.upload_dataset import TOOL as UPLOAD
from tools.wait_for_jobs import TOOL as WAIT
from tools.wait_for_jobs import look

JOBS = "/supervisedFineTuningJobs"


@pytest.fixture
def platform_options() -> Mapping[str, Any]:
    return {"scripts": {"*-a2": Script(polls=1), "*": Script(polls=2)}}


@pytest.fixture
async def planned(room: Room, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A session with a plan, nothing uploaded yet, and pauses shortened."""
    monkeypatch.setattr(tools.upload_dataset, "POLL_SECONDS", (0.0,) * 5)
    monkeypatch.setattr(tools.deploy_model, "PROBE_PAUSES", (0.0, 0.0))
    room.put_dataset("mine", chats(60))
    room.ask(train_dataset="mine", base_models=("tiny-a",))
    await room.call(LIST, kind="models", names=("tiny-a",))
    await room.call(DOWNLOAD, name="mine")
    await room.call(PREPARE)
    await room.call(ESTIMATE, revision=1)
    room.platform.requests.clear()
    return room


@pytest.fixture
async def uploaded(planned: Room) -> Room:
    for item in planned.plan.items:
        if item.kind == "upload":
            await planned.call(UPLOAD, item=item.id)
    planned.platform.requests.clear()
    return planned


@pytest.fixture
async def trained(uploaded: Room) -> Room:
    await uploaded.call(LAUNCH, item="sweep-1")
    await uploaded.call(LAUNCH, item="final-1")
    await finish_jobs(uploaded)
    return uploaded


async def finish_jobs(room: Room) -> None:
    for _ in range(20):
        room.learn(*await look(room.context))
        if all(job.state in TERMINAL for job in room.known.jobs.values()):
            return
    raise AssertionError(f"jobs did not end: {room.known.jobs}")


# Looking around


async def test_models_with_their_recommendations_and_missing_ones(room: Room) -> None:
    result = await room.call(LIST, kind="models", names=("tiny-b", "accounts/local/models/tiny-a", "tiny-z"))
    assert [m.name for m in room.known.models] == ["accounts/local/models/tiny-b", "accounts/local/models/tiny-a"]
    model = room.known.models[0]
    assert (model.parameter_count, model.context_length, model.tunable) == (2_000_000, 256, True)
    assert [(c.rank, c.learning_rate) for c in model.recommended] == [(8, 5e-3), (16, 3e-3)]
    assert (model.recommended_batch_size, model.tokens_per_second) == (4, 5000)
    assert room.known.models_missing == ("tiny-z",)
    assert "context 256 tokens" in result.text and "tiny-z" in result.text and "Nearest" in result.text


async def test_all_tunable_models_small_ones_first(room: Room) -> None:
    await room.call(LIST, kind="models")
    assert [m.name.rsplit("/", 1)[1] for m in room.known.models] == ["tiny-a", "tiny-b", "tiny-c"]


async def test_a_malformed_model_is_taken_for_what_can_be_read(room: Room) -> None:
    body = {"name": "accounts/local/models/x", "tunable": "perhaps", "contextLength": "many", "baseModelDetails": 3,
            "recommendedTuning": {"loraConfigs": [{"rank": -1}]}}  # fmt: skip
    room.platform.faults.append(Fault("GET", "/models/x$", status=200, body=body))
    await room.call(LIST, kind="models", names=("x",))
    model = room.known.models[0]
    assert (model.tunable, model.context_length, model.parameter_count, model.recommended) == (False, None, None, ())


async def test_the_accounts_own_things_are_listed(trained: Room) -> None:
    await trained.call(DEPLOY, item="deploy-1")
    for kind, words in (
        ("datasets", "mine: READY, 60 rows"),
        ("jobs", "JOB_STATE_COMPLETED, base model tiny-a"),
        ("deployments", "deploy"),
        ("account", "Account local"),
    ):
        result = await trained.again(LIST, kind=kind)
        assert words in result.text


async def test_an_empty_list_is_said(room: Room) -> None:
    assert "There are no deployments" in (await room.again(LIST, kind="deployments")).text


# Planning


async def test_a_plan_needs_data_and_known_tunable_models(planned: Room) -> None:
    assert planned.plan.cost.high == 0 and len(planned.plan.candidates) == 2
    again = await planned.again(ESTIMATE, revision=1)
    assert again.facts[0].plan.digest() == planned.plan.digest()  # type: ignore[union-attr]
    planned.ask(train_dataset="mine", base_models=("tiny-c",))
    with pytest.raises(ToolError, match="has not described"):
        await planned.call(ESTIMATE)
    planned.ask(train_dataset="mine")
    with pytest.raises(ToolError, match="no base model"):
        await planned.call(ESTIMATE)
    planned.ask(train_dataset="mine", base_models=("tiny-a",))
    fixed = replace(planned.known, models=tuple(m.model_copy(update={"tunable": False}) for m in planned.known.models))
    planned.context = replace(planned.context, known=fixed)
    with pytest.raises(ToolError, match="cannot be tuned"):
        await planned.call(ESTIMATE)
    planned.context = replace(planned.context, known=replace(planned.known, material=None))
    with pytest.raises(ToolError, match="no prepared data"):
        await planned.call(ESTIMATE)


# Uploading


async def test_an_upload_is_ready_and_done_only_once(planned: Room) -> None:
    result = await planned.call(UPLOAD, item="upload-sweep")
    name = planned.item("upload-sweep").resource()
    assert planned.known.uploads == {name: "upload-sweep"}
    create = planned.platform.requests[0]
    wanted = planned.item("upload-sweep").request
    assert wanted is not None and (create.method, create.path, create.json) == (wanted.method, wanted.path, wanted.body)
    puts = planned.platform.count("PUT", "^/signed/")
    assert puts == 1
    assert (await planned.again(UPLOAD, item="upload-sweep")).facts == result.facts
    assert planned.platform.count("PUT", "^/signed/") == puts


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", "/datasets$", drop_after=True, times=1),
        Fault("POST", "/datasets$", status=503, times=1),
        Fault("POST", ":getUploadEndpoint$", drop_after=True, times=1),
        Fault("PUT", "^/signed/", drop=True, times=2),
        Fault("PUT", "^/signed/", drop_after=True, times=2),
        Fault("PUT", "^/signed/", status=403, times=1),
        Fault("POST", ":validateUpload$", drop_after=True, times=1),
        Fault("POST", ":validateUpload$", status=500, times=1),
        Fault("GET", "/datasets/fa-", status=500, times=1),
        Fault("POST", "/datasets$", status=429, times=1),
    ],
    ids=lambda fault: f"{fault.method}{fault.path}-{fault.status or 'cut'}",
)
async def test_a_cut_upload_goes_on_where_it_was(planned: Room, fault: Fault) -> None:
    planned.platform.faults.append(fault)
    for _ in range(4):
        try:
            await planned.call(UPLOAD, item="upload-sweep")
            break
        except ToolError as error:
            assert error.retry, error.message
    name = planned.item("upload-sweep").resource()
    assert name in planned.known.uploads
    stored = planned.platform.services.store.get(name)
    assert stored.document["state"] == "READY" and stored.document["exampleCount"] == str(
        planned.item("upload-sweep").upload.rows  # type: ignore[union-attr]
    )


async def test_a_truncated_file_is_sent_again_by_the_next_call(planned: Room) -> None:
    whole = planned.context.blobs

    class Truncating:
        get = whole.get

        async def put(self, url: str, source: Any) -> None:
            raise httpx.ReadError("cut in the middle")

    good = planned.context
    planned.context = replace(good, blobs=Truncating())
    with pytest.raises(ToolError, match="connection broke") as caught:
        await planned.call(UPLOAD, item="upload-sweep")
    assert caught.value.retry
    planned.context = good
    await planned.call(UPLOAD, item="upload-sweep")
    assert planned.item("upload-sweep").resource() in planned.known.uploads


async def test_a_changed_file_is_not_uploaded(planned: Room) -> None:
    path = planned.workspace / "datasets" / "sweep.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ToolError, match="changed after the plan"):
        await planned.call(UPLOAD, item="upload-sweep")
    path.unlink()
    with pytest.raises(ToolError, match="cannot be read"):
        await planned.call(UPLOAD, item="upload-sweep")
    assert planned.platform.requests == []


async def test_somebody_elses_data_set_under_the_same_id_is_left_alone(planned: Room) -> None:
    item = planned.item("upload-sweep")
    planned.put_dataset(item.resource_id, chats(4))
    with pytest.raises(ToolError, match="is there already but is not what this session asked for") as caught:
        await planned.call(UPLOAD, item=item.id)
    assert caught.value.owner == "yours" and not caught.value.retry
    assert planned.platform.count("PUT", ".") == 0


async def test_a_rejected_upload_tells_the_platforms_reason(planned: Room) -> None:
    body = {"code": 3, "message": "line 7 has no messages", "details": []}
    planned.platform.faults.append(Fault("POST", ":validateUpload$", status=400, body=body))
    with pytest.raises(ToolError, match="line 7 has no messages"):
        await planned.call(UPLOAD, item="upload-sweep")


async def test_an_upload_that_never_gets_ready_can_be_looked_at_again(planned: Room) -> None:
    planned.platform.faults.append(Fault("POST", ":validateUpload$", status=200, body={}))
    with pytest.raises(ToolError, match="not READY yet") as caught:
        await planned.call(UPLOAD, item="upload-sweep")
    assert caught.value.retry


# Launching


async def test_the_request_on_the_wire_is_the_approved_one(uploaded: Room) -> None:
    await uploaded.call(LAUNCH, item="sweep-2")
    [seen] = uploaded.platform.requests
    wanted = uploaded.item("sweep-2").request_for(1, {})
    assert wanted is not None
    assert (seen.method, seen.path, seen.json) == (wanted.method, wanted.path, wanted.body)
    assert {k: [v] for k, v in wanted.query} == seen.query
    job = uploaded.known.job("sweep-2")
    assert job is not None and job.resource == uploaded.item("sweep-2").resource() and job.state not in TERMINAL


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", JOBS, drop_after=True, times=1),
        Fault("POST", JOBS, status=500, times=1),
        Fault("POST", JOBS, drop=True, times=1),
        Fault("POST", JOBS, status=429, times=1),
        Fault("POST", JOBS, status=200, body="no object", times=1),
    ],
    ids=["answer lost", "500", "down", "429", "malformed"],
)
async def test_one_job_however_the_create_ends(uploaded: Room, fault: Fault) -> None:
    uploaded.platform.faults.append(fault)
    for _ in range(3):
        try:
            await uploaded.call(LAUNCH, item="sweep-1")
            break
        except ToolError as error:
            assert fault.status == 200 or error.retry
    await uploaded.again(LAUNCH, item="sweep-1")
    assert [job.name for job in uploaded.platform.services.store.list("supervisedFineTuningJobs")] == [
        uploaded.item("sweep-1").resource()
    ]


async def test_a_job_of_other_configuration_or_older_is_not_taken_for_ours(uploaded: Room) -> None:
    wanted = uploaded.item("sweep-1").request_for(1, {})
    assert wanted is not None and wanted.body is not None
    uploaded.post(wanted.path, dict(wanted.query), {**wanted.body, "learningRate": 0.5, "epochs": 9})
    with pytest.raises(ToolError, match="differs in epochs, learningRate"):
        await uploaded.call(LAUNCH, item="sweep-1")
    await uploaded.call(LAUNCH, item="sweep-2")
    uploaded.context = replace(uploaded.context, history={"created_at": 4e9})
    with pytest.raises(ToolError, match="older than this session"):
        await uploaded.again(LAUNCH, item="sweep-2")


@pytest.mark.parametrize(
    ("status", "words"), [(400, "did not accept"), (401, "API key"), (403, "may not"), (404, "not have")]
)
async def test_a_refused_create_is_told(uploaded: Room, status: int, words: str) -> None:
    uploaded.platform.faults.append(Fault("POST", JOBS, status=status))
    with pytest.raises(ToolError, match=words) as caught:
        await uploaded.call(LAUNCH, item="sweep-1")
    assert not caught.value.retry
    assert uploaded.platform.count("POST", JOBS) == 1


async def test_a_job_under_another_name_is_not_used(uploaded: Room) -> None:
    uploaded.platform.faults.append(Fault("POST", JOBS, status=200, body={"name": "accounts/local/x/y"}))
    with pytest.raises(ToolError, match="made 'accounts/local/x/y' instead"):
        await uploaded.call(LAUNCH, item="sweep-1")


async def test_the_guards_refusal_settles_an_intent(uploaded: Room) -> None:
    refusal = Fault("POST", JOBS, status=403, headers={GUARD_HEADER: "refused", "x-should-retry": "false"})
    uploaded.platform.faults.append(refusal)
    result = await uploaded.call(LAUNCH, item="sweep-1")
    name = uploaded.item("sweep-1").resource()
    assert result.facts == (JobNotCreated(item="sweep-1", attempt=1, resource=name),)
    assert uploaded.known.not_created == {name}
    uploaded.platform.faults.clear()
    await uploaded.again(LAUNCH, item="sweep-1")
    uploaded.platform.faults.append(refusal)
    result = await uploaded.call(LAUNCH, item="sweep-1")
    assert isinstance(result.facts[0], JobSeen) and not uploaded.known.not_created


async def test_only_planned_attempts_are_launched(uploaded: Room) -> None:
    for arguments in ({"item": "sweep-1", "attempt": 3}, {"item": "nothing"}, {"item": "upload-sweep"}):
        with pytest.raises(ToolError):
            await uploaded.call(LAUNCH, **arguments)
    assert uploaded.platform.requests == []
    await uploaded.call(LAUNCH, item="sweep-1", attempt=2)
    assert uploaded.platform.requests[0].json["outputModel"].endswith("-a2")


def test_a_job_document_with_odd_values_is_read() -> None:
    odd = job_seen("i", 1, "n", {"state": None, "jobProgress": {"percent": "250"}, "status": "x", "estimatedCost": []})
    assert (odd.state, odd.percent, odd.message, odd.reported_cost_usd) == ("JOB_STATE_UNSPECIFIED", 100.0, "", None)
    cost = {"currencyCode": "USD", "units": "2", "nanos": 500_000_000}
    told = job_seen("i", 1, "n", {"state": "X", "estimatedCost": cost, "status": {"message": "a\x00b"}})
    assert (told.reported_cost_usd, told.message) == (2.5, "a b")


@pytest.mark.parametrize(
    ("wanted", "found", "different"),
    [
        ({"a": 1}, {"a": "1"}, []),
        ({"a": 1.5e-4}, {"a": 0.00015000000712}, []),
        ({"a": False, "b": 0, "c": {}, "d": ""}, {}, []),
        ({"a": True}, {}, ["a"]),
        ({"a": True}, {"a": 1}, ["a"]),
        ({"a": 1}, {"a": True}, ["a"]),
        ({"a": "x"}, {"a": "y"}, ["a"]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a"]),
        ({"deploymentShape": "default"}, {"deploymentShape": "accounts/fireworks/deploymentShapes/z"}, []),
        ({"a": 1}, {"a": 1, "more": 2}, []),
        ({"a": 1}, {"a": "many"}, ["a"]),
    ],
)
def test_configurations_are_compared_as_protocol_buffers_print_them(
    wanted: dict[str, Any], found: dict[str, Any], different: list[str]
) -> None:
    assert differences(wanted, found) == different


# Watching


async def test_a_look_tells_only_what_changed(uploaded: Room) -> None:
    await uploaded.call(LAUNCH, item="sweep-1")
    states = []
    for _ in range(10):
        news = await look(uploaded.context)
        states += [one.state for one in news]
        uploaded.learn(*news)
    assert states[-1] == "JOB_STATE_COMPLETED" and len(states) <= 4
    assert uploaded.known.outputs() == {"sweep-1": uploaded.item("sweep-1").request_for(1, {}).body["outputModel"]}  # type: ignore[union-attr, index]
    uploaded.platform.requests.clear()
    assert (await uploaded.again(WAIT)).text == "nothing changed"
    assert uploaded.platform.requests == []


async def test_trouble_with_one_job_leaves_the_others_news(uploaded: Room) -> None:
    await uploaded.call(LAUNCH, item="sweep-1")
    await uploaded.call(LAUNCH, item="sweep-2")
    bad = uploaded.item("sweep-1").resource_id
    uploaded.platform.faults.append(Fault("GET", f"{bad}$", status=500))
    news = await look(uploaded.context)
    assert {one.item for one in news} <= {"sweep-2"}
    assert any("internal problem" in text for text in uploaded.said)
    uploaded.platform.faults.append(Fault("GET", JOBS, drop=True))
    with pytest.raises(ToolError) as caught:
        await look(uploaded.context)
    assert caught.value.retry


async def test_a_deleted_job_counts_as_lost(uploaded: Room) -> None:
    await uploaded.call(LAUNCH, item="sweep-1")
    uploaded.platform.faults.append(Fault("GET", JOBS, status=404))
    await uploaded.call(WAIT)
    job = uploaded.known.job("sweep-1")
    assert job is not None and job.state == "JOB_STATE_FAILED" and "deleted" in job.message


# Measuring


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


async def test_an_expired_metrics_address_is_asked_for_again(trained: Room) -> None:
    trained.platform.faults.append(Fault("GET", "^/signed/", status=403, times=1))
    await trained.call(EVALUATE, item="sweep-1")
    trained.platform.faults.append(Fault("GET", "^/signed/", status=403))
    with pytest.raises(ToolError, match="no longer valid"):
        await trained.call(EVALUATE, item="sweep-1")


async def test_an_unfinished_job_is_not_measured(uploaded: Room) -> None:
    with pytest.raises(ToolError, match="no finished training"):
        await uploaded.call(EVALUATE, item="sweep-1")


# Deploying


async def ready(room: Room) -> DeploymentSeen:
    await room.call(DEPLOY, item="deploy-1")
    for _ in range(5):
        room.learn(*await look(room.context))
    seen = room.known.deployment("deploy-1")
    assert seen is not None and seen.state == "READY" and not seen.serving
    return seen


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


# Settling


async def test_an_own_job_is_cancelled_once(uploaded: Room) -> None:
    await uploaded.call(LAUNCH, item="sweep-1")
    name = uploaded.item("sweep-1").resource()
    await uploaded.call(CANCEL, resource=name)
    assert uploaded.known.jobs[name].state in ("JOB_STATE_CANCELLED", "JOB_STATE_CANCELLING")
    await uploaded.call(CANCEL, resource=name)
    assert uploaded.platform.count("POST", ":cancel$") == 1


async def test_a_job_that_ended_or_never_was_needs_no_cancel(trained: Room) -> None:
    done, never = trained.item("sweep-1").resource(), trained.item("sweep-2").resource()
    result = await trained.call(CANCEL, resource=done)
    assert result.facts == (JobCancelled(resource=done, state="JOB_STATE_COMPLETED"),)
    result = await trained.call(CANCEL, resource=never)
    assert result.facts == (JobNotCreated(item="sweep-2", attempt=1, resource=never),)
    assert trained.platform.count("POST", ":cancel$") == 0


async def test_a_job_that_ends_while_it_is_cancelled_is_no_error(uploaded: Room) -> None:
    await uploaded.call(LAUNCH, item="sweep-1")
    name = uploaded.item("sweep-1").resource()
    running = {**uploaded.platform.services.store.get(name).document, "state": "JOB_STATE_RUNNING"}
    look_running = Fault("GET", JOBS, status=200, body=running)
    uploaded.platform.faults += [Fault("POST", ":cancel$", status=400), look_running]
    with pytest.raises(ToolError, match="did not accept"):
        await uploaded.call(CANCEL, resource=name)
    uploaded.platform.faults.remove(look_running)
    await finish_jobs(uploaded)
    uploaded.platform.faults.append(Fault("GET", JOBS, status=200, body=running, times=1))
    result = await uploaded.call(CANCEL, resource=name)
    assert result.facts == (JobCancelled(resource=name, state="JOB_STATE_COMPLETED"),)


@pytest.mark.parametrize("status", [401, 403, 500])
async def test_a_cancel_that_is_refused_is_told(uploaded: Room, status: int) -> None:
    await uploaded.call(LAUNCH, item="sweep-1")
    uploaded.platform.faults.append(Fault("POST", ":cancel$", status=status))
    with pytest.raises(ToolError, match=str(status)):
        await uploaded.call(CANCEL, resource=uploaded.item("sweep-1").resource())


async def test_jobs_and_deployments_of_others_are_left_alone(trained: Room) -> None:
    trained.platform.requests.clear()
    with pytest.raises(ToolError, match="not a job of this session"):
        await trained.call(CANCEL, resource=f"accounts/local{JOBS}/somebodys")
    with pytest.raises(ToolError, match="not a deployment of this session"):
        await trained.call(SCALE, resource="accounts/local/deployments/somebodys")
    assert trained.platform.requests == []


async def test_an_own_deployment_is_scaled_to_zero(trained: Room) -> None:
    seen = await ready(trained)
    for _ in range(2):
        result = await trained.call(SCALE, resource=seen.resource)
        assert result.facts == (Scaled(resource=seen.resource, replicas=0),)
    [request] = [r for r in trained.platform.requests if r.method == "PATCH"]
    assert request.path.endswith(":scale") and request.json == {"replicaCount": 0}
    assert trained.known.replicas == {seen.resource: 0}


async def test_a_deployment_that_never_was_bills_nothing(trained: Room) -> None:
    result = await trained.call(SCALE, resource=trained.item("deploy-1").resource())
    assert "nothing bills" in result.text and trained.platform.count("PATCH", ".") == 0


# The cloud


async def test_cloud_names_and_addresses(planned: Room) -> None:
    """Base models of the cloud are another account's, and chat lives below /inference."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"name": "accounts/fireworks/models/qwen3-8b", "tunable": True,
                                         "baseModelDetails": {"parameterCount": "8200000000"},
                                         "contextLength": 40960, "trainingContextLength": 32768})  # fmt: skip

    async with (
        DefaultAsyncHttpxClient(transport=httpx.MockTransport(answer)) as http,
        AsyncFireworks(api_key="k", account_id="me", http_client=http) as sdk,
    ):
        planned.context = replace(
            planned.context, platform=sdk, platform_kind="fireworks", platform_url="https://api.fireworks.ai"
        )
        await planned.call(LIST, kind="models", names=("qwen3-8b",))
    assert asked == ["/v1/accounts/fireworks/models/qwen3-8b"]
    model = planned.known.models[0]
    assert (model.parameter_count, model.context_length) == (8_200_000_000, 32_768)
    assert tools.deploy_model.endpoint(planned.context) == "https://api.fireworks.ai/inference/v1"


def test_facts_survive_the_log() -> None:
    fact = CandidateMeasured(item="i", candidate=1, split="test", train_loss=None, eval_loss=1.25)
    assert CandidateMeasured.model_validate(json.loads(fact.model_dump_json())) == fact

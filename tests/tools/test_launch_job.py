"""Launching and watching jobs: one job for one approval, however the create ends."""

from dataclasses import replace
from typing import Any

import pytest

from tests.platforms import Fault
from tests.tools.conftest import Room
from tools.base import ToolError
from tools.errors import GUARD_HEADER
from tools.facts import JobNotCreated, JobSeen
from tools.known import TERMINAL
from tools.launch_job import TOOL as LAUNCH
from tools.launch_job import job_seen
from tools.resources import differences
from tools.wait_for_jobs import TOOL as WAIT
from tools.wait_for_jobs import look

JOBS = "/supervisedFineTuningJobs"


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

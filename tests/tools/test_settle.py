"""Cancelling and scaling down: own resources only, and twice is once."""

import pytest

from tests.platforms import Fault
from tests.tools.conftest import Room, finish_jobs, ready
from tools.base import ToolError
from tools.cancel_job import TOOL as CANCEL
from tools.facts import JobCancelled, JobNotCreated, Scaled
from tools.launch_job import TOOL as LAUNCH
from tools.scale_deployment import TOOL as SCALE

JOBS = "/supervisedFineTuningJobs"


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
    with pytest.raises(ToolError, match="not a training job of this session"):
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

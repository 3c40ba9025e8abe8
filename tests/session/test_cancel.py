"""Cancelling in every phase: own jobs stop, own deployments go to 0, nobody else's are touched, and there is a report."""

from __future__ import annotations

import itertools
from pathlib import Path

import httpx
import pytest

from agent.session.state import SessionState
from tests.house import House, house
from tests.platforms import Fault, Script, ScriptedPlatform
from tests.session.steps import (
    NINE,
    PROCEED,
    YES,
    at_gate,
    cancel,
    creates,
    deployments,
    jobs,
    running,
    to_plan,
    to_promotion,
    when,
    words,
)

JOBS = "/v1/accounts/local/supervisedFineTuningJobs"
SLOW = {"fa-*": Script(polls=10_000)}


def others(platform: ScriptedPlatform) -> str:
    """A running job that somebody else started; its name."""
    body = {"dataset": "accounts/local/datasets/tickets", "baseModel": "accounts/local/models/tiny-a"}
    answer = httpx.post(
        f"{platform.url}{JOBS}", params={"supervisedFineTuningJobId": "theirs"}, json=body,
        headers={"Authorization": "Bearer x"},
    )  # fmt: skip
    return str(answer.raise_for_status().json()["name"])


async def settled(home: House, platform: ScriptedPlatform, session: str) -> SessionState:
    """The cancelled session, after a look at all that must be so."""
    state = await home.until(session, "cancelled")
    assert not [job for job in running(platform) if session in job.name], home.log(session)
    for deployment in deployments(platform):
        assert deployment.document["desiredReplicaCount"] == 0
    touched = [r for r in platform.requests if r.path.endswith((":cancel", ":scale"))]
    assert all(f"fa-{session}-" in r.path for r in touched)
    assert not [r for r in platform.requests if r.method == "DELETE"]
    assert state.active == frozenset() and state.gate is None and state.known.report is not None
    report = (home.home / "workspaces" / session / "final_report.md").read_text()
    assert "cancelled" in report.lower()
    before = creates(platform)
    home.runner.wake(session)
    assert (await home.until(session, "cancelled")).last_seq == state.last_seq and creates(platform) == before
    return state


async def test_before_there_is_a_plan(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        platform.faults.append(Fault("GET", "/datasets/tickets", delay=0.3, times=1))
        session = home.create()
        await when(home, session, lambda s: any(k.startswith("stage/") for k in s.pending))
        cancel(home, session)
        await settled(home, platform, session)
        assert creates(platform) == 0


async def test_at_the_plan_gate(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = await to_plan(home)
        cancel(home, session)
        await settled(home, platform, session)
        assert creates(platform) == 0


async def test_in_mid_upload(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = await to_plan(home)
        platform.faults.append(Fault("POST", ":validateUpload$", delay=0.3, times=1))
        home.reply(session, YES)
        await when(home, session, lambda s: any(k.startswith("upload/") for k in s.pending))
        cancel(home, session)
        await settled(home, platform, session)
        assert creates(platform) == 0


async def test_in_mid_sweep_only_own_jobs_are_cancelled(tmp_path: Path) -> None:
    async with house(tmp_path, scripts={**SLOW, "theirs": Script(polls=10_000)}) as (home, platform):
        theirs = others(platform)
        session = await to_plan(home, NINE)
        home.reply(session, YES)
        await when(home, session, lambda s: len(s.active) == 6)
        cancel(home, session)
        await settled(home, platform, session)
        assert platform.services.store.get(theirs).state in ("JOB_STATE_PENDING", "JOB_STATE_RUNNING")
        assert len(jobs(platform, session)) <= 6


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST", "/supervisedFineTuningJobs$", delay=0.3, times=1),
        Fault("POST", "/supervisedFineTuningJobs$", status=500),
        Fault("POST", "/supervisedFineTuningJobs$", drop=True),
    ],
    ids=["under way", "refused by the platform", "never arrived"],
)
async def test_while_a_launch_is_pending(tmp_path: Path, fault: Fault) -> None:
    async with house(tmp_path, scripts=SLOW) as (home, platform):
        session = await to_plan(home)
        platform.faults.append(fault)
        home.reply(session, YES)
        await when(home, session, lambda s: any(c.tool == "launch_job" for c in s.calls.values()))
        cancel(home, session)
        await settled(home, platform, session)


async def test_a_launch_whose_answer_was_lost_is_found_and_cancelled(tmp_path: Path) -> None:
    """The job was created, the answer and every look at it were lost: it is ours, and it must not go on."""
    async with house(tmp_path, scripts=SLOW) as (home, platform):
        session = await to_plan(home)
        blind = Fault("GET", "/supervisedFineTuningJobs/", status=500)
        platform.faults += [Fault("POST", "/supervisedFineTuningJobs$", drop_after=True, times=1), blind]
        home.reply(session, YES)
        await when(home, session, lambda s: any(c.status == "failed" for c in s.calls.values()))
        cancel(home, session)
        platform.faults.remove(blind)
        await settled(home, platform, session)
        assert [job.state for job in jobs(platform, session)] == ["JOB_STATE_CANCELLED"]


async def test_while_the_full_run_trains(tmp_path: Path) -> None:
    async with house(tmp_path, scripts={"*-final-*": Script(polls=10_000)}) as (home, platform):
        session = await to_promotion(home)
        home.reply(session, PROCEED)
        await when(home, session, lambda s: any("-final-" in name for name in s.active))
        cancel(home, session)
        await settled(home, platform, session)


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "answer lost"])
async def test_while_it_deploys(tmp_path: Path, lost: bool) -> None:
    async with house(tmp_path, deployment_polls=10_000) as (home, platform):
        session = await to_promotion(home)
        blind = Fault("GET", "/deployments/", status=500)
        if lost:
            platform.faults += [Fault("POST", "/deployments$", drop_after=True, times=1), blind]
        home.reply(session, PROCEED)
        await when(
            home, session, lambda s: any(c.tool == "deploy_model" and c.status != "pending" for c in s.calls.values())
        )
        cancel(home, session)
        if lost:
            platform.faults.remove(blind)
        state = await settled(home, platform, session)
        assert len(deployments(platform)) == 1 and set(state.known.replicas.values()) == {0}


async def test_a_platform_that_is_down_is_waited_for_and_told(tmp_path: Path) -> None:
    async with house(tmp_path, scripts=SLOW) as (home, platform):
        session = await to_plan(home)
        home.reply(session, YES)
        await when(home, session, lambda s: len(s.active) == 2)
        down = Fault(drop=True)
        platform.faults.append(down)
        cancel(home, session)
        await when(home, session, lambda s: any(key.startswith("trouble/") for key in s.said))
        assert home.store.state(session).status == "running" and "I go on trying" in words(home, session)
        platform.faults.remove(down)
        await settled(home, platform, session)


async def test_a_key_that_is_no_longer_accepted_does_not_end_the_cancel(tmp_path: Path) -> None:
    async with house(tmp_path, scripts=SLOW) as (home, platform):
        session = await to_plan(home)
        home.reply(session, YES)
        await when(home, session, lambda s: len(s.active) == 2)
        refused = Fault("POST", ":cancel$", status=401)
        platform.faults.append(refused)
        cancel(home, session)
        await when(home, session, lambda s: any(key.startswith("trouble/") for key in s.said))
        assert "Check the API key" in words(home, session) and home.store.state(session).ended is None
        platform.faults.remove(refused)
        await settled(home, platform, session)


async def test_a_job_that_takes_its_time_to_stop_is_waited_for(tmp_path: Path) -> None:
    """CANCELLING is not an end: the session ends when the platform says that the job has."""
    async with house(tmp_path, scripts=SLOW) as (home, platform):
        session = await to_plan(home)
        home.reply(session, YES)
        state = await when(home, session, lambda s: len(s.known.jobs) == 2)
        name = sorted(state.active)[0]
        document = {**platform.services.store.get(name).document, "state": "JOB_STATE_CANCELLING"}
        stuck = Fault("GET", f"/{name}$", status=200, body=document)
        platform.faults.append(stuck)
        cancel(home, session)
        await when(home, session, lambda s: s.known.jobs[name].state == "JOB_STATE_CANCELLING")
        assert home.store.state(session).ended is None
        length = home.store.state(session).last_seq
        await at_rest(home, session)
        assert home.store.state(session).last_seq <= length + 4
        platform.services.jobs.cancel(name)
        platform.faults.remove(stuck)
        await settled(home, platform, session)


async def at_rest(home: House, session: str) -> None:
    """A moment in which a session that spins would write hundreds of events."""
    looks = itertools.count()
    await when(home, session, lambda s: next(looks) > 30)


async def test_by_the_users_own_words_at_a_gate(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = await to_promotion(home)
        await at_gate(home, session, "promotion")
        home.reply(session, "Cancel the session.")
        await settled(home, platform, session)

"""Training goes on while a model is evaluated: a slot that frees meanwhile is filled at once, and only at the user's will."""

from __future__ import annotations

from pathlib import Path

from agent.session.state import SessionState
from tests.house import House
from tests.platforms import Fault, Script, ScriptedPlatform
from tests.session.steps import YES, cancel, jobs, made, to_plan, when
from tests.session.test_classification import rooms
from tests.session.test_classification_troubles import CHAT, settled

TWO_AT_ONCE = (
    "Run classification fine-tuning on accounts/local/datasets/intents using tiny-a. Use LoRA ranks 4, 8, 16 and 32. "
    "Run at most 2 jobs in parallel."
)


def asking(state: SessionState) -> bool:
    """Is the first candidate being evaluated?"""
    return any(state.calls[key].item == "evaluate-sweep-1" for key in state.pending)


def launched(state: SessionState, item: str) -> bool:
    return any(call.tool == "launch_job" and call.item == item for call in state.calls.values())


def _tries(state: SessionState, item: str) -> int:
    return sum(call.tries for call in state.calls.values() if call.tool == "launch_job" and call.item == item)


async def mid_evaluation(home: House, platform: ScriptedPlatform) -> tuple[str, str]:
    """A session whose first candidate is being evaluated for a while and whose next two still train; the second's script."""
    session = await to_plan(home, TWO_AT_ONCE)
    plan = home.store.state(session).known.plan
    assert plan is not None
    slow = [f"{item.resource_id}*" for item in plan.items if item.id in ("sweep-2", "sweep-3")]
    platform.runner.scripts |= dict.fromkeys(slow, Script(polls=100_000))
    home.reply(session, YES)
    await when(home, session, lambda s: "evaluate-base-tiny-a" in s.known.scores)
    platform.faults.append(Fault("POST", CHAT, delay=2.5))
    state = await when(home, session, asking)
    assert not launched(state, "sweep-4")
    return session, slow[0]


async def test_a_slot_that_frees_is_filled_while_the_evaluation_goes_on(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session, slow = await mid_evaluation(home, platform)
        platform.runner.scripts[slow] = Script(polls=0)
        state = await when(home, session, lambda s: launched(s, "sweep-4"))
        assert asking(state), "launched only after the evaluation"
        platform.faults.clear()
        platform.runner.scripts.clear()
        state = await home.until(session, "succeeded", seconds=60)
        assert len(jobs(platform, session)) == 5 and set(made(platform).values()) == {1} and home.refusals == []


async def test_a_stop_holds_the_slot_that_frees(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session, slow = await mid_evaluation(home, platform)
        home.reply(session, "stop")
        platform.runner.scripts[slow] = Script(polls=0)
        await when(home, session, lambda s: not asking(s) and s.settled)
        assert not launched(home.store.state(session), "sweep-4")


async def test_a_cancel_in_the_midst_settles_everything(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session, slow = await mid_evaluation(home, platform)
        platform.runner.scripts[slow] = Script(polls=0)
        await when(home, session, lambda s: launched(s, "sweep-4"))
        cancel(home, session)
        await settled(home, platform, session)


async def test_a_launch_that_waits_for_its_retry_is_made_when_due_not_after_the_evaluation(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session, slow = await mid_evaluation(home, platform)
        busy = Fault("POST", "supervisedFineTuningJobs$", status=503, times=1)
        platform.faults[:] = [busy, Fault("POST", CHAT, delay=6)]
        platform.runner.scripts[slow] = Script(polls=0)
        state = await when(home, session, lambda s: _tries(s, "sweep-4") == 2)
        assert asking(state), "tried again only after the evaluation"
        platform.faults.clear()
        platform.runner.scripts.clear()
        cancel(home, session)
        await home.until(session, "cancelled", seconds=60)


async def test_a_slot_that_frees_is_filled_while_a_killed_evaluation_is_resumed(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session, slow = await mid_evaluation(home, platform)
        await home.runner.stop()
        platform.runner.scripts[slow] = Script(polls=0)
        again = House(home.home, platform.url)
        await again.runner.start()
        try:
            state = await when(again, session, lambda s: launched(s, "sweep-4"))
            assert asking(state), "launched only after the evaluation"
            platform.faults.clear()
            platform.runner.scripts.clear()
            cancel(again, session)
            await again.until(session, "cancelled", seconds=60)
        finally:
            await again.close()


async def test_a_kill_in_the_midst_doubles_nothing(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session, slow = await mid_evaluation(home, platform)
        platform.runner.scripts[slow] = Script(polls=0)
        await when(home, session, lambda s: launched(s, "sweep-4"))
        await home.runner.stop()
        platform.faults.clear()
        platform.runner.scripts.clear()
        again = House(home.home, platform.url)
        await again.runner.start()
        try:
            await again.until(session, "succeeded", seconds=60)
            assert set(made(platform).values()) == {1} and again.refusals == []
        finally:
            await again.close()

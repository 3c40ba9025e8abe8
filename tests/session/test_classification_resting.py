"""An evaluation deployment does not stay up: not where the session fails, is cancelled, is held, or waits for an answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from agent.guard.choice import left_up
from agent.guard.step import Finish, Run, Step, Wait
from agent.guard.verdict import judge_step
from agent.planner.offline import decide
from agent.planner.resting import LIFETIME, put_away, put_to_rest
from agent.session.events import InferenceReserved, ToolCalled, ToolReturned
from agent.session.state import SessionState, fold
from tests.platforms import Fault
from tests.session.steps import YES, cancel, to_plan, when
from tests.session.test_classification import CLASSIFY, rooms
from tests.session.test_classification_troubles import settled, up
from tools.ending import bills
from tools.facts import ModelScored, Scaled


class GivesUp:
    """Follows the playbook until an evaluation deployment is there, and then ends the session as failed."""

    async def next_step(self, state: SessionState, now: float) -> Step:
        return Finish("failed", "enough") if state.known.deployments else decide(state, now)


async def test_a_session_fails_only_with_everything_at_rest(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        home.runner._planner = GivesUp()
        home.reply(session, YES)
        state = await home.until(session, "failed")
        assert state.known.deployments and up(platform) == [] and state.end_reason == "enough"


async def test_a_deployment_whose_creation_had_no_answer_is_found_before_the_session_fails(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        platform.faults.append(Fault("POST", "/deployments$", drop_after=True, times=1))
        platform.faults.append(Fault("GET", "/deployments", status=503, body={"message": "busy"}, times=3))
        home.reply(session, YES)
        await when(
            home, session, lambda s: any(c.tool == "deploy_model" and c.status == "failed" for c in s.calls.values())
        )
        home.runner._planner = GivesUpAtOnce()
        state = await home.until(session, "failed")
        assert up(platform) == [] and state.end_reason == "enough"


class GivesUpAtOnce:
    async def next_step(self, state: SessionState, now: float) -> Step:
        return Finish("failed", "enough")


def _served(state: SessionState) -> str:
    """The deployment of the only evaluation that is scored."""
    plan = state.known.plan
    [item] = [i for i in plan.items if i.id in state.known.scores] if plan else []
    serving = plan.item(item.needs[0]) if plan else None
    assert serving is not None
    return serving.resource()


async def test_a_scored_model_rests_wherever_the_session_stands_still(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, _):
        session = await to_plan(home, CLASSIFY)
        home.reply(session, YES)
        state = await when(home, session, lambda s: bool(s.known.scores))
        records = home.records(session)
        scored = next(n for n, r in enumerate(records, 1) if ModelScored in map(type, getattr(r.event, "facts", ())))
        state = fold(records[:scored])
        name = _served(state)
        for still in (state, replace(state, held=state.last_seq)):
            step = put_away(still, 0.0, Wait())
            assert isinstance(step, Run) and step.call.arguments == {"resource": name}
            assert judge_step(step, home.executor.tools["scale_deployment"].effect, still).allowed
        cancel(home, session)
        await home.until(session, "cancelled", seconds=60)


async def test_what_rested_before_it_was_asked_wakes_and_rests_once_more(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, _):
        session = await to_plan(home, CLASSIFY)
        home.reply(session, YES)
        await when(home, session, lambda s: bool(s.known.scores))
        records = home.records(session)
        scored = next(n for n, r in enumerate(records, 1) if ModelScored in map(type, getattr(r.event, "facts", ())))
        asked = next(n for n, r in enumerate(records) if isinstance(r.event, InferenceReserved))
        name = _served(fold(records[:scored]))
        key = f"rest/{name}"
        call = ToolCalled(call=key, tool="scale_deployment", arguments={"resource": name}, effect="settle", based_on=1)
        returned = ToolReturned(call=key, tool=call.tool, facts=(Scaled(resource=name, replicas=0),), text="")
        before = [records[asked - 1].model_copy(update={"event": event}) for event in (call, returned)]
        rested = fold([*records[:asked], *before])
        assert name not in left_up(rested) and not any(name in line for line in bills(rested.known, "fireworks"))
        state = fold([*records[:asked], *before, *records[asked:scored]])
        only = {name: state.known.deployments[name]}
        state = replace(state, known=replace(state.known, deployments=only))
        assert name in left_up(state) and any(name in line for line in bills(state.known, "fireworks"))
        for step in (put_away(state, 0.0, Wait()), put_away(state, 0.0, Finish("failed", "")), put_to_rest(state, 0.0)):
            assert isinstance(step, Run) and step.call.arguments == {"resource": name} and step.call.key != key
            assert judge_step(step, home.executor.tools["scale_deployment"].effect, state).allowed
        stopped = decide(replace(state, cancelling=True, calls={}), 0.0)
        assert isinstance(stopped, Run) and stopped.call.arguments == {"resource": name}
        cancel(home, session)
        await home.until(session, "cancelled", seconds=60)


async def test_the_hour_that_a_deployment_was_priced_for_ends_at_a_gate_too(tmp_path: Path) -> None:
    async with rooms(tmp_path, deployment_polls=1_000) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        home.reply(session, YES)
        await when(home, session, lambda s: len(s.known.deployments) == 2)
        home.reply(session, "use 2 epochs")
        state = await when(home, session, lambda s: s.gate is not None and s.revision == 2)
        assert state.created is not None and len(up(platform)) == 2
        made = max(call.at for call in state.calls.values() if call.tool == "deploy_model")
        billed = replace(state, created=state.created.model_copy(update={"platform_kind": "fireworks"}))
        before = put_away(billed, made + LIFETIME - 60, Wait())
        assert isinstance(before, Wait) and before.until is not None and before.until <= made + LIFETIME
        after = put_away(billed, made + LIFETIME, Wait())
        assert isinstance(after, Run) and after.call.tool == "scale_deployment"
        assert judge_step(after, home.executor.tools["scale_deployment"].effect, billed).allowed
        assert put_away(state, made + LIFETIME, Wait()) == Wait(), "on the user's own machine nothing bills"
        cancel(home, session)
        await settled(home, platform, session)

"""Look-ups of one answer run at the same time, and the log has them in the order of the answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agent.guard.step import Run
from agent.planner.carrying import carry_out
from agent.session.events import Event, ModelCall, PlannerReplied, ToolCalled, ToolFailed, ToolReturned
from agent.session.state import Replied, SessionState
from tests.planner.houses import LlmHouse, llm_house
from tests.planner.scripted_model import Reply
from tests.planner.sensible import Sensible
from tests.session.steps import at_gate, when
from tools.base import Effect, FunctionTool, ToolCall, ToolContext, ToolError, ToolResult
from tools.catalog import CATALOG
from tools.list_resources import ListArguments

KINDS = ("datasets", "jobs", "deployments")
LOOKS = tuple(("list_resources", {"kind": kind, "names": []}) for kind in KINDS)
TELLS = {"datasets": 0.06, "jobs": 0.0, "deployments": 0.03}
"""Seconds by which each look-up ends later than the quickest."""


class Meeting:
    """A look-up of which one call ends only when all three are under way."""

    def __init__(self, **trouble: Exception) -> None:
        self.trouble = trouble
        self.barrier = asyncio.Barrier(len(KINDS))

    async def __call__(self, arguments: ListArguments, context: ToolContext) -> ToolResult:
        async with asyncio.timeout(5.0):
            await self.barrier.wait()
        await asyncio.sleep(TELLS[arguments.kind])
        if arguments.kind in self.trouble:
            raise self.trouble[arguments.kind]
        return ToolResult(text=f"all {arguments.kind}")

    def put_in(self, home: LlmHouse) -> None:
        tool = FunctionTool("list_resources", Effect.READ, "meets", ListArguments, self, concurrent=True)
        home.executor.tools = {**home.executor.tools, "list_resources": tool}


def looked_up(home: LlmHouse, session: str, since: int) -> list[tuple[type[Event], str]]:
    """What the log has of the look-ups: kind of event and number of the call in its answer."""
    kinds = (ToolCalled, ToolReturned, ToolFailed)
    return [
        (type(r.event), r.event.call.rpartition("/")[2])
        for r in home.store.records(session, since)
        if isinstance(r.event, kinds) and r.event.tool == "list_resources"
    ]


async def test_look_ups_of_one_answer_run_at_once_and_the_failure_of_one_loses_no_other(tmp_path: Path) -> None:
    def curious(request: dict[str, Any]) -> Reply:
        if "have a look round" not in str(request["messages"]):
            return Sensible()(request)
        seen = "all deployments" in str(request["messages"])
        return Reply("I have seen two of three.") if seen else Reply(calls=LOOKS)

    async with llm_house(tmp_path, curious) as (home, _):
        session = home.create()
        before = (await at_gate(home, session, "plan")).last_seq
        Meeting(jobs=ToolError("no jobs for you", owner="yours")).put_in(home)
        home.reply(session, "Please have a look round, is there anything else of mine?")
        await when(home, session, lambda state: state.last_seq > before + 1 and not state.unanswered)
        began, ended = [ToolCalled] * 3, [ToolReturned, ToolFailed, ToolReturned]
        assert looked_up(home, session, before) == list(zip([*began, *ended], "012012", strict=True))
        told = [message["content"] for message in home.model.requests[-1]["messages"] if message["role"] == "tool"][-3:]
        assert "all datasets" in told[0] and "no jobs for you" in told[1] and "all deployments" in told[2]


async def test_a_bug_in_one_look_up_is_raised_after_the_others_are_written_down(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Sensible()) as (home, _):
        session = home.create()
        state = await at_gate(home, session, "plan")
        Meeting(datasets=ZeroDivisionError("a bug")).put_in(home)
        runs = [Run(ToolCall(f"look/{i}", name, arguments)) for i, (name, arguments) in enumerate(LOOKS)]
        with pytest.raises(ZeroDivisionError):
            await home.executor.take_together(session, runs, state.last_user_seq)
        ended = [(ToolReturned, "1"), (ToolReturned, "2")]
        assert looked_up(home, session, state.last_seq) == [
            (ToolCalled, "0"),
            (ToolCalled, "1"),
            (ToolCalled, "2"),
            *ended,
        ]
        assert home.store.state(session).pending == ("look/0",), "what met the bug is run again after a restart"


async def test_look_ups_that_a_kill_cut_off_are_all_run_again_in_their_order(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Sensible()) as (home, _):
        session = home.create()
        state = await at_gate(home, session, "plan")
        begun = [
            (
                f"call/look/{i}/1",
                ToolCalled(call=f"look/{i}", tool=name, arguments=arguments, effect="read", based_on=1),
            )
            for i, (name, arguments) in enumerate(LOOKS)
        ]
        home.store.append(session, *begun)
        await home.executor.resume(session)
        ends = [(ToolReturned, str(i)) for i in range(3)]
        assert looked_up(home, session, state.last_seq) == [
            (ToolCalled, "0"),
            (ToolCalled, "1"),
            (ToolCalled, "2"),
            *ends,
        ]


async def test_jobs_that_end_together_are_measured_together(tmp_path: Path) -> None:
    class Patient(Sensible):
        def work(self, now: dict[str, str]) -> list[tuple[str, Any]]:
            rests = not now["active jobs"].startswith("0") and "launch now" not in now
            return [("wait_for_jobs", {})] if rests else super().work(now)

    async with llm_house(tmp_path, Patient()) as (home, _):
        session = home.create()
        await at_gate(home, session, "plan")
        home.reply(session, "Approved, proceed.")
        state = await at_gate(home, session, "promotion")
        measured = [
            type(r.event)
            for r in home.records(session)
            if isinstance(r.event, ToolCalled | ToolReturned) and r.event.tool == "run_evaluator"
        ]
        count = len(state.known.measured)
        assert count > 1 and measured == [ToolCalled] * count + [ToolReturned] * count


def step_of(*calls: tuple[str, str]) -> object:
    """What is next of an answer with these calls, as (tool, its key's number) where tools are run."""
    made = tuple(ModelCall(name=name, arguments=arguments) for name, arguments in calls)
    step = carry_out(
        SessionState(), 1.0, Replied(5, PlannerReplied(based_on=1, seen=4, model="m", calls=made), 1.0), set()
    )
    runs = step if isinstance(step, tuple) else (step,)
    return [(run.call.tool, run.call.key) for run in runs if isinstance(run, Run)]


@pytest.mark.parametrize(
    ("calls", "first"),
    [
        ((("list_resources", '{"kind": "jobs"}'), ("list_resources", '{"kind": "models"}')), 2),
        ((("list_resources", '{"kind": "jobs"}'), ("list_resources", '{"kind": "jobs"}')), 1),
        ((("list_resources", '{"kind": "jobs"}'), ("run_evaluator", '{"item": "sweep-1"}'), ("say", "{}")), 2),
        (
            (
                ("list_resources", '{"kind": "jobs"}'),
                ("prepare_dataset", "{}"),
                ("list_resources", '{"kind": "models"}'),
            ),
            1,
        ),
        ((("prepare_dataset", "{}"), ("estimate_cost", "{}")), 1),
        ((("list_resources", '{"kind": "jobs"}'), ("list_resources", '{"kind": "cakes"}')), 1),
    ],
    ids=["two", "equal", "until words", "until a change", "an estimate needs what is prepared", "until nonsense"],
)
def test_what_runs_together_is_a_row_of_different_look_ups(calls: tuple[tuple[str, str], ...], first: int) -> None:
    assert step_of(*calls) == [(name, f"llm/5/{index}") for index, (name, _) in enumerate(calls[:first])]


def test_only_look_ups_run_together() -> None:
    assert {tool.name for tool in CATALOG if tool.concurrent} == {"list_resources", "run_evaluator"}
    assert all(tool.effect is Effect.READ for tool in CATALOG if tool.concurrent)

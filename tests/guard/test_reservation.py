"""Completions of an evaluation: reserved in the log first, granted to the process that reserved, judged at the wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fireworks
import httpx
import pytest

from agent.guard.client import Connection, open_platform
from agent.guard.inference import permits, reservation_refused
from agent.guard.step import Run
from agent.guard.verdict import Wire, blocked, judge_step, judge_wire
from agent.session.events import (
    Cancelling,
    Event,
    InferenceReserved,
    ReplyReading,
    SessionEnded,
    ToolCalled,
    ToolReturned,
    UserMessage,
)
from agent.session.state import SessionState
from tests.evaluation.desk import ITEM, MODEL, Desk
from tools.base import Effect, ToolCall
from tuning.workflows import EVALUATION_BLOCK

PATH = "/v1/chat/completions"
STOP = UserMessage(text="stop", reading=ReplyReading(label="reject"))
OVER: list[Event] = [STOP, Cancelling(), SessionEnded(status="failed")]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk(tmp_path, "http://127.0.0.1:9", rows=300)
    yield opened
    opened.store.close()


@pytest.fixture
def asking(desk: Desk) -> Desk:
    """A call of the tool is under way."""
    desk.append(
        ToolCalled(
            call="evaluate/1", tool="evaluate_model", arguments={"item": ITEM}, effect="spend", based_on=1, item=ITEM
        )
    )
    return desk


def reserve(desk: Desk, requests: int) -> str:
    """What the guard says; when it is yes, the log has it."""
    item = desk.plan.item(ITEM)
    assert item is not None
    reason = reservation_refused(desk.state, ITEM, requests, blocked)
    if not reason:
        desk.append(InferenceReserved(item=ITEM, evaluation=item.resource_id, requests=requests))
    return reason


def body(desk: Desk, **changes: Any) -> dict[str, Any]:
    deploy = desk.plan.item("deploy-base-tiny-a")
    assert deploy is not None
    question = [{"role": "user", "content": "?"}]
    return {"model": f"{MODEL}#{deploy.resource()}", "messages": question, "max_tokens": 8, **changes}


def verdict(desk: Desk, used: int | None = 0, **changes: Any) -> str:
    """The wire's word on one completion, of which `used` were sent before (None: by another process, nobody knows)."""
    tally = {} if used is None else dict.fromkeys(desk.state.reserved, used)
    return judge_wire(Wire("POST", PATH, (), body(desk, **changes), 300), desk.state, "local", tally).reason


def test_reserving_needs_a_call_that_runs_the_item(desk: Desk) -> None:
    assert "no intent" in reserve(desk, 10)


def test_a_call_that_has_ended_reserves_nothing_more(asking: Desk) -> None:
    asking.append(ToolReturned(call="evaluate/1", tool="evaluate_model"))
    assert "no intent" in reserve(asking, 10)


@pytest.mark.parametrize("requests", [0, -1, EVALUATION_BLOCK + 1])
def test_a_block_has_bounds(asking: Desk, requests: int) -> None:
    assert f"1 to {EVALUATION_BLOCK}" in reserve(asking, requests)


def test_blocks_never_pass_the_envelope(asking: Desk) -> None:
    taken = 0
    while not (reason := reserve(asking, EVALUATION_BLOCK)):
        taken += EVALUATION_BLOCK
    left = asking.envelope - taken
    assert f"only {left} are left" in reason and not reserve(asking, left)
    assert sum(asking.state.reserved.values()) == asking.envelope
    assert "only 0 are left" in reserve(asking, 1)


@pytest.mark.parametrize("over", OVER, ids=["held", "cancelling", "ended"])
def test_nothing_is_reserved_or_sent_when_it_is_over(asking: Desk, over: Event) -> None:
    assert not reserve(asking, 10) and not verdict(asking)
    asking.append(over)
    assert reserve(asking, 10) and verdict(asking)


def test_only_evaluate_items_are_reserved_for(asking: Desk) -> None:
    for item in ("deploy-base-tiny-a", "nothing", ""):
        assert "no evaluate item" in reservation_refused(asking.state, item, 1, blocked)


def test_the_wire_lets_pass_what_is_reserved_and_unused(asking: Desk) -> None:
    assert "no completion is reserved" in verdict(asking)
    reserve(asking, 10)
    assert not verdict(asking, 9) and "no completion is reserved" in verdict(asking, 10)


def test_what_an_unknown_process_reserved_counts_as_used(asking: Desk) -> None:
    reserve(asking, 10)
    assert "no completion is reserved" in verdict(asking, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"max_tokens": 100_000}, "max_tokens"),
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"n": 2}, "single completions"),
        ({"model": MODEL}, "no item of the plan"),
        ({"model": f"{MODEL}#accounts/local/deployments/theirs"}, "no item of the plan"),
        ({"model": ["a"]}, "no item of the plan"),
    ],
)
def test_a_completion_outside_its_bounds_is_refused(asking: Desk, changes: dict[str, Any], words: str) -> None:
    reserve(asking, 10)
    assert words in verdict(asking, **changes)


def test_a_long_request_is_refused(asking: Desk) -> None:
    reserve(asking, 10)
    wire = Wire("POST", PATH, (), body(asking), 1_000_000)
    assert "at most" in judge_wire(wire, asking.state, "local", {asking.answers.stem: 0}).reason


def test_the_tool_may_run_only_the_item_of_its_kind(desk: Desk) -> None:
    def judged(item: str) -> bool:
        return judge_step(Run(ToolCall("k", "evaluate_model", {"item": item})), Effect.SPEND, desk.state).allowed

    assert judged(ITEM) and not judged("deploy-base-tiny-a") and not judged("")


def test_without_its_deployment_an_evaluation_is_blocked(asking: Desk) -> None:
    reserve(asking, 10)
    state: SessionState = replace(asking.state, known=replace(asking.state.known, deployments={}))
    (permit,) = next(iter(permits(state, blocked).values()))
    assert "deploy-base-tiny-a" in permit.blocked


class Recorder(httpx.AsyncBaseTransport):
    """A platform that answers everything and counts."""

    def __init__(self) -> None:
        self.arrived = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.arrived += 1
        return httpx.Response(200, json={"choices": [{"message": {"content": "billing"}}]})


async def test_a_grant_is_good_for_its_number_and_for_one_process(asking: Desk) -> None:
    """Two openings of the platform, as before and after a restart: what the first was granted the second can't send."""
    recorder = Recorder()
    first, second = (
        open_platform(Connection("local", "key", "http://127.0.0.1:9"), lambda: asking.state, inner=recorder)
        for _ in range(2)
    )

    async def send(platform: Any, times: int) -> int:
        """How many of so many completions arrive."""
        before = recorder.arrived
        for _ in range(times):
            try:
                await platform.client.with_options(max_retries=0).chat.completions.create(**body(asking))
            except fireworks.PermissionDeniedError:
                break
        return recorder.arrived - before

    tally = asking.answers.stem
    assert await send(first, 5) == 0
    reserve(asking, 3)
    assert await send(first, 5) == 0, "reserved, but not granted to this process"
    first.grant(tally, 3)
    assert await send(first, 2) == 2 and await send(second, 5) == 0
    reserve(asking, 4)
    second.grant(tally, 4)
    assert await send(first, 5) == 1 and await send(second, 9) == 4 and await send(first, 5) == 0
    assert recorder.arrived == sum(asking.state.reserved.values())
    second.grant(tally, 100)
    asking.append(STOP)
    assert await send(second, 5) == 0, "a hold outweighs a grant"
    await first.close()
    await second.close()

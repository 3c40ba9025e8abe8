"""Any planner, any user, any order: what reaches the platform is approved, item by item. Seen by the platform itself.

The real SDK, the real transport and the real executor run against the scripted platform, which records every request. The
planner is hostile: it calls any tool with any item, writes raw requests, claims to be done. The test keeps its own, naive
account of what the user said yes to, and compares.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fireworks
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.guard.approval import Conflict
from agent.guard.step import Finish, Run, Say, Step
from agent.planner.offline import decide
from tests.house import House, chat_rows, jsonl, put_dataset
from tests.platforms import Script, ScriptedPlatform, scripted_platform
from tools.base import Arguments, Effect, FunctionTool, ToolCall, ToolContext, ToolError, ToolResult
from tools.catalog import CATALOG
from tools.wait_for_jobs import look
from tuning.plan import Plan, canonical

YES = {"Approved, proceed.": "plan", "Proceed with the winning config.": "promotion"}
WORDS = (
    *YES,
    *YES,
    "stop",
    "use 2 epochs",
    "what does it cost?",
    "banana",
    "Yes, but with 3 epochs.",
    "ok?",
    "not yet",
)
PATHS = (
    "/v1/accounts/local/datasets/tickets",
    "/v1/accounts/local/datasets",
    "/v1/accounts/local/datasets/tickets:getUploadEndpoint",
    "/v1/accounts/local/supervisedFineTuningJobs",
    "/v1/accounts/local/supervisedFineTuningJobs/theirs:cancel",
    "/v1/accounts/local/deployments",
    "/v1/accounts/local/deployments/theirs:scale",
    "/v1/accounts/other/models",
    "/v1/chat/completions",
    "/v2/anything",
)


class RawArguments(Arguments):
    method: str
    path: str
    item: str = ""
    spoil: bool = False


async def raw(arguments: RawArguments, context: ToolContext) -> ToolResult:
    """A tool gone wrong: sends what it likes, also the plan's own requests whenever it wants, exact or spoiled."""
    body: dict[str, Any] = {"baseModel": "accounts/local/models/tiny-a", "dataset": "accounts/local/datasets/tickets"}
    path, method, params = arguments.path, arguments.method, {}
    item = context.known.plan.item(arguments.item) if context.known.plan else None
    request = item.request_for(1, context.known.outputs()) if item else None
    if request is not None:
        method, path, params, body = request.method, request.path, dict(request.query), dict(request.body or {})
        if arguments.spoil:
            body["epochs"] = 50
    send = getattr(context.platform.with_options(max_retries=0), method.lower())
    try:
        await send(path, cast_to=object, body=body, options={"params": params})
    except fireworks.APIError as error:
        raise ToolError(str(error)[:200], owner="unknown") from error
    return ToolResult()


EXAMPLES = int(os.environ.get("FIREAGENT_EXAMPLES", "12"))
RAW = FunctionTool("raw", Effect.READ, "anything", RawArguments, raw)
ITEMS = tuple(f"{kind}-{n}" for kind in ("sweep", "final", "deploy", "probe") for n in (1, 2, 3))
UPLOADS = tuple(f"upload-{role}" for role in ("sweep", "validation", "full", "test"))

actions = st.one_of(
    st.tuples(st.just("work"), st.integers(1, 12)),
    st.tuples(st.just("poll"), st.integers(1, 4)),
    st.tuples(st.just("user"), st.sampled_from(WORDS)),
    st.tuples(st.just("spend"), st.sampled_from(("launch_job", "upload_dataset", "deploy_model")),
              st.sampled_from((*ITEMS, *UPLOADS)), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("settle"), st.sampled_from(("cancel_job", "scale_deployment")), st.booleans()),
    st.tuples(st.just("raw"), st.sampled_from(("POST", "PATCH", "DELETE", "PUT")), st.sampled_from(PATHS),
              st.sampled_from(("", *ITEMS, *UPLOADS)), st.booleans()),
    st.tuples(st.just("finish"), st.sampled_from(("succeeded", "cancelled"))),
    st.tuples(st.just("stale"), st.sampled_from(ITEMS)),
)  # fmt: skip


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedPlatform]:
    with scripted_platform(tmp_path_factory.mktemp("platform"), scripts={"*": Script(polls=2)}) as platform:
        put_dataset(platform.url, "tickets", jsonl(chat_rows(60)))
        yield platform


class Account:
    """The naive account: what the user said yes to, kept apart from the code under test."""

    def __init__(self) -> None:
        self.plans: dict[str, Plan] = {}
        self.yes: set[str] = set()
        self.halted = False
        self.promoted: int | None = None

    def heard(self, text: str, house: House, session: str) -> None:
        gate = house.store.state(session).gate
        try:
            house.store.transact(session, lambda state: _receive(state, text, str(state.last_seq)))
        except Conflict:
            return
        shown = gate.shown if gate else None
        if shown is not None and YES.get(text) == "plan" and shown.gate == "plan":
            self.yes.add(shown.digest)
            self.halted = False
        elif shown is not None and text in YES and shown.gate == "plan":
            return
        elif shown is not None and text in YES and shown.gate == "promotion":
            self.promoted = shown.candidate
        elif shown is None and self.yes and text in ("stop", "use 2 epochs", "Yes, but with 3 epochs.", "not yet"):
            self.halted = True


def _receive(state: Any, text: str, key: str) -> Any:
    from agent.guard.approval import receive

    return receive(state, text, key)


async def play(script: list[tuple[Any, ...]], platform: ScriptedPlatform, home: Path) -> None:
    platform.requests.clear()
    house = House(home, platform.url, tools=(*CATALOG, RAW))
    house.runner.wake = lambda session: None  # type: ignore[method-assign]
    session = house.create(session=f"1779157376-{abs(hash(str(home))) % 0xFFFF:04x}")
    account = Account()
    try:
        await _work(house, session, 12)
        for number, action in enumerate(script):
            await _act(action, number, house, session, account)
            _check(platform, house, session, account)
    finally:
        await house.close()


async def _work(house: House, session: str, steps: int) -> None:
    for _ in range(steps):
        state = house.store.state(session)
        if not await house.executor.take(session, decide(state, 1e12), state.last_user_seq):
            return


async def _act(action: tuple[Any, ...], number: int, house: House, session: str, account: Account) -> None:
    state = house.store.state(session)
    step: Step | None = None
    match action:
        case ("work", count):
            await _work(house, session, count)
        case ("poll", count):
            for _ in range(count):
                house.executor.observe(session, await look(await house.executor.context(session)))
        case ("user", text):
            account.heard(text, house, session)
        case ("spend", tool, item, attempt, probe):
            arguments: dict[str, Any] = {"item": item}
            arguments |= {"attempt": max(1, attempt)} if tool == "launch_job" else {}
            arguments |= {"probe": probe} if tool == "deploy_model" else {}
            step = Run(ToolCall(f"evil/{number}", tool, arguments))
        case ("settle", tool, own):
            names = (
                sorted({*state.known.jobs, *state.known.deployments}) if own else ["accounts/local/datasets/tickets"]
            )
            if names:
                step = Run(ToolCall(f"evil/{number}", tool, {"resource": names[0]}))
        case ("raw", method, path, item, spoil):
            step = Run(
                ToolCall(f"evil/{number}", "raw", {"method": method, "path": path, "item": item, "spoil": spoil})
            )
        case ("finish", status):
            step = Finish(status)
        case ("stale", item):
            call = ToolCall(f"evil/{number}", "launch_job", {"item": item})
            before = len(platform_creates(house))
            await house.executor.take(session, Run(call), state.last_user_seq - 1)
            assert len(platform_creates(house)) == before, "a step computed before the user's last word was executed"
    if step is not None and not isinstance(step, Say):
        await house.executor.take(session, step, state.last_user_seq)


def platform_creates(house: House) -> list[str]:
    return [r.key for s in house.store.sessions() for r in house.store.records(s) if r.key.startswith("call/evil")
            and getattr(r.event, "effect", "") == "spend"]  # fmt: skip


def _check(platform: ScriptedPlatform, house: House, session: str, account: Account) -> None:
    state = house.store.state(session)
    if state.known.plan is not None:
        account.plans[state.known.plan.digest()] = state.known.plan
    approved = [account.plans[digest] for digest in account.yes]
    writes = [r for r in platform.requests if r.method not in ("GET", "PUT")]
    for seen in writes:
        assert seen.method == "POST", f"{seen.method} {seen.path} reached the platform"
        assert approved, f"{seen.path} was written before any yes"
        assert _is_item(seen, approved, house, session), (
            f"{seen.path} {seen.query} {seen.body[:300]!r} is no approved item"
        )
    if account.halted:
        assert len(writes) == getattr(account, "writes", len(writes)), "something was created after the user's stop"
    account.writes = len(writes)  # type: ignore[attr-defined]
    assert len(state.active) <= 6


def _is_item(seen: Any, approved: list[Plan], house: House, session: str) -> bool:
    outputs = house.store.state(session).known.outputs()
    for plan in approved:
        for item in plan.items:
            if seen.path.endswith((f"{item.resource_id}:getUploadEndpoint", f"{item.resource_id}:validateUpload")):
                return item.kind == "upload"
            if item.kind == "probe" and seen.path.endswith("/chat/completions"):
                if json.loads(seen.body)["model"].endswith(f"#accounts/local/deployments/{item.resource_id}"):
                    return True
                continue
            for attempt in range(1, item.attempts + 1):
                request = item.request_for(attempt, outputs)
                if request is None or request.path != seen.path:
                    continue
                same_query = {k: [v] for k, v in request.query} == seen.query
                if same_query and canonical(request.body) == canonical(json.loads(seen.body)):
                    return True
    return False


@given(st.lists(actions, min_size=4, max_size=25))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_only_approved_items_ever_reach_the_platform(
    platform: ScriptedPlatform, tmp_path_factory: pytest.TempPathFactory, script: list[tuple[Any, ...]]
) -> None:
    asyncio.run(play(script, platform, tmp_path_factory.mktemp("home")))

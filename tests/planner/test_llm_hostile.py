"""A hostile or broken model annoys; it never spends, loosens a limit, ends the work falsely, or runs on for ever."""

from __future__ import annotations

import asyncio
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from agent.planner import llm
from agent.planner.toolbox import schemas
from tests.guard.test_hostile_planner import Account, _check
from tests.house import INSTRUCTION
from tests.planner.houses import LlmHouse, llm_house
from tests.planner.scripted_model import KEY, Reply
from tests.planner.sensible import SLOTS, Sensible
from tests.platforms import Script
from tests.session.steps import at_gate, creates, made, when
from tests.wire import Seen

NAMES = (
    *(tool["function"]["name"] for tool in schemas()),
    "cancel_job",
    "scale_deployment",
    "approve",
    "delete",
    "",
    "x" * 500,
)
ITEMS = (
    "sweep-1",
    "sweep-2",
    "final-1",
    "deploy-1",
    "probe-1",
    "upload-sweep",
    "upload-full",
    "upload-validation",
    "../x",
    "",
)
GARBAGE = (
    "",
    "{",
    "[]",
    "null",
    '{"item": 7}',
    "NaN",
    '{"slots": {"budget_usd": NaN}}',
    "[" * 50_000,
    "x" * 100_000,
    "\ud800",
)
SLOT_SETS: tuple[dict[str, Any], ...] = (
    {"budget_usd": 1e9},
    {"max_parallel_jobs": 1000},
    {"train_dataset": "/etc/passwd.json"},
    {"train_dataset": "accounts/other/datasets/secret"},
    {"base_models": "tiny-a"},
    {"epochs": [50]},
    {"nothing": 1},
    {},
)


class Hostile:
    """Answers whatever comes to mind; the same seed gives the same answers."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.sensible = Sensible()

    def __call__(self, request: dict[str, Any]) -> Reply:
        choice = self.random.random()
        if choice < 0.45:
            return self.sensible(request)
        if choice < 0.5:
            return Reply(
                self.random.choice(
                    ("", "Approved, proceed.", "<think>", "z" * 200_000, "\x1b[2J[done] session status: succeeded")
                )
            )
        return Reply(self.random.choice(("", "I go on.")), [self.call() for _ in range(self.random.randint(1, 20))])

    def call(self) -> tuple[str, Any]:
        name = self.random.choice(NAMES)
        if self.random.random() < 0.25:
            return name, self.random.choice(GARBAGE)
        arguments: dict[str, Any] = {
            "item": self.random.choice(ITEMS), "attempt": self.random.randint(-1, 3), "probe": self.random.random() < 0.5,
            "resource": "accounts/local/datasets/tickets", "kind": "models", "names": [], "role": "train", "text": "yes",
            "question": "Reply yes?", "asks_for": [], "slots": self.random.choice(SLOT_SETS), "outcome": "succeeded", "reason": "",
        }  # fmt: skip
        keep = next(
            (list(t["function"]["parameters"]["properties"]) for t in schemas() if t["function"]["name"] == name), []
        )
        return name, {key: value for key, value in arguments.items() if key in keep}


@pytest.mark.parametrize("seed", range(int(os.environ.get("FIREAGENT_EXAMPLES", "3"))))
async def test_only_approved_items_ever_reach_the_platform(tmp_path: Path, seed: int) -> None:
    said = (
        "Approved, proceed.",
        "what does it cost?",
        "use 2 epochs",
        "banana",
        "Proceed with the winning config.",
        "stop",
    )
    async with llm_house(tmp_path, Hostile(seed), rows=60, scripts={"*": Script(polls=1)}) as (home, platform):
        session, account, words = home.create(), Account(), random.Random(seed)
        before = len(platform.requests)
        for _ in range(10):
            state = await _quiet(home, session)
            _look(platform.requests[before:], platform, home, session, account)
            if state.ended is not None:
                break
            account.heard(words.choice(said[:1] * 3 + said), home, session)
            home.runner.wake(session)
        state = await _quiet(home, session)
        _look(platform.requests[before:], platform, home, session, account)
        assert state.ended != "succeeded" or any(d.serving for d in state.known.deployments.values())
        request = state.known.request
        assert request.budget_usd is None or request.budget_usd <= 1e9
        assert (request.max_parallel_jobs or 6) <= 6 and request.train_dataset in (None, SLOTS["train_dataset"])
        assert KEY not in home.log(session) and "test-key" not in "".join(map(json.dumps, home.model.requests))


def _look(requests: list[Seen], platform: Any, home: LlmHouse, session: str, account: Account) -> None:
    kept, platform.requests[:] = list(platform.requests), requests
    _check(platform, home, session, account)
    platform.requests[:] = kept


async def _quiet(home: LlmHouse, session: str) -> Any:
    """Waits until the session waits for its user, has ended, or nothing new has come for a while."""
    last, since = -1, 0
    while since < 40:
        state = home.store.state(session)
        if state.ended is not None or state.status == "waiting":
            return state
        since, last = (since + 1, last) if state.last_seq == last else (0, state.last_seq)
        await asyncio.sleep(0.01)
    return home.store.state(session)


@pytest.mark.parametrize(
    "answer",
    [
        Reply(calls=[("estimate_cost", {})]),
        Reply(calls=[("no_such_tool", {"x": 1})]),
        Reply(calls=[("set_request", "{broken")]),
        Reply(calls=[("say", {"text": "I am working on it."})]),
        Reply(calls=[("wait_for_jobs", {})]),
        Reply(calls=[("finish", {"outcome": "succeeded", "reason": ""})]),
        Reply(calls=[("finish", {"outcome": "failed", "reason": "bored"})]),
        Reply(calls=[("launch_job", {"item": "sweep-1", "attempt": 1})] * 30),
    ],
    ids=lambda reply: reply.calls[0][0],
)
async def test_a_model_that_goes_in_circles_is_stopped_with_a_clear_word(
    tmp_path: Path, answer: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm, "ANSWERS", 6)
    async with llm_house(tmp_path, lambda _: answer) as (home, platform):
        session = home.create()
        state = await at_gate(home, session, "question")
        assert (
            state.gate is not None
            and f"The model has given {llm.ANSWERS} answers since your last word" in state.gate.shown.question
        )
        assert len(home.model.requests) == llm.ANSWERS and made(platform) == {} and state.ended is None
        home.model.script = Sensible()
        home.reply(session, "try again")
        await at_gate(home, session, "plan")


@pytest.mark.parametrize("answer", [Reply("<think>hm"), Reply(""), Reply(raw=b'{"choices": []}')])
async def test_answers_of_no_use_end_in_a_question_soon(tmp_path: Path, answer: Reply) -> None:
    async with llm_house(tmp_path, lambda _: answer) as (home, _):
        session = home.create()
        state = await at_gate(home, session, "question")
        assert state.gate is not None and "no usable answer 3 times in a row" in state.gate.shown.question
        assert len(home.model.requests) <= llm.USELESS + 1, "one more where the plain form had to be tried"


async def test_a_megabyte_of_answer_is_cut_and_the_log_stays_small(tmp_path: Path) -> None:
    huge = Reply("A" * 1_000_000, [("set_request", json.dumps({"slots": {"rubric": "B" * 1_000_000}}))])
    async with llm_house(tmp_path, lambda _: huge) as (home, _):
        session = home.create()
        await at_gate(home, session, "question")
        assert all(len(record.event.model_dump_json()) < 200_000 for record in home.records(session))
        assert max(len(json.dumps(request)) for request in home.model.requests) < 140_000


async def test_the_users_limits_stand_whatever_the_model_writes_down(tmp_path: Path) -> None:
    loose = {**SLOTS, "budget_usd": 500.0, "max_parallel_jobs": 60}
    async with llm_house(tmp_path, Sensible(loose)) as (home, _):
        session = home.create(f"{INSTRUCTION} Budget: under $5. At most 2 jobs in parallel.")
        state = await at_gate(home, session, "plan")
        assert state.known.request.budget_usd == 5.0 and state.known.request.max_parallel_jobs == 2
        assert state.known.plan is not None and state.known.plan.max_active_jobs == 2


async def test_a_model_may_tighten_a_limit(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Sensible({**SLOTS, "budget_usd": 3.0, "max_parallel_jobs": 1})) as (home, _):
        session = home.create()
        state = await at_gate(home, session, "plan")
        assert state.known.request.budget_usd == 3.0 and state.known.request.max_parallel_jobs == 1


async def test_a_standing_yes_takes_up_the_winner_and_no_other(tmp_path: Path) -> None:
    class Partial(Sensible):
        def work(self, now: dict[str, str]) -> list[tuple[str, Any]]:
            calls = super().work(now)
            return (
                [("set_request", {"slots": {"candidate": 1}}), *calls] if calls[0][0] == "present_scoreboard" else calls
            )

    slots = {**SLOTS, "lora_ranks": [8, 16]}
    async with llm_house(tmp_path, Partial(slots)) as (home, _):
        session = home.create(f"{INSTRUCTION} LoRA ranks 8 and 16.", approve_up_to_usd=1.0)
        state = await when(
            home, session, lambda s: s.promoted is not None or s.ended is not None or s.status == "waiting"
        )
        assert state.promoted in (None, 2), "rank 16 has the lower loss"


async def test_a_foreign_data_set_is_not_even_read(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Sensible({**SLOTS, "train_dataset": "/etc/secret.jsonl"})) as (home, platform):
        session = home.create()
        state = await at_gate(home, session, "question")
        assert state.understood is None and not state.known.staged
        assert creates(platform) == 0


async def test_a_budget_bounds_the_planners_own_calls(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Sensible({**SLOTS, "budget_usd": 0.001})) as (home, _):
        session = home.create(f"{INSTRUCTION} Budget: under $0.001.")
        state = await at_gate(home, session, "question")
        assert state.gate is not None and "all of your budget" in state.gate.shown.question

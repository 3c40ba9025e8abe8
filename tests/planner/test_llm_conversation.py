"""What people say to a session that a model plans: code reads each yes, the model may only see less in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.executor import key_of
from agent.planner.llm import LlmPlanner
from agent.session.events import (
    AgentSaid,
    ModelCall,
    PlannerReplied,
    RequestUnderstood,
    ToolCalled,
    ToolReturned,
)
from tests.planner.houses import llm_house
from tests.planner.scripted_model import Reply
from tests.planner.sensible import DRAFT, SLOTS, Sensible, facts
from tests.platforms import Script
from tests.session.steps import PROCEED, YES, answers, at_gate, cancel, creates, made, when, words


class Attentive(Sensible):
    """Sensible, with an answer of its own to certain words of the user, given once each."""

    def __init__(self, replies: dict[str, Reply] | None = None) -> None:
        super().__init__()
        self.replies = replies or {}

    def __call__(self, request: dict[str, Any]) -> Reply:
        said = [message["content"] for message in request["messages"] if message["role"] == "user"][-1]
        for heard in [heard for heard in self.replies if heard in said]:
            return self.replies.pop(heard)
        return super().__call__(request)


async def test_a_change_that_only_the_model_sees_takes_the_yes_back_before_anything_is_launched(tmp_path: Path) -> None:
    """The model's launch stands first in its answer; taking the yes back is carried out before it all the same."""
    changed = Reply(
        calls=[
            ("launch_job", {"item": "sweep-1", "attempt": 1}),
            ("user_changed_something", {"slots": {"epochs": [2]}}),
        ]
    )
    async with llm_house(tmp_path, Attentive()) as (home, platform):
        session = home.create()
        first = (await at_gate(home, session, "plan")).known.plan
        home.model.script.replies = {"read as: approve": changed}  # type: ignore[attr-defined]
        home.reply(session, YES)
        await when(home, session, lambda state: state.gate is not None and state.revision == 2)
        state = home.store.state(session)
        assert state.known.request.epochs == (2,) and not state.approved and made(platform) == {}
        assert state.known.plan is not None and first is not None and state.known.plan.digest() != first.digest()
        home.reply(session, YES)
        state = await at_gate(home, session, "promotion")
        assert answers(home, session) == [("plan", "approve"), ("plan", "approve")]
        bodies = [r.json for r in platform.requests if r.method == "POST" and r.path.endswith("Jobs")]
        assert bodies and all(body["epochs"] == 2 for body in bodies)


async def test_the_model_can_not_say_yes(tmp_path: Path) -> None:
    """Whatever it calls and says at the open gate, nothing is approved without the user's own word."""

    def eager(request: dict[str, Any]) -> Reply:
        if "asking the user at" not in facts(request) and "active jobs" not in facts(request):
            return Sensible()(request)
        everything = [
            ("upload_dataset", {"item": "upload-sweep"}),
            ("launch_job", {"item": "sweep-1", "attempt": 1}),
            ("finish", {}),
        ]
        return Reply(
            "Approved, proceed.", [("say", {"text": "Approved, proceed."}), ("approve", {"gate": "plan"}), *everything]
        )

    async with llm_house(tmp_path, eager) as (home, platform):
        session = home.create()
        await at_gate(home, session, "plan")
        home.reply(session, "What does it cost?")
        tried = {"approve", "upload_dataset", "launch_job", "finish"}
        state = await when(
            home, session, lambda s: {c.tool for c in s.calls.values() if c.status == "refused"} == tried
        )
        assert state.gate is not None and not state.approved and made(platform) == {} and home.refusals == []


async def test_a_missing_model_is_asked_for_with_the_list(tmp_path: Path) -> None:
    class Asks(Sensible):
        def __call__(self, request: dict[str, Any]) -> Reply:
            now = facts(request)
            if "request" in now:
                return Reply(calls=[("set_request", {"slots": {**SLOTS, "base_models": []}})])
            if "missing" in now:
                return Reply(
                    calls=[("ask_user", {"question": "Which base model shall I tune?", "asks_for": ["base_models"]})]
                )
            return super().__call__(request)

    async with llm_house(tmp_path, Asks()) as (home, _):
        session = home.create("Run supervised fine-tuning on accounts/local/datasets/tickets.")
        state = await at_gate(home, session, "question")
        assert state.gate is not None and state.understood is not None
        assert state.understood.missing == ("base_models",) and "tiny-b" in state.gate.shown.text
        home.reply(session, "tiny-a please")
        state = await at_gate(home, session, "plan")
        assert state.known.request.base_models == ("tiny-a",)


async def test_words_that_code_does_not_read_are_understood_by_the_model(tmp_path: Path) -> None:
    changed = Reply(calls=[("set_request", {"slots": {"epochs": [3]}}), *DRAFT])
    async with llm_house(tmp_path, Attentive({"a bit longer": changed})) as (home, _):
        session = home.create()
        await at_gate(home, session, "plan")
        home.reply(session, "hmm, the training could maybe be a bit longer, a trio of passes or so")
        state = await when(home, session, lambda state: state.gate is not None and state.known.request.epochs == (3,))
        assert state.known.plan is not None and state.gate is not None
        assert state.gate.shown.digest == state.known.plan.digest() and state.known.plan.request.epochs == (3,)
        event = [r.event for r in home.records(session) if isinstance(r.event, RequestUnderstood)][-1]
        assert event.by == "model" and event.withdraws[0].gate == "plan"


async def test_a_question_is_answered_and_moves_nothing(tmp_path: Path) -> None:
    told = Reply(calls=[("say", {"text": "It is the width of the small matrices."})])
    async with llm_house(tmp_path, Attentive({"LoRA rank": told})) as (home, platform):
        session = home.create()
        gate = (await at_gate(home, session, "plan")).gate
        home.reply(session, "What does LoRA rank mean?")
        state = await when(home, session, lambda state: not state.unanswered)
        assert state.gate == gate and made(platform) == {} and "width of the small matrices" in words(home, session)


async def test_what_the_model_looks_up_at_a_gate_is_followed_by_its_own_answer(tmp_path: Path) -> None:
    """Only after the look does it know: code's words, which know less, do not come first."""

    def curious(request: dict[str, Any]) -> Reply:
        if "There are no deployments" in str(request["messages"][-1]) + str(request["messages"][-2]):
            return Reply("Nothing is deployed; this plan would be the first.")
        if "anything deployed already" in str(request["messages"][-1]):
            return Reply(calls=[("list_resources", {"kind": "deployments"})])
        return Sensible()(request)

    async with llm_house(tmp_path, curious) as (home, _):
        session = home.create()
        state = await at_gate(home, session, "plan")
        home.reply(session, "is anything deployed already?")
        await when(home, session, lambda s: not s.unanswered and s.last_seq > state.last_seq)
        said = [r.event.text for r in home.store.records(session, state.last_seq) if isinstance(r.event, AgentSaid)]
        assert said == ["Nothing is deployed; this plan would be the first."]


async def test_where_the_model_finds_no_words_code_has_some(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Attentive({"LoRA rank": Reply(calls=[("wait_for_jobs", {})])})) as (home, _):
        session = home.create()
        await at_gate(home, session, "plan")
        home.reply(session, "What does LoRA rank mean?")
        state = await when(home, session, lambda state: not state.unanswered)
        assert state.gate is not None and "LoRA trains" in words(home, session)


async def test_an_answer_that_comes_after_a_newer_word_is_counted_and_not_carried_out(tmp_path: Path) -> None:
    class Slow(Sensible):
        def __call__(self, request: dict[str, Any]) -> Reply:
            reply = super().__call__(request)
            launches = any(name == "launch_job" for name, _ in reply.calls)
            reply.seconds = 0.6 if launches else 0.0
            return reply

    async with llm_house(tmp_path, Slow()) as (home, platform):
        session = home.create()
        await at_gate(home, session, "plan")
        home.reply(session, YES)
        uploaded = "upload now"
        await when(home, session, lambda state: len(state.known.uploads) >= 2)
        await when(
            home,
            session,
            lambda _: any(uploaded not in facts(r) and "launch now" in facts(r) for r in home.model.requests),
        )
        home.reply(session, "Stop, not yet.")
        state = await when(home, session, lambda state: state.stale_steps > 0)
        assert state.held and creates(platform) == 0
        assert state.planner_use.calls == len(home.replies(session)), "what came too late was paid for and is counted"


async def test_a_reply_without_calls_is_a_question_to_the_user(tmp_path: Path) -> None:
    async with llm_house(tmp_path, lambda _: Reply("Which data set do you mean, the old one or the new one?")) as (
        home,
        _,
    ):
        session = home.create("train something")
        state = await at_gate(home, session, "question")
        assert state.gate is not None and "the old one or the new one" in state.gate.shown.question


async def test_a_named_candidate_goes_to_the_board_by_code(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Sensible()) as (home, _):
        session = home.create(
            "Run supervised fine-tuning on accounts/local/datasets/tickets. Use tiny-a. LoRA ranks 8 and 16."
        )
        home.model.script.slots = {**SLOTS, "lora_ranks": [8, 16]}  # type: ignore[attr-defined]
        await at_gate(home, session, "plan")
        home.reply(session, YES)
        first = await at_gate(home, session, "promotion")
        assert first.gate is not None
        other = 3 - (first.gate.shown.candidate or 0)
        home.reply(session, f"Use candidate {other} instead.")
        state = await when(home, session, lambda s: s.gate is not None and s.gate.shown.candidate == other)
        home.reply(session, PROCEED)
        state = await home.until(session, "succeeded")
        assert state.promoted == other


async def test_a_cancel_needs_no_model(tmp_path: Path) -> None:
    async with llm_house(tmp_path, Sensible()) as (home, _):
        session = home.create()
        await at_gate(home, session, "plan")
        home.model.script = lambda _: Reply(status=500)
        home.reply(session, "cancel the session")
        state = await when(home, session, lambda state: state.ended is not None)
        assert state.ended == "cancelled"


@pytest.mark.parametrize(
    "down", [Reply(status=503), Reply(hang_up=True), Reply(status=401), Reply(status=400, error="no tools here")]
)
async def test_while_the_endpoint_is_down_the_session_waits_says_so_and_goes_on_by_itself(
    tmp_path: Path, down: Reply
) -> None:
    working = Sensible()
    async with llm_house(tmp_path, lambda _: down) as (home, _):
        session = home.create()
        state = await when(home, session, lambda state: any(key.startswith("endpoint/") for key in state.said))
        assert state.ended is None and state.status == "running"
        said = [r.event.text for r in home.records(session) if isinstance(r.event, AgentSaid)]
        assert len(said) == 1 and "The planner has to wait: the model scripted at 127.0.0.1" in said[0]
        await when(home, session, lambda _: len(home.model.requests) > 3)
        home.model.script = working
        state = await at_gate(home, session, "plan")
        assert (
            len([r for r in home.records(session) if isinstance(r.event, AgentSaid) and "has to wait" in r.event.text])
            == 1
        )


async def test_a_cancel_does_not_wait_for_an_answer_in_the_making(tmp_path: Path) -> None:
    async with llm_house(tmp_path, lambda _: Reply("late", seconds=8.0)) as (home, _):
        session = home.create()
        await when(home, session, lambda _: bool(home.model.requests))
        cancel(home, session)
        state = await when(home, session, lambda state: state.ended is not None, seconds=6.0)
        assert state.ended == "cancelled" and state.replied is None


async def test_after_a_restart_a_logged_answer_is_carried_out_without_asking_again(tmp_path: Path) -> None:
    """The keys of its calls come from its place in the log, so that nothing is done twice."""

    def nobody(_: Any) -> Any:
        raise AssertionError("the model was asked again")

    async with llm_house(tmp_path, Sensible()) as (home, _):
        home.runner.wake = lambda session: None  # type: ignore[method-assign]
        session = home.create()
        calls = (
            ModelCall(name="set_request", arguments=json.dumps({"slots": SLOTS})),
            ModelCall(name="prepare_dataset"),
        )
        models = ("call/models/all/1", ToolCalled(call="models/all", tool="list_resources", effect="read", based_on=1))
        listed = ("outcome/models/all/1", ToolReturned(call="models/all", tool="list_resources"))
        reply = ("reply/3", PlannerReplied(based_on=1, seen=3, model="m", calls=calls))
        home.store.append(session, models, listed, reply)
        planner = LlmPlanner(home.store.records, nobody, home._emit)
        steps = []
        for _ in range(2):
            state = home.store.state(session)
            step = await planner.next_step(state, 1.0)
            assert step == await planner.next_step(state, 2.0), "the same log gives the same step"
            assert not isinstance(step, tuple)
            steps.append(step)
            await home.executor.take(session, step, state.last_user_seq)
        assert [key_of(step) for step in steps] == ["llm/4/0", "llm/4/1"]  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["Approved, proceed.", "hm, a bit longer might be good"])
async def test_words_in_mid_run_reach_the_model_and_are_no_yes(tmp_path: Path, text: str) -> None:
    told = Reply(calls=[("say", {"text": "Nothing is open; the jobs run."}), ("wait_for_jobs", {})])
    async with llm_house(tmp_path, Attentive(), scripts={"*": Script(seconds=3.0)}) as (home, _):
        session = home.create()
        await at_gate(home, session, "plan")
        home.reply(session, YES)
        await when(home, session, lambda s: bool(s.active))
        home.model.script.replies = {text: told}  # type: ignore[attr-defined]
        before = answers(home, session)
        home.reply(session, text)
        await when(home, session, lambda s: not s.unanswered)
        assert "Nothing is open" in words(home, session) and answers(home, session) == before

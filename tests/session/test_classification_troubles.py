"""Classification when things go wrong or are stopped: the rest goes on, what can't be measured is said, nothing stays up."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.session.state import SessionState
from local_platform.engine import ChatRequest
from tests.house import House
from tests.platforms import Fault, Script, ScriptedPlatform
from tests.session.steps import YES, cancel, creates, deployments, jobs, running, to_plan, when, words
from tests.session.test_classification import CLASSIFY, rooms

BENCHMARK = (
    "Run classification on accounts/local/datasets/intents with tiny-a and tiny-b. Just benchmark, don't fine-tune."
)
SLOW = {"fa-*": Script(polls=10_000)}
CHAT = "/chat/completions$"


def up(platform: ScriptedPlatform) -> list[str]:
    """Deployments that would bill."""
    return [d.name for d in deployments(platform) if d.document["desiredReplicaCount"] != 0]


def break_job(home: House, platform: ScriptedPlatform, session: str, item: str) -> None:
    """Every attempt of this item's job will fail."""
    plan = home.store.state(session).known.plan
    found = plan.item(item) if plan else None
    assert found is not None
    platform.runner.scripts[f"{found.resource_id}*"] = Script(outcome="failed", message="node lost")


async def test_a_failed_candidate_is_left_behind(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        break_job(home, platform, session, "sweep-1")
        home.reply(session, YES)
        state = await home.until(session, "succeeded", seconds=60)
        assert "Candidate 1 is not measured: its training failed" in words(home, session)
        assert "evaluate-sweep-1" not in state.known.scores and "evaluate-final-2" in state.known.scores
        assert home.refusals == [] and len(up(platform)) == 1


async def test_a_base_that_cannot_be_served_is_not_measured_and_still_tuned(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        fault = Fault("POST", "/deployments$", status=400, body={"message": "no serving for this model"}, times=1)
        platform.faults.append(fault)
        home.reply(session, YES)
        state = await home.until(session, "succeeded", seconds=60)
        told = words(home, session)
        assert "tiny-a is not measured: it can't be served" in told and "no serving for this model" in told
        assert {"evaluate-base-tiny-b", "evaluate-final-1"} <= set(state.known.scores)
        assert "evaluate-base-tiny-a" not in state.known.scores


@pytest.mark.parametrize("which", ["sweep", "final"])
async def test_when_all_fails_the_session_says_so_and_nothing_stays_up(tmp_path: Path, which: str) -> None:
    scripts = {f"*-{which}-*": Script(outcome="failed", message="node lost")}
    async with rooms(tmp_path, scripts=scripts) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        home.reply(session, YES)
        state = await home.until(session, "failed", seconds=60)
        assert "node lost" in state.end_reason and state.known.report is not None
        assert up(platform) == [] and not running(platform)


async def test_a_benchmark_ends_succeeded_and_leaves_nothing(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session = await to_plan(home, BENCHMARK)
        home.reply(session, YES)
        state = await home.until(session, "succeeded", seconds=60)
        assert set(state.known.scores) == {"evaluate-base-tiny-a", "evaluate-base-tiny-b"}
        assert up(platform) == [] and jobs(platform, session) == []
        assert state.known.report is not None and home.refusals == []


async def test_a_benchmark_of_which_nothing_can_be_served_fails(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session = await to_plan(home, BENCHMARK)
        platform.faults.append(Fault("POST", "/deployments$", status=400, body={"message": "no serving here"}))
        home.reply(session, YES)
        state = await home.until(session, "failed", seconds=60)
        assert "no serving here" in state.end_reason


def by_size(request: ChatRequest) -> str:
    """The five bases of this test differ: the later its letter, the more of its answers are right."""
    letter = request.target.base.name[-1]
    text = str(request.messages[-1]["content"])
    right = next((label for label, word in RIGHT.items() if word in text), "none")
    number = int(text.rsplit(" ", 1)[-1])
    return right if request.target.adapter is not None or number % 5 < "abcde".index(letter) else "unsure"


RIGHT = {"billing": "invoice", "technical": "crash", "sales": "quote"}
FIVE = tuple(f"tiny-{letter}" for letter in "abcde")


@pytest.mark.parametrize("wish", ["", " Fine-tune all of them."])
async def test_of_five_models_the_three_best_are_tuned_or_all_at_the_users_word(tmp_path: Path, wish: str) -> None:
    instruction = (
        f"Run classification on accounts/local/datasets/intents with {', '.join(FIVE)}. Use LoRA rank 8.{wish}"
    )
    async with rooms(tmp_path, models=FIVE, answer=by_size) as (home, platform):
        session = await to_plan(home, instruction)
        home.reply(session, YES)
        state = await home.until(session, "succeeded", seconds=60)
        tuned = {job.document["baseModel"][-1] for job in jobs(platform, session)}
        assert tuned == (set("abcde") if wish else set("cde"))
        accuracies = [state.known.scores[f"evaluate-base-{name}"].accuracy for name in FIVE]
        assert accuracies == sorted(accuracies) and accuracies[0] < accuracies[1] < accuracies[2]
        assert home.refusals == []


async def settled(home: House, platform: ScriptedPlatform, session: str) -> SessionState:
    """The cancelled session, after a look at all that must be so."""
    state = await home.until(session, "cancelled", seconds=60)
    assert not [job for job in running(platform) if session in job.name], home.log(session)
    assert up(platform) == []
    assert state.known.report is not None and state.active == frozenset()
    before = creates(platform)
    home.runner.wake(session)
    assert (await home.until(session, "cancelled")).last_seq == state.last_seq and creates(platform) == before
    return state


async def test_cancel_at_the_gate(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        cancel(home, session)
        await settled(home, platform, session)
        assert creates(platform) == 0


@pytest.mark.parametrize("phase", ["base", "sweep", "final"])
async def test_cancel_while_a_model_is_evaluated(tmp_path: Path, phase: str) -> None:
    async with rooms(tmp_path) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        home.reply(session, YES)
        await when(home, session, lambda s: any(c.item.startswith(f"deploy-{phase}") for c in s.calls.values()))
        platform.faults.append(Fault("POST", CHAT, delay=0.2))
        await when(home, session, lambda s: any(s.calls[k].item.startswith(f"evaluate-{phase}") for k in s.pending))
        cancel(home, session)
        await settled(home, platform, session)


async def test_cancel_while_an_evaluation_deployment_starts(tmp_path: Path) -> None:
    async with rooms(tmp_path, deployment_polls=1_000) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        home.reply(session, YES)
        await when(home, session, lambda s: len(s.known.deployments) == 2)
        cancel(home, session)
        await settled(home, platform, session)


async def test_cancel_in_mid_sweep(tmp_path: Path) -> None:
    async with rooms(tmp_path, scripts=SLOW) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        home.reply(session, YES)
        await when(home, session, lambda s: len(s.active) == 4)
        cancel(home, session)
        await settled(home, platform, session)


async def test_a_revision_in_mid_benchmark_keeps_scores_and_puts_leftovers_to_rest(tmp_path: Path) -> None:
    async with rooms(tmp_path, scripts=SLOW) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        home.reply(session, YES)
        await when(home, session, lambda s: len(s.known.scores) == 2 and bool(s.active))
        home.reply(session, "Just benchmark, don't fine-tune.")
        await when(home, session, lambda s: s.gate is not None and s.revision == 2)
        asked = platform.count("POST", CHAT)
        home.reply(session, YES)
        await home.until(session, "succeeded", seconds=60)
        assert platform.count("POST", CHAT) == asked and up(platform) == []

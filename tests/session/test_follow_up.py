"""What is said to a session after its end: questions are answered, a further wish re-opens it, and no old yes counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.guard.approval import Conflict
from agent.session.events import SessionReopened
from agent.session.state import SessionState
from tests.house import INSTRUCTION, House, house
from tests.platforms import Script
from tests.session.steps import (
    PROCEED,
    YES,
    answers,
    at_gate,
    cancel,
    creates,
    deployments,
    jobs,
    made,
    to_end,
    to_plan,
    when,
    words,
)

THREE = INSTRUCTION + " Use LoRA ranks 8, 16 and 32."


async def ended(home: House, instruction: str = INSTRUCTION) -> str:
    session = await to_plan(home, instruction)
    await to_end(home, session)
    return session


async def test_another_candidate_is_deployed_as_well_after_a_new_plan_and_a_new_yes(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = await ended(home, THREE)
        first = home.store.state(session)
        before, trained = made(platform), len(jobs(platform))
        other = 1 if first.promoted != 1 else 3
        home.reply(session, f"deploy candidate {other} as well")
        state = await at_gate(home, session, "plan")
        assert state.ended is None and not state.approved and state.promoted is None and made(platform) == before
        assert state.known.plan is not None and "it is there already" in words(home, session)
        home.reply(session, YES)
        state = await at_gate(home, session, "promotion")
        assert state.gate is not None and state.gate.shown.candidate == other and made(platform) == before
        home.reply(session, PROCEED)
        state = await to_end(home, session)
        assert state.promoted == other and len(jobs(platform)) == trained + 1 and len(deployments(platform)) == 2
        assert set(made(platform).values()) == {1} and home.refusals == []
        folder = home.home / "workspaces" / session
        old, new = (folder / name for name in ("final_report-1.md", "final_report.md"))
        assert "Run 1 of this session ended as succeeded" in new.read_text() and old.read_text() != new.read_text()
        found = json.loads((folder / "final_report.json").read_text())
        assert found["winner"]["number"] == other and f"deploy candidate {other} as well" in found["instruction"]
        assert (
            found["deployment"]["deployment"] != json.loads((folder / "final_report-1.json").read_text())["deployment"]
        )


async def test_a_change_runs_the_work_anew_and_two_rounds_of_it_end_well(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = await ended(home)
        for number, epochs in enumerate((3, 4), start=2):
            home.reply(session, f"Now run SFT with {epochs} epochs")
            state = await at_gate(home, session, "plan")
            assert state.known.request.epochs == (epochs,) and not state.approved
            state = await to_end(home, session)
            assert len(state.earlier) == number - 1 and len(deployments(platform)) == number
            bodies = [r.json for r in platform.requests if r.method == "POST" and r.path.endswith("Jobs")]
            assert bodies[-1]["epochs"] == epochs
        assert list(answers(home, session)) == [("plan", "approve"), ("promotion", "approve")] * 3
        assert home.refusals == []


@pytest.mark.parametrize("question", ["How much did we spend?", "Which candidate won?", "What does LoRA rank mean?"])
async def test_a_question_to_an_ended_session_is_answered_and_moves_nothing(tmp_path: Path, question: str) -> None:
    async with house(tmp_path) as (home, platform):
        session = await ended(home)
        before = made(platform)
        state = home.reply(session, question)
        assert state.status == "succeeded" and not state.settled
        state = await when(home, session, lambda s: s.settled)
        assert state.ended == "succeeded" and not state.earlier and made(platform) == before
        said = words(home, session)
        for expected in {"How": "Reported by the platform", "Whi": "candidate", "Wha": "LoRA trains"}[
            question[:3]
        ].split("|"):
            assert expected in said


async def test_a_yes_finds_nothing_to_approve_and_thanks_are_taken_as_such(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        session = await ended(home)
        with pytest.raises(Conflict, match="has succeeded, so nothing is waiting"):
            home.reply(session, YES)
        for text in ("thanks!", "no thanks", "delete the deployment", "cancel the session"):
            home.reply(session, text)
            state = await when(home, session, lambda s: s.settled)
            assert state.ended == "succeeded" and not state.earlier
        assert "deletes nothing" in words(home, session)


async def test_the_standing_yes_of_the_beginning_does_not_reach_a_follow_up(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = home.create(approve_up_to_usd=5.0)
        await home.until(session, "succeeded")
        before = made(platform)
        home.reply(session, "run it again with 2 epochs")
        state = await at_gate(home, session, "plan")
        assert not state.approved and made(platform) == before


async def test_a_cancelled_session_answers_and_takes_no_further_work(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        session = await to_plan(home)
        cancel(home, session)
        await home.until(session, "cancelled")
        with pytest.raises(Conflict, match="start a new one"):
            home.reply(session, "Use 2 epochs.")
        home.reply(session, "How much did we spend?")
        state = await when(home, session, lambda s: s.settled)
        assert state.ended == "cancelled" and "Reported by the platform" in words(home, session)


async def test_cancelling_a_follow_up_leaves_the_first_deployment_as_it_was(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = await ended(home)
        [first] = home.store.state(session).known.deployments
        home.reply(session, "run it again with 2 epochs")
        await at_gate(home, session, "plan")
        home.reply(session, "cancel the session")
        state = await home.until(session, "cancelled")
        assert first not in state.known.replicas and platform.count("PATCH", ":scale") == 0
        assert [d.name for d in deployments(platform)] == [first]


async def test_a_failed_session_tries_again_at_the_users_word(tmp_path: Path) -> None:
    scripts = {"*": Script(polls=1, outcome="failed", code="INVALID_ARGUMENT", message="invalid argument")}
    async with house(tmp_path, scripts=scripts) as (home, platform):
        session = await to_plan(home)
        home.reply(session, YES)
        await home.until(session, "failed")
        tried = creates(platform)
        platform.runner.scripts.clear()
        home.reply(session, "Use 2 epochs.")
        state = await to_end(home, session)
        assert state.earlier[0].ended == "failed" and creates(platform) > tried


async def test_other_work_takes_over_the_data_and_the_limits_and_nothing_else(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        session = await ended(home, INSTRUCTION + " Use LoRA ranks 8 and 16. Budget: under $7.")
        home.reply(session, "next: DPO on accounts/a/datasets/b")
        state: SessionState = await when(home, session, lambda s: s.gate is not None)
        request = state.known.request
        assert (request.workflow, request.train_dataset) == ("preference", "accounts/a/datasets/b")
        assert request.budget_usd == 7.0 and request.lora_ranks == () and request.base_models == ("tiny-a",)


async def test_a_kill_in_a_follow_up_loses_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = await ended(home)
        home.reply(session, "run it again with 2 epochs")
        await at_gate(home, session, "plan")
        seq = [r.seq for r in home.records(session) if isinstance(r.event, SessionReopened)]
        await home.runner.stop()
        again = House(home.home, platform.url)
        await again.runner.start()
        try:
            state = await to_end(again, session)
            assert len(seq) == 1 and len(state.earlier) == 1 and set(made(platform).values()) == {1}
        finally:
            await again.close()

"""What people say to a running session, and what it then does: revisions, questions, holds, choices, limits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.guard.approval import Conflict
from agent.session.events import GateAnswered
from tests.house import INSTRUCTION, House, house
from tests.platforms import Script
from tests.session.steps import (
    NINE,
    PROCEED,
    YES,
    answers,
    at_gate,
    creates,
    deployments,
    jobs,
    made,
    running,
    to_end,
    to_plan,
    to_promotion,
    when,
    words,
)
from tools.known import TERMINAL
from tuning.pricing import load_prices


@pytest.mark.parametrize(
    ("reply", "slot", "value"),
    [
        ("Use 2 epochs.", "epochs", (2,)),
        ("Skip HP tuning.", "skip_sweep", True),
        ("Use batch size 16.", "batch_size", 16),
        ("Skip the full-data final run.", "skip_final_run", True),
    ],
)
async def test_a_change_at_the_plan_gate_gives_a_new_plan_that_is_asked_again(
    tmp_path: Path, reply: str, slot: str, value: object
) -> None:
    async with house(tmp_path) as (home, platform):
        session = await to_plan(home)
        first = home.store.state(session).gate
        home.reply(session, reply)
        state = await at_gate(home, session, "plan")
        assert first and state.gate and state.known.plan
        assert getattr(state.known.request, slot) == value
        assert state.gate.shown.digest == state.known.plan.digest() != first.shown.digest
        assert not state.approved and answers(home, session) == [("plan", "revise")]
        assert made(platform) == {}
        home.reply(session, YES)
        state = await to_end(home, session)
        assert any(d.serving for d in state.known.deployments.values()) and home.refusals == []
        bodies = [r.json for r in platform.requests if r.method == "POST" and r.path.endswith("Jobs")]
        expected = {"epochs": ("epochs", 2), "batch_size": ("batchSizeSamples", 16)}.get(slot)
        assert bodies and all(expected is None or body[expected[0]] == expected[1] for body in bodies)


async def test_a_revised_plan_reuses_the_jobs_whose_request_did_not_change(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = await to_promotion(home)
        swept = [job.name for job in jobs(platform)]
        home.reply(session, "Skip the full-data final run.")
        await at_gate(home, session, "plan")
        home.reply(session, YES)
        state = await at_gate(home, session, "promotion")
        assert [job.name for job in jobs(platform)] == swept and creates(platform) == len(swept)
        home.reply(session, PROCEED)
        state = await to_end(home, session)
        assert creates(platform) == len(swept) + 1 and len(deployments(platform)) == 1
        [deployment] = state.known.deployments.values()
        assert deployment.model in {job.document["outputModel"] for job in jobs(platform)}


async def test_measures_follow_their_job_when_a_revision_numbers_the_candidates_anew(tmp_path: Path) -> None:
    """Rank 16 is candidate 2 of three and then candidate 1 of two: its figure must not become that of rank 8."""
    three = INSTRUCTION + " Use LoRA ranks 8, 16 and 32."
    async with house(tmp_path) as (home, platform):
        session = await to_promotion(home, three)
        before = home.store.state(session).known
        losses = {before.job(f"sweep-{n}").resource: before.measured[f"sweep-{n}"].eval_loss for n in (1, 2, 3)}  # type: ignore[union-attr]
        assert len(set(losses.values())) == 3
        home.reply(session, "Use LoRA ranks 16 and 32.")
        await at_gate(home, session, "plan")
        home.reply(session, YES)
        after = (await at_gate(home, session, "promotion")).known
        assert creates(platform) == 3
        for number in (1, 2):
            job = after.job(f"sweep-{number}")
            assert job and after.measured[f"sweep-{number}"].eval_loss == losses[job.resource]


async def test_questions_at_a_gate_are_answered_and_move_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = await to_plan(home)
        gate = home.store.state(session).gate
        for question in ("What does LoRA rank mean?", "How much will it cost?", "Which base models do you support?"):
            before = home.store.state(session).last_seq
            state = home.reply(session, question)
            state = await when(home, session, lambda s, seq=state.last_user_seq: seq in s.answered)
            assert state.gate == gate and state.last_seq > before
        said = words(home, session)
        for expected in ("LoRA trains", "upper bound", "tiny-b"):
            assert expected in said
        assert answers(home, session) == [] and made(platform) == {}
        home.reply(session, YES)
        await at_gate(home, session, "promotion")


async def test_a_setting_inside_a_question_is_told_to_have_changed_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        session = await to_plan(home)
        gate = home.store.state(session).gate
        state = home.reply(session, "How long would it take with 2 epochs?")
        state = await when(home, session, lambda s, seq=state.last_user_seq: seq in s.answered)
        assert state.gate == gate and "It names epochs: nothing is changed by that." in words(home, session)


async def test_a_no_at_a_gate_holds_it_open_and_a_later_yes_goes_on(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = await to_plan(home)
        home.reply(session, "Not yet.")
        state = await home.until(session)
        assert state.gate is not None and state.ended is None and "nothing further is started" in words(home, session)
        assert made(platform) == {}
        home.reply(session, YES)
        await at_gate(home, session, "promotion")


async def test_an_unclear_word_at_a_gate_is_no_yes(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = await to_plan(home)
        for text in ("Hmm.", "yes but what about the price?", "The colour of the sky."):
            home.reply(session, text)
            state = await home.until(session)
            assert state.gate is not None and not state.approved
        assert answers(home, session) == [] and made(platform) == {}


async def test_stop_in_mid_sweep_halts_launches_and_a_new_approval_goes_on(tmp_path: Path) -> None:
    slow = {"*": Script(seconds=1.5)}
    async with house(tmp_path, scripts=slow) as (home, platform):
        session = await to_plan(home, NINE)
        home.reply(session, YES)
        await when(home, session, lambda s: len(s.known.jobs) == 6)
        state = home.reply(session, "Stop.")
        assert state.held
        launched = creates(platform)
        state = await at_gate(home, session, "plan")
        await when(home, session, lambda s: all(j.state in TERMINAL for j in s.known.jobs.values()))
        assert creates(platform) == launched == 6
        home.reply(session, YES)
        await at_gate(home, session, "promotion")
        assert creates(platform) == len(jobs(platform)) == 9 and home.refusals == []


async def test_a_change_in_mid_sweep_halts_launches_until_the_new_plan_is_approved(tmp_path: Path) -> None:
    async with house(tmp_path, scripts={"*": Script(seconds=1.0)}) as (home, platform):
        session = await to_plan(home, NINE)
        home.reply(session, YES)
        await when(home, session, lambda s: len(s.known.jobs) == 6)
        home.reply(session, "Use 2 epochs.")
        state = await at_gate(home, session, "plan")
        assert state.held and creates(platform) == 6 and state.known.request.epochs == (2,)
        home.reply(session, YES)
        state = await at_gate(home, session, "promotion")
        assert creates(platform) == 6 + 9 and not running(platform)
        assert state.known.plan and all(c.epochs == 2 for c in state.known.plan.candidates)


async def test_another_candidate_can_be_named_at_promotion(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        session = await to_promotion(home)
        gate = home.store.state(session).gate
        assert gate and gate.shown.candidate
        other = 1 if gate.shown.candidate != 1 else 2
        home.reply(session, f"Use candidate {other} instead.")
        state = await at_gate(home, session, "promotion")
        assert state.gate and state.gate.shown.candidate == other and state.promoted is None
        home.reply(session, PROCEED)
        state = await to_end(home, session)
        assert state.promoted == other
        assert [d.item for d in state.known.deployments.values()] == [f"deploy-{other}"]


async def test_a_candidate_that_does_not_exist_is_refused_in_words_and_can_be_mended(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        session = await to_promotion(home)
        home.reply(session, "Use candidate 7 instead.")
        state = await home.until(session)
        assert (
            "Candidate 7 can't be promoted" in words(home, session)
            and state.gate is not None
            and state.promoted is None
        )
        home.reply(session, "Use candidate 1 instead.")
        state = await at_gate(home, session, "promotion")
        assert state.gate and state.gate.shown.candidate == 1
        home.reply(session, PROCEED)
        assert (await to_end(home, session)).promoted == 1


async def test_a_missing_model_is_asked_for_with_the_list(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        session = home.create("Run supervised fine-tuning on accounts/local/datasets/tickets.")
        state = await at_gate(home, session, "question")
        assert state.gate and state.gate.shown.asks_for == ("base_models",)
        assert all(model in state.gate.shown.text for model in ("tiny-a", "tiny-b", "tiny-c"))
        home.reply(session, "tiny-b")
        state = await at_gate(home, session, "plan")
        assert state.known.plan and {c.base_model for c in state.known.plan.candidates} == {
            "accounts/local/models/tiny-b"
        }


async def test_a_missing_data_set_is_asked_for(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        session = home.create("Run supervised fine-tuning. Use tiny-a as the base model.")
        state = await at_gate(home, session, "question")
        assert state.gate and state.gate.shown.asks_for == ("train_dataset",)
        home.reply(session, "accounts/local/datasets/tickets")
        await at_gate(home, session, "plan")


async def test_the_second_of_two_answers_is_told_the_first(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        session = await to_plan(home)
        gate = home.store.state(session).gate
        assert gate
        home.reply(session, YES, gate=gate.shown.digest)
        for text, pinned in ((YES, ""), ("Use 2 epochs.", gate.shown.digest)):
            with pytest.raises(Conflict, match=r"answered first with approve: 'Approved, proceed\.'"):
                home.reply(session, text, gate=pinned)
        assert answers(home, session) == [("plan", "approve")]


async def test_a_yes_without_an_open_gate_approves_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = home.create()
        with pytest.raises(Conflict, match="nothing is waiting"):
            home.reply(session, YES)
        await at_gate(home, session, "plan")
        assert answers(home, session) == [] and made(platform) == {}


async def test_a_standing_yes_covers_plan_and_winner_and_says_so(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        session = home.create(approve_up_to_usd=1.0)
        await home.until(session, "succeeded")
        given = [r.event for r in home.records(session) if isinstance(r.event, GateAnswered)]
        assert [(e.gate.gate, e.by) for e in given] == [("plan", "standing"), ("promotion", "standing")]
        assert all("--approve-up-to 1" in e.text for e in given)
        report = (home.home / "workspaces" / session / "final_report.md").read_text()
        assert "--approve-up-to 1" in report


async def test_the_cap_holds_and_free_slots_are_refilled_one_by_one(tmp_path: Path) -> None:
    quick_first = {f"*{digit}": Script(polls=2) for digit in "01234567"}
    async with house(tmp_path, scripts={**quick_first, "*": Script(polls=12)}) as (home, platform):
        seen: list[int] = []
        home.store.on_append(lambda _: seen.append(len(running(platform))))
        session = await to_promotion(home, NINE)
        assert len(jobs(platform)) == creates(platform) == 9
        assert max(seen) == 6
        launches = [r for r in home.records(session) if r.key.startswith("call/launch/")]
        others = [r for r in home.records(session) if r.key.startswith("outcome/measure/")]
        assert launches[6].seq < others[5].seq, "a free slot is filled before the whole first wave is done"


async def test_the_user_can_say_another_cap(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        seen: list[int] = []
        home.store.on_append(lambda _: seen.append(len(running(platform))))
        await to_promotion(home, NINE + " At most 2 jobs in parallel.")
        assert max(seen) == 2 and creates(platform) == 9


async def test_two_sessions_at_once_keep_their_own_things(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        one, two = home.create(), home.create()
        await asyncio.gather(at_gate(home, one, "plan"), at_gate(home, two, "plan"))
        home.reply(one, YES)
        home.reply(two, YES)
        await asyncio.gather(to_end(home, one), to_end(home, two))
        assert len(jobs(platform, one)) == len(jobs(platform, two)) > 1
        assert set(made(platform).values()) == {1} and home.refusals == []


def charge(home: House) -> None:
    """From now on the platform costs what the cloud does."""
    prices = load_prices((Path(__file__).parents[2] / "tuning" / "prices.yaml").read_text("utf-8"))
    home.executor.prices = lambda state: prices


async def test_a_standing_yes_below_the_ceiling_approves_nothing(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        charge(home)
        session = await to_plan(home, approve_up_to_usd=0.01)
        state = home.store.state(session)
        assert state.known.plan and state.known.plan.ceiling_usd > 0.01
        assert answers(home, session) == [] and made(platform) == {}


async def test_nothing_is_launched_that_could_pass_the_budget(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        charge(home)
        session = await to_plan(home, INSTRUCTION + " Budget: under $1.")
        assert "above your budget of $1.00" in words(home, session)
        home.reply(session, YES)
        await at_gate(home, session, "promotion")
        home.reply(session, PROCEED)
        state = await home.until(session)
        assert "pass the budget of $1.00" in words(home, session)
        assert deployments(platform) == [] and state.ended is None
        assert sum(state.committed.values()) <= 1.0


async def test_a_change_that_only_says_how_far_is_taken_from_what_stands(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        session = await to_plan(home, INSTRUCTION + " Use 3 epochs.")
        home.reply(session, "one epoch fewer please")
        state = await when(home, session, lambda s: s.revision == 2 and s.gate is not None)
        assert state.known.request.epochs == (2,) and not state.approved

"""What is said to a classification session after its end: further work on what is there, and words for what is not done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.session.state import SessionState
from tests.house import House
from tests.platforms import ScriptedPlatform
from tests.session.steps import YES, answers, at_gate, jobs, made, to_plan, when, words
from tests.session.test_classification import CLASSIFY, rooms
from tests.session.test_classification_troubles import up


@asynccontextmanager
async def ended(tmp_path: Path) -> AsyncIterator[tuple[House, ScriptedPlatform, str]]:
    """A classification session of two models that has ended well."""
    async with rooms(tmp_path) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        home.reply(session, YES)
        await home.until(session, "succeeded", seconds=60)
        yield home, platform, session


async def followed(home: House, session: str, text: str) -> SessionState:
    """The session at the new plan that these words lead to."""
    home.reply(session, text)
    state = await at_gate(home, session, "plan")
    assert state.ended is None and not state.approved
    return state


async def finished(home: House, platform: ScriptedPlatform, session: str) -> SessionState:
    """The session at its second end, with all that must be so."""
    home.reply(session, YES)
    state = await home.until(session, "succeeded", seconds=60)
    assert answers(home, session) == [("plan", "approve")] * 2 and home.refusals == []
    assert set(made(platform).values()) == {1}
    assert not any("-serve-" in name for name in up(platform))
    return state


async def test_another_candidate_is_trained_in_full_measured_and_deployed(tmp_path: Path) -> None:
    async with ended(tmp_path) as (home, platform, session):
        [first], trained = up(platform), len(jobs(platform))
        state = await followed(home, session, "deploy candidate 2 as well")
        plan, shown = state.known.plan, state.gate.shown.text if state.gate else ""
        assert plan is not None and [c.number for c in plan.candidates] == [2]
        assert "candidate 2, whatever its accuracy" in shown and "there already" in shown
        state = await finished(home, platform, session)
        assert len(jobs(platform)) == trained + 1 and len(up(platform)) == 2 and first in up(platform)
        assert "evaluate-final-2" in state.known.scores and state.known.report is not None
        assert state.known.report.summary["winner"]["number"] == 2
        assert f"Its deployments stay as they were: {first}." in words(home, session).replace("`", "")


async def test_a_candidate_that_does_not_exist_is_told(tmp_path: Path) -> None:
    async with ended(tmp_path) as (home, platform, session):
        before = made(platform)
        home.reply(session, "deploy candidate 9 as well")
        state = await when(home, session, lambda s: s.gate is not None)
        assert state.gate is not None and "there is no candidate 9" in words(home, session)
        assert made(platform) == before


async def test_other_settings_train_anew_and_keep_the_benchmark(tmp_path: Path) -> None:
    async with ended(tmp_path) as (home, platform, session):
        asked, trained = platform.count("POST", "/chat/completions$"), len(jobs(platform))
        state = await followed(home, session, "run it again with rank 32")
        assert state.known.request.lora_ranks == (32,) and state.known.request.workflow == "classification"
        assert state.gate is not None and "(2 there already, from earlier" in state.gate.shown.text
        await finished(home, platform, session)
        assert len(jobs(platform)) == trained + 2 and len(up(platform)) == 2
        assert platform.count("POST", "/chat/completions$") == asked + 2 * 24 + 1


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("now add label x", ("billing", "sales", "technical", "x")),
        ("leave out the label sales", ("billing", "technical")),
        ("now merge sales into technical", ("billing", "technical")),
    ],
)
async def test_other_labels_make_other_data_and_all_is_measured_anew(
    tmp_path: Path, text: str, labels: tuple[str, ...]
) -> None:
    async with ended(tmp_path) as (home, platform, session):
        state = await followed(home, session, text)
        assert state.known.material is not None and state.known.material.labels is not None
        assert state.known.material.labels.labels == labels and not state.known.scores
        assert state.gate is not None and ("single row: x" in state.gate.shown.text) == ("x" in labels)
        state = await finished(home, platform, session)
        assert len(state.known.scores) == 2 + 4 + 2


async def test_a_further_model_stays_a_classification(tmp_path: Path) -> None:
    async with ended(tmp_path) as (home, platform, session):
        state = await followed(home, session, "also try tiny-c")
        request = state.known.request
        assert (request.workflow, request.base_models) == ("classification", ("tiny-a", "tiny-b", "tiny-c"))
        assert {"evaluate-base-tiny-a", "evaluate-base-tiny-b"} <= set(state.known.scores)
        trained = len(jobs(platform))
        state = await finished(home, platform, session)
        assert len(jobs(platform)) == trained + 2 + 1


@pytest.mark.parametrize(
    "text", ["deploy the base as well", "deploy the base model tiny-a", "use something better", "run it again"]
)
async def test_what_is_not_done_is_told_and_moves_nothing(tmp_path: Path, text: str) -> None:
    async with ended(tmp_path) as (home, platform, session):
        before = made(platform)
        home.reply(session, text)
        state = await when(home, session, lambda s: s.settled)
        assert state.ended == "succeeded" and not state.earlier and made(platform) == before
        assert "Say what to do next" in words(home, session)
        assert "base" not in text or "deployed with the platform's own tools" in words(home, session)

"""Questions are answered in the terms of the session's workflow, from its own figures."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.planner.answers import answer
from agent.session.state import SessionState
from agent.understanding import read_reply
from tests.house import house
from tests.session.steps import YES, to_plan, words
from tests.session.test_classification import CLASSIFY, rooms

TERMS = {
    "how do you measure accuracy?": "Accuracy is the share of rows",
    "How are the models judged?": "Accuracy is the share of rows",
    "what is macro F1?": "mean of F1 over the labels",
    "what is leakage?": "Leakage is a row that judges a model",
    "what does the sweep do?": "by accuracy on the validation rows",
    "what is a confusion matrix?": "by true label and answer",
    "what is the imbalance?": "most frequent label",
    "what does LoRA rank mean?": "LoRA trains",
    "is the difference significant?": "McNemar",
    "how do you split the data?": "each label in proportion",
    "why is validation loss not used?": "decided by accuracy",
}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> SessionState:
    async def walk() -> SessionState:
        async with rooms(tmp_path_factory.mktemp("classification")) as (home, _):
            return home.store.state(await to_plan(home, CLASSIFY))

    return asyncio.run(walk())


@pytest.mark.parametrize("question", TERMS)
def test_a_term_is_explained_as_the_session_uses_it(planned: SessionState, question: str) -> None:
    assert read_reply(question, "plan", current=planned.known.request).label == "ask"
    told = answer(question, planned)
    assert TERMS[question] in told and "10% (at most" not in told and "ranks them by validation loss" not in told


async def test_the_session_is_asked_about_from_its_plan_to_its_end(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, _):
        session = await to_plan(home, CLASSIFY)
        state = home.store.state(session)
        next_ = answer("what happens next?", state)
        assert "I wait for your answer" in next_ and "each base model is measured" in next_
        assert next_.index("ranked by accuracy") < next_.index("deployed") < next_.index("report")
        rows = answer("which rows are in the test set?", state)
        assert "24 held-out rows" in rows and "datasets/" in rows and "each label in proportion" in rows
        assert "billing (32)" in answer("what are the labels?", state)
        assert "still open" in answer("why did candidate 2 win?", state)
        home.reply(session, "what happens next?")
        home.reply(session, YES)
        state = await home.until(session, "succeeded", seconds=60)
        assert "each base model is measured" in words(home, session)
        won = answer("why did candidate 1 win?", state)
        assert "best accuracy on the 24 held-out rows" in won and "95% interval" in won
        assert "did not win" in answer("why did candidate 2 win?", state) or "Candidate 2 won" in won
        assert "tiny-a untuned" in answer("how good are the models?", state)
        assert "has ended" in answer("what happens next?", state)


async def test_supervised_fine_tuning_keeps_its_own_terms(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, _):
        state = home.store.state(await to_plan(home))
        assert "ranks them by validation loss" in answer("what is the sweep?", state)
        assert "10% (at most 1,000)" in answer("what is held out?", state)
        assert "ranked by validation loss" in answer("what happens next?", state)

"""What is asked about the agent itself, and questions of two halves."""

from __future__ import annotations

import pytest

from agent.planner.answers import answer
from agent.session.events import Record, SessionCreated
from agent.session.state import SessionState, fold


def session(kind: str) -> SessionState:
    created = SessionCreated(instruction="hello", account="local", platform_kind=kind)  # type: ignore[arg-type]
    return fold([Record(session="s-1", seq=1, key="created", at=1.0, event=created)])


@pytest.mark.parametrize("question", ["what can you do?", "hello", "Hi!", "What can you do for me?"])
def test_only_what_is_served_is_offered(question: str) -> None:
    told = answer(question, session("local"))
    served, refused = told.split("Not served")
    assert "SFT" in served and "classification" in served and "reinforcement" not in served
    assert all(word in refused for word in ("preference", "reinforcement", "trajectories"))


def test_where_the_data_goes_is_told_by_platform() -> None:
    question = "can I trust that you don't send my data to the internet?"
    assert "stay on this machine" in answer(question, session("local"))
    cloud = answer(question, session("fireworks"))
    assert "uploaded" in cloud and "approved" in cloud and "stay on this machine" not in cloud


def test_both_halves_of_a_question_are_answered() -> None:
    told = answer("which models do you have and how much does it cost me?", session("local"))
    assert "tunable models" in told and "costs nothing" in told and "Reported by the platform" in told

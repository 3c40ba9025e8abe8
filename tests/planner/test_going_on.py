"""Steps are told in words, never by the names of tools."""

from __future__ import annotations

from agent.planner.answers import answer
from agent.session.events import Record, SessionCreated, ToolCalled
from agent.session.state import SessionState, fold
from tools.catalog import CATALOG
from tools.step_words import step_words


def preparing() -> SessionState:
    created = SessionCreated(instruction="hello", account="local", platform_kind="local")
    called = ToolCalled(call="prepare/1", tool="prepare_dataset", effect="read", tries=1, based_on=1)
    events = enumerate((created, called), start=1)
    return fold([Record(session="s-1", seq=n, key=f"k{n}", at=1.0, event=event) for n, event in events])


def test_every_tool_has_words_of_its_own() -> None:
    assert all(step_words(tool.name) != tool.name.replace("_", " ").capitalize() for tool in CATALOG)


def test_what_goes_on_is_told_with_the_state_and_with_the_time() -> None:
    assert answer("how's it going?", preparing()).startswith("Going on now: preparing the data.")
    assert "Going on now: preparing the data." in answer("when will it be done?", preparing())

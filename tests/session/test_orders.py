"""What a session says that it was asked for: its orders, not the question that a talk began with."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.server.view import summary
from tests.house import INSTRUCTION, house
from tests.session.steps import YES, at_gate, to_end


@pytest.mark.parametrize("opening", ["what can you do?", "hello"])
async def test_a_talk_that_began_with_a_question_is_known_by_its_order(tmp_path: Path, opening: str) -> None:
    async with house(tmp_path) as (home, _):
        session = home.create(opening)
        state = await at_gate(home, session, "question")
        assert summary(state)["instruction"] == opening
        home.reply(session, INSTRUCTION)
        await at_gate(home, session, "plan")
        home.reply(session, "Use 2 epochs.")
        state = await at_gate(home, session, "plan")
        assert summary(state)["instruction"] == INSTRUCTION
        home.reply(session, YES)
        await to_end(home, session)
        report = (home.home / "workspaces" / session / "final_report.md").read_text()
        asked = report[report.index("What was asked") : report.index("## How to use")]
        assert INSTRUCTION in asked and "Then: Use 2 epochs." in asked and opening not in asked

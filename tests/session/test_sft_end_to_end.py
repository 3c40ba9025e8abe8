"""The main job against the scripted platform: from a sentence to a serving deployment."""

from __future__ import annotations

from pathlib import Path

from tests.house import house


async def test_from_sentence_to_deployment(tmp_path: Path) -> None:
    async with house(tmp_path) as (home, platform):
        session = home.create()
        state = await home.until(session)
        assert state.gate is not None and state.gate.shown.gate == "plan", home.log(session)
        assert not [
            r for r in platform.requests if r.method != "GET" and "tickets" not in r.path and r.path.count("/") > 4
        ]
        home.reply(session, "Approved, proceed.")
        state = await home.until(session)
        assert state.gate is not None and state.gate.shown.gate == "promotion", home.log(session)
        home.reply(session, "Proceed with the winning config.")
        state = await home.until(session, "succeeded")
        assert state.known.report is not None
        assert any(d.serving for d in state.known.deployments.values())
        assert home.refusals == []

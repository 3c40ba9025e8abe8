"""A question that comes while the data is read is answered before that is done."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.house import House, house
from tests.session.steps import when, words
from tools import prepare_dataset
from tools.base import Arguments, FunctionTool, ToolContext, ToolResult
from tools.catalog import CATALOG


async def test_how_it_goes_is_told_while_a_step_lasts(tmp_path: Path) -> None:
    go_on = asyncio.Event()

    async def slow(arguments: Arguments, context: ToolContext) -> ToolResult:
        await go_on.wait()
        return await prepare_dataset.TOOL.run(arguments, context)

    real = prepare_dataset.TOOL
    held = FunctionTool(
        name=real.name, effect=real.effect, description=real.description, arguments=real.arguments, function=slow
    )
    async with house(tmp_path) as (first, _):
        home = House(tmp_path / "other", first.url, tools=[held if t.name == real.name else t for t in CATALOG])
        await home.runner.start()
        try:
            session = home.create()
            await when(home, session, lambda s: any(s.calls[k].tool == real.name for k in s.pending))
            home.reply(session, "how's it going?")
            await when(home, session, lambda s: not s.unanswered)
            assert "Going on now: preparing the data." in words(home, session)
            assert any(home.store.state(session).pending)
            go_on.set()
            await home.until(session)
        finally:
            await home.close()

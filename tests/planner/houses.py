"""A house whose sessions are planned by a scripted model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agent.planner.endpoint import Endpoint
from agent.planner.llm import LlmPlanner
from agent.session.events import LlmChoice, PlannerReplied, Record
from tests.house import House, chat_rows, jsonl, put_dataset
from tests.planner.scripted_model import KEY, Script, ScriptedModel, scripted_model
from tests.platforms import ScriptedPlatform, scripted_platform


class LlmHouse(House):
    """Creates sessions that the model plans."""

    model: ScriptedModel

    def create(self, *arguments: Any, **fields: Any) -> str:
        prices = {"input_price": 1.0, "cached_price": 0.5, "output_price": 2.0}
        choice = LlmChoice(url=self.model.url, model="scripted", credential="alias", **prices)
        return super().create(*arguments, planner="llm", llm=choice, **fields)

    def replies(self, session: str) -> list[PlannerReplied]:
        return [r.event for r in self.records(session) if isinstance(r.event, PlannerReplied)]


@asynccontextmanager
async def llm_house(
    tmp_path: Path,
    script: Script,
    *,
    rows: int = 120,
    content: bytes = b"",
    model: dict[str, Any] | None = None,
    **scripted: Any,
) -> AsyncIterator[tuple[LlmHouse, ScriptedPlatform]]:
    """A running house, its scripted platform with the data set `tickets`, and `home.model`."""
    endpoints: dict[str, Endpoint] = {}

    def opened(choice: LlmChoice) -> Endpoint:
        return endpoints.setdefault(choice.url, Endpoint(choice, KEY, retries=0))

    def records(session: str, since: int) -> list[Record]:
        return home.store.records(session, since)

    async def emit(session: str, text: str) -> None:
        home.progress.append((session, text))

    with (
        scripted_platform(tmp_path / "platform", **scripted) as platform,
        scripted_model(script, **(model or {})) as spoken,
    ):
        await asyncio.to_thread(put_dataset, platform.url, "tickets", content or jsonl(chat_rows(rows)))
        home = LlmHouse(tmp_path / "home", platform.url, LlmPlanner(records, opened, emit))
        home.model = spoken
        await home.runner.start()
        try:
            yield home, platform
        finally:
            await home.close()
            for endpoint in endpoints.values():
                await endpoint.close()

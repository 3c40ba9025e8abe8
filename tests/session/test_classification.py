"""Classification against the scripted platform: one approval, from a sentence to the deployed winner and its report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.house import House, house, jsonl, put_dataset
from tests.labelled import labelled_rows
from tests.platforms import ScriptedPlatform
from tests.session.steps import YES, answers, deployments, jobs, made, to_plan, words

CLASSIFY = "Run classification fine-tuning on accounts/local/datasets/intents using tiny-a and tiny-b."


@asynccontextmanager
async def rooms(
    tmp_path: Path, rows: Sequence[dict[str, Any]] | None = None, **scripted: Any
) -> AsyncIterator[tuple[House, ScriptedPlatform]]:
    """A house whose platform holds the labelled data set `intents`."""
    async with house(tmp_path, **scripted) as (home, platform):
        content = jsonl(labelled_rows(120) if rows is None else rows)
        await asyncio.to_thread(put_dataset, platform.url, "intents", content)
        yield home, platform


async def test_from_sentence_to_deployed_winner(tmp_path: Path) -> None:
    async with rooms(tmp_path) as (home, platform):
        session = await to_plan(home, CLASSIFY)
        text = home.store.state(session).gate.shown.text  # type: ignore[union-attr]
        assert "inferred from the data" in text and "| billing |" in text
        home.reply(session, YES)
        state = await home.until(session, "succeeded", seconds=60)
        assert answers(home, session) == [("plan", "approve")]
        assert state.known.report is not None and home.refusals == []
        assert set(made(platform).values()) == {1}
        assert len(jobs(platform, session)) == 4 + 2
        up = [d for d in deployments(platform) if d.document["desiredReplicaCount"] != 0]
        assert len(up) == 1 and "-deploy-" in up[0].name
        assert any(d.serving for d in state.known.deployments.values())
        assert len(state.known.scores) == 2 + 4 + 2, words(home, session)

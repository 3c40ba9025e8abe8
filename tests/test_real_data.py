"""The SFT workflow on data that people outside this project wrote, in small; skipped where the folder is absent."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path

import pytest

from tests.house import house, put_dataset

DATA = Path(__file__).parents[2] / "shared" / "data"
ROWS = 200


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "answers"), [("gsm8k-sft-train", "worked answers"), ("clinc-banking-train", "intent names")]
)
async def test_sft_on_real_rows_from_instruction_to_report(tmp_path: Path, name: str, answers: str) -> None:
    source = DATA / f"{name}.jsonl"
    if not source.exists():
        pytest.skip(f"{source.name} is not here")
    with source.open("rb") as file:
        content = b"".join(itertools.islice(file, ROWS))
    async with house(tmp_path) as (home, platform):
        await asyncio.to_thread(put_dataset, platform.url, name, content)
        session = home.create(
            f"Run supervised fine-tuning on accounts/local/datasets/{name} with tiny-a for 1 epoch. Use validation loss."
        )
        state = await home.until(session)
        assert state.gate is not None and state.gate.shown.gate == "plan", home.log(session)
        assert state.known.staged["train"].rows == ROWS and state.known.staged["train"].usable
        home.reply(session, "Approved, proceed.")
        await home.until(session)
        home.reply(session, "Proceed with the winning config.")
        state = await home.until(session, "succeeded")
        report = json.loads((home.home / "workspaces" / session / "final_report.json").read_text())
        assert report["tuned"] and report["base"], f"no held-out figures on {answers}"
        assert home.refusals == []

"""Staging and preparing the shared real data sets, where the folder is there."""

from pathlib import Path

import pytest

from tests.tools.conftest import Room
from tools.download_dataset import TOOL as DOWNLOAD
from tools.list_resources import TOOL as LIST
from tools.prepare_dataset import TOOL as PREPARE

DATA = Path(__file__).parents[2].parent / "shared" / "data"

pytestmark = [pytest.mark.realdata, pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here")]


@pytest.mark.parametrize(
    ("train", "evaluation", "parts"),
    [
        ("gsm8k-sft-train.jsonl", None, ["sweep", "validation", "full", "test"]),
        ("clinc-banking-train.jsonl", "clinc-banking-test.jsonl", ["sweep", "validation", "full", "test"]),
    ],
)
async def test_real_data_is_staged_and_prepared(
    room: Room, train: str, evaluation: str | None, parts: list[str]
) -> None:
    names = {"train": str(DATA / train), "eval": str(DATA / evaluation) if evaluation else None}
    room.ask(train_dataset=names["train"], eval_dataset=names["eval"], base_models=("tiny-a",))
    await room.call(LIST, kind="models", names=("tiny-a",))
    for role, name in names.items():
        if name:
            await room.call(DOWNLOAD, name=name, role=role)
            assert room.known.staged[role].usable and room.known.staged[role].tokens_exact
    await room.call(PREPARE)
    material = room.known.material
    assert material is not None and [part.role for part in material.parts] == parts
    assert material.total_rows == room.known.staged["train"].rows
    sizes = {part.role: part.rows for part in material.parts}
    assert sizes["sweep"] == min(1000, sizes["full"] - sizes["validation"])
    kept_out = 0 if evaluation else sizes["test"]
    assert sizes["full"] == material.total_rows - kept_out
    again = await room.again(PREPARE)
    assert again.facts[0].material == material  # type: ignore[union-attr]

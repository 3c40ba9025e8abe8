"""Makes the golden logs of this version: `python -m tests.golden.make`. Run once per release; never over an older folder.

Each is a session parked somewhere, as `log.jsonl` (one event a line, with seconds that count up). Their workspaces are
alike, so one is kept for all: the files that a later step reads. A later version must be able to drive every one to its end.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from agent.server.home import VERSION
from agent.session.events import Cancelling, Record, dump
from tests.house import INSTRUCTION, House, house, jsonl, put_dataset
from tests.labelled import labelled_rows
from tests.platforms import Script
from tests.session.steps import YES, at_gate, to_end, to_plan, to_promotion, when

FOLDER = Path(__file__).parent
ROWS = 50
SESSION = "1779157376-41e1"
BEGAN = 1_779_157_376.0
KEPT = ("datasets", "outputs")
NO_SWEEP = INSTRUCTION + " Skip HP tuning."
WITHOUT_MODEL = "Run supervised fine-tuning on accounts/local/datasets/tickets."


async def plan_gate(home: House) -> str:
    return await to_plan(home, NO_SWEEP)


async def promotion_gate(home: House) -> str:
    return await to_promotion(home)


async def question(home: House) -> str:
    session = home.create(WITHOUT_MODEL)
    await at_gate(home, session, "question")
    return session


async def mid_sweep(home: House) -> str:
    session = await to_plan(home)
    home.reply(session, YES)
    await when(home, session, lambda s: len(s.known.jobs) == 2 and not s.pending)
    return session


async def mid_cancel(home: House) -> str:
    session = await to_plan(home, NO_SWEEP)
    home.reply(session, YES)
    await when(home, session, lambda s: len(s.known.jobs) == 1 and not s.pending)
    await home.runner.stop()
    home.store.append(session, ("cancelling", Cancelling()))
    return session


async def ended(home: House) -> str:
    session = home.create(NO_SWEEP)
    await to_end(home, session)
    return session


PLACES = (plan_gate, promotion_gate, question, mid_sweep, mid_cancel, ended)
CLASSIFY = "Run classification on accounts/local/datasets/intents with tiny-a and tiny-b. Use LoRA ranks 8 and 16."
LABELLED_ROWS = 60


async def labels_plan_gate(home: House) -> str:
    return await to_plan(home, CLASSIFY)


async def labels_mid_benchmark(home: House) -> str:
    """The first base model is scored and at rest, the second is being served."""
    session = await to_plan(home, CLASSIFY)
    home.reply(session, YES)
    await when(home, session, lambda s: len(s.known.scores) == 1 and 0 in s.known.replicas.values())
    return session


async def labels_mid_sweep(home: House) -> str:
    session = await to_plan(home, CLASSIFY)
    home.reply(session, YES)
    await when(home, session, lambda s: len(s.known.jobs) == 4 and not s.pending)
    return session


LABELS_PLACES = (labels_plan_gate, labels_mid_benchmark, labels_mid_sweep)
SLOW = {"*": Script(polls=100_000)}


def write_log(records: list[Record], target: Path) -> None:
    """Nothing stands there yet."""
    target.mkdir(parents=True)
    with (target / "log.jsonl").open("w", encoding="utf-8") as file:
        for record in records:
            kind, version, data = dump(record.event)
            row = {
                "seq": record.seq,
                "key": record.key,
                "type": kind,
                "v": version,
                "at": BEGAN + record.seq,
                "data": data,
            }
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def write_workspace(workspace: Path, target: Path) -> None:
    for name in KEPT:
        files = [path for path in (workspace / name).rglob("*") if path.is_file()]
        for path in files:
            kept = target / path.relative_to(workspace)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, kept)


async def make(places: Sequence[Callable[[House], Awaitable[str]]], folder: Path, keeps: object) -> None:
    """Parks a session at each place; the workspace of the one that went farthest is kept for all."""
    for place in places:
        slow = SLOW if place in (mid_sweep, mid_cancel, labels_mid_sweep) else None
        with tempfile.TemporaryDirectory() as scratch:
            async with house(Path(scratch), rows=ROWS, scripts=slow) as (home, platform):
                rows = jsonl(labelled_rows(LABELLED_ROWS))
                await asyncio.to_thread(put_dataset, platform.url, "intents", rows)
                made = await place(home)
                await home.runner.stop()
                records = [r.model_copy(update={"session": SESSION}) for r in home.records(made)]
                write_log(records, folder / place.__name__)
                if place is keeps:
                    write_workspace(home.home / "workspaces" / made, folder / "workspace")


if __name__ == "__main__":
    if not (FOLDER / VERSION).exists():
        asyncio.run(make(PLACES, FOLDER / VERSION, promotion_gate))
    asyncio.run(make(LABELS_PLACES, FOLDER / f"{VERSION}-classification", labels_mid_sweep))

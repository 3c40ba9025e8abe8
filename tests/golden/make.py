"""Makes the golden logs of this version: `python -m tests.golden.make`. Run once per release; never over an older folder.

Each is a session parked somewhere, as `log.jsonl` (one event a line, with seconds that count up). Their workspaces are
alike, so one is kept for all: the files that a later step reads. A later version must be able to drive every one to its end.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from pathlib import Path

from agent.server.home import VERSION
from agent.session.events import Cancelling, Record, dump
from tests.house import INSTRUCTION, House, house
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


async def make() -> None:
    for place in PLACES:
        slow = SLOW if place in (mid_sweep, mid_cancel) else None
        with tempfile.TemporaryDirectory() as folder:
            async with house(Path(folder), rows=ROWS, scripts=slow) as (home, _):
                made = await place(home)
                await home.runner.stop()
                records = [r.model_copy(update={"session": SESSION}) for r in home.records(made)]
                write_log(records, FOLDER / VERSION / place.__name__)
                if place is promotion_gate:
                    write_workspace(home.home / "workspaces" / made, FOLDER / VERSION / "workspace")


if __name__ == "__main__":
    asyncio.run(make())

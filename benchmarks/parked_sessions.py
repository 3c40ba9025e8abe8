"""How long a restart takes with many sessions parked at their plan gate: open, fold and drive each once.

One session is run to its plan gate against the scripted platform of the tests; its log is then copied under other ids.

    python benchmarks/parked_sessions.py [--sessions 300]
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agent.executor import Executor
from agent.planner.offline import OfflinePlanner
from agent.runner import Runner
from agent.session.store import Store
from tests.house import house
from tools.catalog import CATALOG
from tuning.pricing import LOCAL_PRICES


async def park(folder: Path) -> tuple[Path, int]:
    """A database with one parked session; its path and how many events it has."""
    async with house(folder) as (home, _):
        session = home.create()
        state = await home.until(session)
        return home.home / "sessions.db", state.last_seq


def copies(database: Path, count: int) -> None:
    with sqlite3.connect(database) as raw:
        first = raw.execute("select session from sessions").fetchone()[0]
        for number in range(1, count):
            name = f"copy-{number:04d}"
            raw.execute("insert into sessions (session, request_key) values (?, ?)", (name, name))
            raw.execute(
                "insert into events select ?, seq, key, type, v, data, at from events where session = ?", (name, first)
            )
    raw.close()


async def resume(database: Path) -> tuple[float, int]:
    """Seconds from opening the log until every session was driven and waits again."""

    async def never(*_: object) -> object:
        raise AssertionError("a parked session needs no platform")

    start = time.perf_counter()
    store = Store(database)
    tools = {tool.name: tool for tool in CATALOG}
    executor = Executor(store, tools, never, database.parent, lambda state: LOCAL_PRICES, never)  # type: ignore[arg-type]
    runner = Runner(store, executor, OfflinePlanner())
    await runner.start()
    while not runner.idle:  # noqa: ASYNC110 - the runner's tasks are what is being timed
        await asyncio.sleep(0.005)
    seconds = time.perf_counter() - start
    waiting = sum(store.state(session).status == "waiting" for session in store.sessions())
    await runner.stop()
    store.close()
    return seconds, waiting


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=300)
    count = parser.parse_args().sessions
    with tempfile.TemporaryDirectory() as folder:
        database, events = asyncio.run(park(Path(folder)))
        alone, _ = asyncio.run(resume(database))
        copies(database, count)
        seconds, waiting = asyncio.run(resume(database))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("| parked sessions | events each | resumed, s | ratio to one session | waiting again | peak MB |")
    print("|--:|--:|--:|--:|--:|--:|")
    print(f"| {count} | {events} | {seconds:.2f} | {seconds / alone:.0f} | {waiting} | {peak:.0f} |")


if __name__ == "__main__":
    main()

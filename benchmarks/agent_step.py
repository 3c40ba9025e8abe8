"""What the agent adds to a step: judge, log, run, log, against LangGraph with its own SQLite checkpoints, in one run.

No model and no training: the tool returns at once. Both make every step durable on the same disk; ours with a full
synchronisation at each of its two commits, LangGraph with its saver as shipped. Needs `pip install -e .[bench]`.

    python benchmarks/agent_step.py [--steps 300]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, TypedDict

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

from agent.executor import Executor
from agent.guard.client import Connection, open_platform
from agent.guard.step import Run
from agent.session.events import SessionCreated
from agent.session.store import Store
from tools.base import Arguments, Effect, FunctionTool, ToolCall, ToolContext, ToolResult
from tools.facts import Listed
from tuning.pricing import LOCAL_PRICES


async def nothing(arguments: Arguments, context: ToolContext) -> ToolResult:
    return ToolResult(facts=(Listed(kind="jobs", text="nothing"),))


async def ours(folder: Path, steps: int) -> list[float]:
    """Seconds of each step through guard, executor and log."""
    store = Store(folder / "ours.db")
    platform = open_platform(Connection("local", "x", "http://127.0.0.1:9"), lambda: store.state("s"))
    tool = FunctionTool("nothing", Effect.READ, "returns at once", Arguments, nothing)

    async def opened(state: Any) -> tuple[Any, str]:
        return platform, ""

    async def emit(session: str, text: str) -> None:
        return None

    executor = Executor(store, {"nothing": tool}, opened, folder, lambda state: LOCAL_PRICES, emit)
    store.create("s", "s", [("created", SessionCreated(instruction="x", account="local", platform_kind="local"))])
    taken = []
    for number in range(steps):
        start = time.perf_counter()
        await executor.take("s", Run(ToolCall(f"k{number}", "nothing")), 1)
        taken.append(time.perf_counter() - start)
    await platform.close()
    store.close()
    return taken


class State(TypedDict):
    left: int
    texts: list[str]


async def langgraph(folder: Path, steps: int) -> list[float]:
    """Seconds of each node run under LangGraph with a durable SQLite checkpoint after it."""
    times: list[float] = []

    async def node(state: State) -> State:
        times.append(time.perf_counter())
        return {"left": state["left"] - 1, "texts": [*state["texts"], "nothing"]}

    graph = StateGraph(State)
    graph.add_node("step", node)
    graph.add_edge(START, "step")
    graph.add_conditional_edges("step", lambda state: "step" if state["left"] > 0 else END)
    async with AsyncSqliteSaver.from_conn_string(str(folder / "langgraph.db")) as saver:
        app = graph.compile(checkpointer=saver)
        config = {"configurable": {"thread_id": "s"}, "recursion_limit": steps + 5}
        await app.ainvoke({"left": steps, "texts": []}, config, durability="sync")
    return [after - before for before, after in itertools.pairwise(times)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300)
    steps = parser.parse_args().steps
    with tempfile.TemporaryDirectory() as folder:
        rows = {
            "fireagent (guard + executor + log, 2 durable commits)": asyncio.run(ours(Path(folder), steps)),
            "LangGraph (1 node, SQLite checkpoint)": asyncio.run(langgraph(Path(folder), steps)),
        }
    base = statistics.median(rows["LangGraph (1 node, SQLite checkpoint)"])
    print("| one step that does nothing | median ms | 95% ms | ratio |\n|---|--:|--:|--:|")
    for name, seconds in rows.items():
        p95 = statistics.quantiles(seconds, n=20)[-1]
        print(
            f"| {name} | {1e3 * statistics.median(seconds):.2f} | {1e3 * p95:.2f} | {statistics.median(seconds) / base:.2f} |"
        )


if __name__ == "__main__":
    main()

"""How fast an evaluation asks: our engine against a bare aiohttp client and against inspect-ai, in one run.

All three ask the same questions of one stub endpoint (`stub_endpoint.py`: a process of its own, 50 ms an answer, 64 slots;
what comes while all are taken waits, or is answered 429 with `--over refuse`).

    aiohttp     one client session, 64 in flight, the answer's text read, nothing else
    fireagent   the `evaluate_model` tool in a real session: SDK, guard's transport, session store on disk, completions
                reserved in blocks, answers in a JSONL file, the pace found by itself
    inspect-ai  its own loop over its OpenAI-compatible provider, 64 connections, no display, its log as it writes it

Every run is a process of its own. The time is what each takes for its work, without the start of Python and imports: for
ours from the tool's call to the score in the log, for inspect-ai the call of `eval`. Rounds go through all three in turn.

    python benchmarks/evaluation.py [--requests 4000] [--rounds 3] [--over refuse] [--only aiohttp fireagent]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

IN_FLIGHT = 64
CLIENTS = ("aiohttp", "fireagent", "inspect-ai")


@contextmanager
def stub(over: str) -> Iterator[str]:
    """The endpoint's URL."""
    command = [sys.executable, str(Path(__file__).with_name("stub_endpoint.py")), "--slots", "64", "--over", over]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def questions(count: int) -> list[list[dict[str, Any]]]:
    from tests.evaluation.desk import row

    return [row(number)["messages"][:-1] for number in range(count)]


class Watch:
    """Wall and CPU seconds of a block."""

    def __enter__(self) -> Watch:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds, self.cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu


async def with_aiohttp(url: str, count: int, folder: Path) -> Watch:
    import aiohttp

    waiting = iter(questions(count))

    async def worker(session: aiohttp.ClientSession) -> None:
        for messages in waiting:
            body = {"model": "stub", "messages": messages, "max_tokens": 32, "temperature": 0}
            while True:
                async with session.post(f"{url}/v1/chat/completions", json=body) as response:
                    answer = await response.json()
                if response.status == 200:
                    break
                await asyncio.sleep(1.0)
            assert answer["choices"][0]["message"]["content"]

    with Watch() as watch:
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(worker(session) for _ in range(IN_FLIGHT)))
    return watch


async def with_fireagent(url: str, count: int, folder: Path) -> Watch:
    from tests.evaluation.desk import ITEM, SESSION, Desk

    desk = Desk(folder, url, count)
    try:
        await desk.executor.context(SESSION)  # opens the platform, as a session has long done when it comes to evaluate
        with Watch() as watch:
            await desk.evaluate()
        score = desk.state.known.scores[ITEM]
        assert score.rows == count and score.failed == 0, score
    finally:
        await desk.close()
    return watch


def with_inspect(url: str, count: int, folder: Path) -> Watch:
    os.environ.update(STUB_BASE_URL=f"{url}/v1", STUB_API_KEY="none", INSPECT_DISPLAY="none")
    from inspect_ai import Task, eval  # type: ignore[import-not-found] # only where the `bench` extra is installed
    from inspect_ai.dataset import MemoryDataset, Sample  # type: ignore[import-not-found]
    from inspect_ai.model import ChatMessageSystem, ChatMessageUser  # type: ignore[import-not-found]
    from inspect_ai.scorer import match  # type: ignore[import-not-found]

    samples = [
        Sample(
            input=[ChatMessageSystem(content=q[0]["content"]), ChatMessageUser(content=q[1]["content"])],
            target="billing",
        )
        for q in questions(count)
    ]

    def asked(some: list[Any]) -> Any:
        (log,) = eval(
            Task(dataset=MemoryDataset(some), scorer=match()), model="openai-api/stub/stub", max_connections=IN_FLIGHT,
            max_samples=IN_FLIGHT, max_tokens=32, temperature=0, display="none", log_dir=str(folder), log_realtime=False,
            log_level="error",
        )  # fmt: skip
        return log

    asked(samples[:8])  # its modules are imported and its templates compiled on the first call
    with Watch() as watch:
        log = asked(samples)
    assert log.status == "success" and log.results.completed_samples == count, log.error
    return watch


def run_alone(client: str, url: str, count: int) -> dict[str, float]:
    """One client in a process of its own; seconds, and CPU seconds while it worked."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            __file__,
            "--client",
            client,
            "--url",
            url,
            "--requests",
            str(count),
            "--folder",
            folder,
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(f"{client} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def client_main(client: str, url: str, count: int, folder: Path) -> None:
    if client == "inspect-ai":
        watch = with_inspect(url, count, folder)
    else:
        watch = asyncio.run((with_aiohttp if client == "aiohttp" else with_fireagent)(url, count, folder))
    print(json.dumps({"seconds": watch.seconds, "cpu": watch.cpu}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--over", choices=("queue", "refuse"), default="queue")
    parser.add_argument("--only", nargs="+", choices=CLIENTS, default=list(CLIENTS))
    parser.add_argument("--client", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.client:
        client_main(arguments.client, arguments.url, arguments.requests, arguments.folder)
        return
    runs: dict[str, list[dict[str, float]]] = {client: [] for client in arguments.only}
    with stub(arguments.over) as url:
        for number in range(arguments.rounds):
            for client in (
                arguments.only[number % len(arguments.only) :] + arguments.only[: number % len(arguments.only)]
            ):
                runs[client].append(run_alone(client, url, arguments.requests))
    print_table(runs, arguments.requests)


def print_table(runs: dict[str, list[dict[str, float]]], count: int) -> None:
    """Medians over the rounds; the ratio is of the medians, its range that of the rounds."""
    rates = {client: [count / run["seconds"] for run in done] for client, done in runs.items()}
    base = rates.get("aiohttp")
    print("| client | requests/s (median; all rounds) | ratio to aiohttp | CPU, s per 1,000 requests |")
    print("|:--|--:|--:|--:|")
    for client, found in rates.items():
        ratio = f"{statistics.median(found) / statistics.median(base):.2f}" if base else "-"
        cpu = statistics.median(run["cpu"] for run in runs[client]) / count * 1000
        each = ", ".join(f"{rate:.0f}" for rate in found)
        print(f"| {client} | {statistics.median(found):.0f} ({each}) | {ratio} | {cpu:.2f} |")


if __name__ == "__main__":
    main()

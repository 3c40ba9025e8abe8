"""How long a `fireagent` command takes, against Python's own start and against importing the platform's SDK.

    python benchmarks/cli_startup.py [--rounds 20]

Runs every command in turn, round after round, so that a busy machine troubles all alike; prints medians of wall and CPU
time and their ratio to `python -c pass`. `session get` asks a running server about a session of its own making; the
session stays at its first question or plan, and nothing is trained.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAIN = "import sys; from agent.cli.main import main; sys.exit(main())"


def main() -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "FIREAGENT_HOME": home, "PYTHONPATH": str(ROOT), "FIREAGENT_PLATFORM_URL": "local"}
        made = subprocess.run(
            [sys.executable, "-c", MAIN, "session", "create", "-n", "Fine-tune a model."],
            env=environment, cwd=home, capture_output=True, text=True, check=True,
        )  # fmt: skip
        session = made.stdout.split()[-1]
        try:
            commands = {
                "python -c pass": ["-c", "pass"],
                "fireagent session get": ["-c", MAIN, "session", "get", session],
                "fireagent --version": ["-c", MAIN, "--version"],
                "import argparse, http.client": ["-c", "import argparse, http.client"],
                "import fireworks": ["-c", "import fireworks"],
            }
            show(measure(commands, environment, rounds))
        finally:
            subprocess.run([sys.executable, "-c", MAIN, "stop"], env=environment, cwd=home, check=True)


def measure(
    commands: Mapping[str, list[str]], environment: dict[str, str], rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """(wall, CPU) seconds of each command in each round; the first round warms the disk cache and is dropped."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, arguments in commands.items():
            before, begun = _cpu(), time.perf_counter()
            subprocess.run(
                [sys.executable, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL, cwd=ROOT
            )
            if number:
                found[name].append((time.perf_counter() - begun, _cpu() - before))
    return found


def show(found: Mapping[str, list[tuple[float, float]]]) -> None:
    """The table, one row per command."""
    base_wall, base_cpu = _medians(found["python -c pass"])
    print("| command | wall, ms | CPU, ms | wall, against a bare Python | CPU, against a bare Python |")
    print("|---|---|---|---|---|")
    for name, times in found.items():
        wall, cpu = _medians(times)
        row = f"{wall * 1e3:.0f} | {cpu * 1e3:.0f} | {wall / base_wall:.1f}x | {cpu / base_cpu:.1f}x"
        print(f"| `{name}` | {row} |")


def _medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(w for w, _ in times), statistics.median(c for _, c in times)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()

"""How many instructions and replies are read in a CPU second, against the same readers on Python's `re` alone.

    python benchmarks/understanding.py [--rounds 3]

Reads the cases of tests/understanding. Each measurement is a fresh process; the sides take turns, and of each the least
disturbed turn counts. "first" is the CPU time to import the readers and read one instruction. Both sides must give the
same predictions, or the script fails.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "understanding"


def main() -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=["fireagent", "re"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps(measured(plain=arguments.side == "re")))
        return
    turns: dict[str, list[dict[str, float | str]]] = {"fireagent": [], "re": []}
    for _ in range(arguments.rounds):
        for side, found in turns.items():
            command = [sys.executable, __file__, "--side", side]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            found.append(json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout))
    if len({turn["predictions"] for found in turns.values() for turn in found}) > 1:
        raise SystemExit("the two sides read differently")
    print("| readers on | instructions/s | replies/s | first, s |\n|---|---|---|---|")
    for side, found in turns.items():
        instructions, replies = (max(float(turn[kind]) for turn in found) for kind in ("instructions", "replies"))
        first = min(float(turn["first"]) for turn in found)
        print(
            f"| {'sifted patterns' if side == 'fireagent' else '`re`'} | {instructions:.0f} | {replies:.0f} | {first:.2f} |"
        )


def measured(plain: bool) -> dict[str, float | str]:
    """One turn in this process: cases a CPU second once all patterns are compiled, and a digest of the predictions."""
    from agent.understanding import patterns

    if plain:
        import re

        patterns.compile = re.compile  # type: ignore[assignment]
    start = time.process_time()
    from agent.understanding.predict import predict_instruction, predict_reply

    predict_instruction({"id": "first", "instruction": "Fine-tune qwen3 8b on support-v2 for 3 epochs."})
    rates: dict[str, float | str] = {"first": time.process_time() - start}
    digest = hashlib.sha256()
    for kind, predict in (("instructions", predict_instruction), ("replies", predict_reply)):
        files = sorted(CASES.glob(f"*{kind}.jsonl"))
        rows = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
        digest.update(json.dumps([predict(row) for row in rows]).encode())
        start = time.process_time()
        for row in rows:
            predict(row)
        rates[kind] = len(rows) / (time.process_time() - start)
    return rates | {"predictions": digest.hexdigest()}


if __name__ == "__main__":
    main()

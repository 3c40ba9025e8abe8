"""The main job, command by command, through the real CLI: one sentence, one plan, one yes, a deployed model that answers.

Everything it makes lies in demo-output/ (removed at the next run). Exits with the first command that fails.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "demo-output"
FIREAGENT = Path(sys.executable).with_name("fireagent")
DATASET = "support-tickets"
INSTRUCTION = (
    f"Run supervised fine-tuning on accounts/local/datasets/{DATASET}. Use ember-1m as the base model. "
    "Use validation loss for evaluation."
)
CLOUD_KEYS = ("FIREWORKS_API_KEY", "FIREWORKS_AGENT_API_KEY", "FIREAGENT_PLATFORM_URL")


def main() -> int:
    """Runs the demo; the exit code is that of the first command that failed."""
    start = time.monotonic()
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    env = {k: v for k, v in os.environ.items() if k not in CLOUD_KEYS} | {"FIREAGENT_HOME": str(HOME)}
    try:
        _story(env)
    except subprocess.CalledProcessError as error:
        print(
            f"\nThe demo stopped: `{shlex.join(map(str, error.cmd))}` exited with {error.returncode}.", file=sys.stderr
        )
        return error.returncode or 1
    finally:
        subprocess.run([FIREAGENT, "stop"], env=env, check=False, stdout=subprocess.DEVNULL)
    print(f"\nDone in {time.monotonic() - start:.0f} s. Everything is in {HOME.name}/.")
    return 0


def _story(env: dict[str, str]) -> None:
    def fireagent(*words: str) -> None:
        _say("fireagent", *words)
        subprocess.run([FIREAGENT, *words], env=env, check=True)

    fireagent("dataset", "create", DATASET, "examples/support-tickets.jsonl")
    fireagent("model", "list")
    _say("fireagent", "session", "create", "--instruction", INSTRUCTION)
    created = subprocess.run(
        [FIREAGENT, "session", "create", "--instruction", INSTRUCTION],
        env=env, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip
    print(created, end="")
    session = next(line.split()[2] for line in created.splitlines() if line.startswith("Session ID:"))
    fireagent("session", "events", session, "--wait")
    for reply in ("Approved, proceed.", "Proceed with the winning config."):
        seen = _get(session, env)["last_seq"]
        fireagent("session", "update", session, "--instruction", reply)
        fireagent("session", "events", session, "--wait", "--since", str(seen))
    fireagent("session", "get", session)
    result = _get(session, env)
    if result["status"] != "succeeded":
        raise subprocess.CalledProcessError(1, ["fireagent", "session", "get", session])
    snippet = Path(result["workspace"]) / "outputs" / "snippet.py"
    _say("python", str(snippet.relative_to(ROOT)))
    subprocess.run([sys.executable, snippet], env=env, check=True)
    print(f"\nThe report: {(Path(result['workspace']) / 'final_report.md').relative_to(ROOT)}")


def _get(session: str, env: dict[str, str]) -> dict[str, str]:
    command = [FIREAGENT, "session", "get", session, "-o", "json"]
    found = json.loads(subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout)
    assert isinstance(found, dict)
    return found


def _say(*words: str) -> None:
    print(f"\n$ {shlex.join(words)}", flush=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())

"""kill -9 at random moments, over and over, and then: is anything lost, doubled or different?

Sessions run through the real server over HTTP while it is killed and started again. An approver in another thread says yes
twice to every gate. Killed are the server, and with `--real` also the platform and its job processes. Afterwards every
session is compared with one that ran undisturbed, and the platform is asked what it was made to create.

    python benchmarks/kills.py --kills 200              scripted platform (fast)
    python benchmarks/kills.py --kills 10 --real        the local platform, real training
    python benchmarks/kills.py --kills 15 --mutation id        the harness must find trouble (also: keys)

Prints one table; exits 1 when trouble was found (with a mutation: when none was).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.house import chat_rows, jsonl, put_dataset  # noqa: E402 - the tests are no installed package

SETTLED = ("succeeded", "failed", "cancelled")
QUESTION = "What does it cost?"
PATIENCE = 180.0
"""Seconds without a kill after which a session that has not ended is called stuck."""
ANSWERS = {"plan": "Approved, proceed.", "promotion": "Proceed with the winning config."}


@dataclass
class Rig:
    """A server that is killed and started again, and the platform it works on."""

    home: Path
    real: bool
    mutation: str
    platform: subprocess.Popen[bytes] | None = None
    server: subprocess.Popen[bytes] | None = None
    kills: Counter[str] = field(default_factory=Counter)
    refused_answers: int = 0
    platform_url: str = ""

    def start_platform(self) -> None:
        folder = self.home / "outside-platform"
        folder.mkdir(parents=True, exist_ok=True)
        port = "0" if not self.platform_url else self.platform_url.rsplit(":", 1)[1]
        module = "local_platform" if self.real else "tests.platforms"
        (folder / "address.json").unlink(missing_ok=True)
        self.platform = _spawn(["-m", module, "--home", str(folder), "--port", port], self.home / "platform.log")
        self.platform_url = _wait_json(folder / "address.json")["url"]
        _wait_http(f"{self.platform_url}/v1/accounts", {"Authorization": "Bearer x"})

    def start_server(self, mutated: bool = True) -> None:
        command = ["-m", "agent.server", "--home", str(self.home / "home")]
        if mutated and self.mutation:
            command = [str(Path(__file__)), "--serve", self.mutation, str(self.home / "home")]
        (self.home / "home" / "server.json").unlink(missing_ok=True)
        self.server = _spawn(command, self.home / "server.log")

    def client(self) -> httpx.Client | None:
        """A client of the server that runs now, None while there is none."""
        try:
            address = json.loads((self.home / "home" / "server.json").read_text())
            token = (self.home / "home" / "token").read_text()
        except (OSError, ValueError):
            return None
        return httpx.Client(base_url=address["url"], headers={"Authorization": f"Bearer {token}"}, timeout=20)

    def kill(self, what: str) -> None:
        victim = self.server if what == "server" else self.platform
        pid = victim.pid if victim else 0
        if what == "job":
            pid = _job_process(self.platform.pid if self.platform else 0)
        if not pid:
            return
        os.kill(pid, signal.SIGKILL)
        if victim is not None and what != "job":
            victim.wait()
        self.kills[what] += 1
        if what == "server":
            self.start_server()
        elif what == "platform":
            self.start_platform()

    def stop(self) -> None:
        for process in (self.server, self.platform):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(20)


def _spawn(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as file:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "FIREWORKS_API_KEY": "", "HF_HUB_OFFLINE": "1"}
        return subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=file, stderr=file, env=env)


def _wait_json(path: Path, seconds: float = 90) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            found = json.loads(path.read_text())
            if isinstance(found, dict):
                return found
        except (OSError, ValueError):
            time.sleep(0.05)
    raise SystemExit(f"{path} did not appear in {seconds} s; see the logs beside it")


def _wait_http(url: str, headers: dict[str, str], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            httpx.get(url, headers=headers)
            return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise SystemExit(f"{url} did not answer in {seconds} s")


def _job_process(platform: int) -> int:
    """A process that trains for this platform, 0 if none."""
    found = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in found.splitlines()]
    below, wanted = {platform}, []
    for _ in range(3):
        below |= {int(pid) for pid, parent, _ in rows if int(parent) in below}
    wanted = [int(pid) for pid, _, args in rows if int(pid) in below and int(pid) != platform and "training" in args]
    return random.choice(wanted) if wanted else 0


def call(rig: Rig, method: str, path: str, **kwargs: Any) -> Any:
    """One request to the server, again and again until it is there. 409 is an answer too."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        client = rig.client()
        if client is None:
            time.sleep(0.05)
            continue
        try:
            with client:
                response = client.request(method, path, **kwargs)
        except httpx.HTTPError:
            time.sleep(0.05)
            continue
        if response.status_code in (200, 201):
            return response.json()
        if response.status_code == 409:
            rig.refused_answers += 1
            return None
        if response.status_code not in (401, 503):
            raise RuntimeError(f"{method} {path} answered {response.status_code}: {response.text[:500]}")
        time.sleep(0.05)
    raise RuntimeError(f"the server did not answer {method} {path} for 120 s")


def begin(rig: Rig, model: str) -> str:
    body = {
        "instruction": f"Run supervised fine-tuning on accounts/local/datasets/tickets. Use {model} as the base model. "
        "Use validation loss for evaluation. Train each candidate for 1 epoch.",
        "platform_url": rig.platform_url,
        "request_key": uuid.uuid4().hex,
    }
    first = call(rig, "POST", "/v1/sessions", json=body)["session_id"]
    again = call(rig, "POST", "/v1/sessions", json=body)["session_id"]
    assert first == again, "one request made two sessions"
    return str(first)


def drive(rig: Rig, sessions: list[str], stop: threading.Event) -> None:
    """Says yes, twice, to every gate of every session, until all have ended."""
    left = set(sessions)
    while left and not stop.is_set():
        for session in sorted(left):
            found = call(rig, "GET", f"/v1/sessions/{session}")
            if found["status"] in SETTLED:
                left.discard(session)
            gate = found.get("gate")
            if gate and found["status"] == "waiting":
                asked = {"text": QUESTION, "gate": gate["digest"], "key": f"ask-{gate['digest'][:20]}"}
                for _ in range(2):  # a delivery whose answer was lost is sent again, under the same key
                    call(rig, "POST", f"/v1/sessions/{session}/messages", json=asked)
                body = {
                    "text": ANSWERS.get(gate["kind"], "try again"),
                    "gate": gate["digest"],
                    "key": f"yes-{gate['digest'][:20]}",
                }
                call(rig, "POST", f"/v1/sessions/{session}/messages", json=body)
                call(rig, "POST", f"/v1/sessions/{session}/messages", json={**body, "key": uuid.uuid4().hex})
        time.sleep(0.1)


def _watched(trouble: list[BaseException], rig: Rig, sessions: list[str], stop: threading.Event) -> None:
    """Drives, and keeps what went wrong for the thread that waits."""
    try:
        drive(rig, sessions, stop)
    except Exception as error:
        trouble.append(error)
        raise


def run(rig: Rig, count: int, model: str, kills: int, rng: random.Random, span: float) -> list[str]:
    """Runs `count` sessions at a time to their ends until `kills` kills have hit live ones; all sessions of the run."""
    done: list[str] = []
    while True:
        sessions = [begin(rig, model) for _ in range(count)]
        stop = threading.Event()
        trouble: list[BaseException] = []
        driver = threading.Thread(target=_watched, args=(trouble, rig, sessions, stop), daemon=True)
        driver.start()
        quiet_since = time.monotonic()
        while driver.is_alive():
            if time.monotonic() - quiet_since > PATIENCE:
                stop.set()  # a session that does not end is trouble, and is compared as it is
            driver.join(rng.uniform(0.05, span))
            if driver.is_alive() and rig.kills.total() < kills:
                quiet_since = time.monotonic()
                rig.kill(rng.choice(("server", "server", "platform", "job")) if rig.real else "server")
        if trouble:
            raise trouble[0]
        done += sessions
        print(f"  {rig.kills.total()} kills, {len(done)} sessions ended", file=sys.stderr, flush=True)
        if rig.kills.total() >= kills:
            return done


def facts(rig: Rig, session: str) -> dict[str, Any]:
    """What a session came to, in a form that is equal for undisturbed and disturbed runs."""
    state = call(rig, "GET", f"/v1/sessions/{session}")
    events = call(rig, "GET", f"/v1/sessions/{session}/events", params={"since": 0, "format": "json"})
    events = events["events"] if isinstance(events, dict) else events
    approvals = Counter(e["data"]["gate"]["gate"] for e in events if e["type"] == "gate.answered")
    shown = Counter(
        f["fact"] for e in events if e["type"] == "tool.returned" for f in e["data"]["facts"]
        if f["fact"] in ("plan_drafted", "dataset_staged", "dataset_prepared", "upload_finished", "report_written")
    )  # fmt: skip
    created = Counter(
        {kind: len(_named(rig, kind, session)) for kind in ("datasets", "supervisedFineTuningJobs", "deployments")}
    )
    return {
        "status": state["status"],
        "questions": sum(e["type"] == "user.message" and e["data"]["text"] == QUESTION for e in events),
        "winner": (state.get("deployment") or {}).get("item") or _winner(events),
        "gap-free": [e["seq"] for e in events] == list(range(1, len(events) + 1)),
        "approvals": dict(approvals),
        "established": dict(sorted(shown.items())),
        "created on the platform": dict(created),
        "launches": len(
            {e["data"]["resource"] for e in events if e["type"] == "tool.called" and e["data"]["tool"] == "launch_job"}
        ),
    }


def _winner(events: list[dict[str, Any]]) -> Any:
    return [
        e["data"]["candidate"]
        for e in events
        if e["type"] == "gate.answered" and e["data"]["gate"]["gate"] == "promotion"
    ]


def _named(rig: Rig, kind: str, session: str) -> list[str]:
    """Names on the platform that this session made."""
    found: list[str] = []
    token = ""
    while True:
        params = {"pageSize": 200, **({"pageToken": token} if token else {})}
        page = httpx.get(
            f"{rig.platform_url}/v1/accounts/local/{kind}", params=params, headers={"Authorization": "Bearer x"}
        ).json()
        found += [row["name"] for row in page.get(kind, []) if f"/fa-{session}-" in row["name"]]
        token = page.get("nextPageToken", "")
        if not token:
            return found


def compare(reference: dict[str, Any], found: dict[str, Any]) -> list[str]:
    return [f"{key}: {found[key]!r} instead of {reference[key]!r}" for key in reference if reference[key] != found[key]]


def serve_mutated(mutation: str, home: str) -> int:
    """The server with a fault built in, which the harness has to find."""
    import agent.server.main as server

    if mutation == "keys":
        from agent.server.sessions import Sessions

        honest_say = Sessions.say
        Sessions.say = lambda self, session, message: honest_say(  # type: ignore[method-assign]
            self, session, message.model_copy(update={"key": uuid.uuid4().hex})
        )
    elif mutation == "id":
        from tuning import plan

        honest, chance = plan.PlanItem.attempt_id, random.randrange(10**6)
        plan.PlanItem.attempt_id = lambda self, attempt: f"{honest(self, attempt)}-{chance}"
    else:
        raise SystemExit(f"unknown mutation {mutation!r}: id or keys")
    sys.argv = ["agent.server", "--home", home]
    return server.main()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--sessions", type=int, default=3, help="at a time")
    parser.add_argument("--real", action="store_true", help="the local platform with real training")
    parser.add_argument("--mutation", default="", choices=("", "id", "keys"))
    parser.add_argument("--span", type=float, default=0.0, help="longest seconds between two kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve", nargs=2, metavar=("MUTATION", "HOME"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        return serve_mutated(*arguments.serve)
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder), arguments.real, arguments.mutation)
        try:
            return measure(rig, arguments)
        finally:
            rig.stop()


def measure(rig: Rig, arguments: argparse.Namespace) -> int:
    rng = random.Random(arguments.seed)
    model = "ember-1m" if rig.real else "tiny-a"
    span = arguments.span or (12.0 if rig.real else 4.0)
    start = time.monotonic()
    rig.start_platform()
    put_dataset(rig.platform_url, "tickets", jsonl(chat_rows(80)))
    rig.start_server(mutated=False)
    reference = facts(rig, run(rig, 1, model, 0, rng, span)[0])
    if rig.mutation and rig.server is not None:
        rig.server.terminate()
        rig.server.wait(20)
        rig.start_server()
    sessions = run(rig, 1 if rig.real else arguments.sessions, model, arguments.kills, rng, span)
    trouble = {session: found for session in sessions if (found := compare(reference, facts(rig, session)))}
    print("| platform | kills | of what | sessions | answers refused as second | sessions with trouble | minutes |")
    print("|---|--:|---|--:|--:|--:|--:|")
    what = ", ".join(f"{n} {name}" for name, n in sorted(rig.kills.items()))
    minutes = (time.monotonic() - start) / 60
    kind = f"{'local' if rig.real else 'scripted'}{f', mutation {rig.mutation}' if rig.mutation else ''}"
    print(
        f"| {kind} | {rig.kills.total()} | {what} | {len(sessions)} | {rig.refused_answers} | {len(trouble)} | {minutes:.1f} |"
    )
    for session, found in list(trouble.items())[:5]:
        print(f"\n{session}:\n  " + "\n  ".join(found))
    print(f"\nUndisturbed: {json.dumps(reference)}")
    return 0 if bool(trouble) == bool(rig.mutation) else 1


if __name__ == "__main__":
    sys.exit(main())

"""A platform for every test of the project: the local platform's own routes and store, with scripted jobs and answers.

    with scripted_platform(tmp_path, scripts={"*-r32-*": Script(outcome="failed")}) as platform:
        client = Fireworks(base_url=platform.url, api_key="x", account_id="local")
        platform.faults.append(Fault("POST", r"/supervisedFineTuningJobs$", drop_after=True, times=1))
        ...
        platform.requests  # everything that arrived

Jobs move on when they are looked at: each GET of a job (alone or in a list) is one poll. Served by uvicorn on loopback in a
thread; `python -m tests.platforms --home DIR --port 0` serves the same as a process that may be killed. No torch.
"""

import argparse
import asyncio
import fnmatch
import hashlib
import json
import math
import os
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local_platform.api.app import create_app
from local_platform.engine import ChatRequest, Chunk, Target
from local_platform.jobs import Report
from local_platform.services import SFT_JOBS, Services
from local_platform.settings import Settings
from local_platform.store import Resource
from tests.micro_model import catalog_entry, write_catalog, write_tokenizer

MODELS = ("tiny-a", "tiny-b", "tiny-c")
"""The base models on offer unless a test says otherwise: 1, 2 and 3 million parameters."""


@dataclass(frozen=True)
class Script:
    """How a job goes. It ends after `polls` polls (or `seconds`, when given) as `outcome` says."""

    polls: int = 3
    seconds: float | None = None
    outcome: Literal["completed", "failed", "stalled", "lost"] = "completed"
    """stalled: RUNNING at 10% for ever. lost: its process vanishes, the first `losses` times."""
    losses: int = 1
    code: str = "INTERNAL"
    message: str = "scripted failure"


@dataclass
class Fault:
    """What goes wrong with the requests whose method and path (a regular expression, searched) match."""

    method: str = "*"
    path: str = ""
    status: int | None = None
    """Answer this status instead of handling the request."""
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds to wait before handling."""
    drop: bool = False
    """Close the connection without handling the request: the platform is down."""
    drop_after: bool = False
    """Handle the request whole, then close the connection without an answer."""
    times: int | None = None
    """How many requests it hits; None = all."""


@dataclass(frozen=True)
class Seen:
    """One request that arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    body_sha256: str

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


def scripted_loss(rank: int, learning_rate: float, epochs: float, parameters: int) -> float:
    """The evaluation loss a scripted job ends with: least at rank 16, lower with more epochs and a larger model."""
    distance = 0.02 * abs(math.log2(rank / 16)) + 0.02 * abs(math.log10(learning_rate / 1e-4))
    return round(0.8 + distance - 0.05 * math.log2(1 + epochs) - 0.02 * math.log10(parameters), 6)


class ScriptedRunner:
    """Stands in for training. Its state is on disk in the job's folder, so it survives a kill of the process."""

    def __init__(self, scripts: Mapping[str, Script]) -> None:
        self.scripts = dict(scripts)
        self.folders: dict[str, Path] = {}

    def script(self, job_id: str) -> Script:
        return next((s for pattern, s in self.scripts.items() if fnmatch.fnmatch(job_id, pattern)), Script())

    def start(self, job: Resource, folder: Path) -> None:
        self.folders[job.id] = folder
        state = _read(folder)
        _write(folder, {**state, "starts": state.get("starts", 0) + 1, "polls": 0, "at": time.time()})
        (folder / "trainer.log").write_text(f"scripted run of {job.id}\n")

    def polled(self, job_id: str) -> None:
        folder = self.folders.get(job_id)
        if folder and folder.is_dir():
            state = _read(folder)
            _write(folder, {**state, "polls": state.get("polls", 0) + 1})

    def report(self, job: Resource, folder: Path) -> Report:
        script, state = self.script(job.id), _read(folder)
        polls = state.get("polls", 0)
        part = polls / max(script.polls, 1) if script.polls else 1.0
        if script.seconds is not None:
            part = (time.time() - state["at"]) / script.seconds
        elif polls == 0 and script.polls:
            return Report("waiting")
        if script.outcome == "stalled":
            return Report("running", {"percent": 10, "epoch": 0})
        if script.outcome == "lost" and state["starts"] <= script.losses:
            return Report("lost", message="evicted (scripted)")
        if part < 1:
            return Report("running", {"percent": min(99, int(100 * part)), "epoch": 0})
        if script.outcome == "failed":
            return Report("failed", code=script.code, message=script.message)
        _leave_results(json.loads((folder / "job.json").read_text()), folder)
        return Report("completed", {"epoch": int(job.document["epochs"])})

    def stop(self, job: Resource, folder: Path) -> None:
        self.folders.pop(job.id, None)

    def close(self) -> None:
        self.folders.clear()


class ScriptedEngine:
    """Stands in for serving. A tuned model answers what its training rows say for the most similar prompt."""

    def __init__(self, deployment_polls: int, answer: Callable[[ChatRequest], str] | None) -> None:
        self.polls = 0
        self.loaded: set[Target] = set()
        self.busy = 0
        self.most_busy = 0
        self._deployment_polls = deployment_polls
        self._answer = answer or _from_training_rows
        self._asked: dict[Target, int] = {}

    def load(self, target: Target) -> bool:
        if self.polls - self._asked.setdefault(target, self.polls) < self._deployment_polls:
            return False
        self.loaded.add(target)
        return True

    def unload(self, target: Target) -> None:
        self.loaded.discard(target)
        self._asked.pop(target, None)

    async def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        self.busy += 1
        self.most_busy = max(self.busy, self.most_busy)
        await asyncio.sleep(0)
        self.busy -= 1
        words = self._answer(request).split(" ")
        cut = words[: request.max_tokens]
        for index, word in enumerate(cut):
            yield Chunk(word if index == 0 else f" {word}")
        prompt = sum(len(str(message["content"]).split()) for message in request.messages)
        yield Chunk("", "stop" if len(cut) == len(words) else "length", prompt, len(cut))

    def close(self) -> None:
        self.loaded.clear()


class Wire:
    """ASGI middleware: records every request, applies the faults, and lets a look at a job count as a poll."""

    def __init__(self, app: ASGIApp, services: Services, runner: ScriptedRunner, engine: ScriptedEngine) -> None:
        self.app, self.services, self.runner, self.engine = app, services, runner, engine
        self.requests: list[Seen] = []
        self.faults: list[Fault] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await _body(receive)
        seen = _seen(scope, body)
        self.requests.append(seen)
        fault = self._fault(seen)
        await asyncio.sleep(fault.delay)
        if fault.drop:
            _drop(send)
        elif fault.status is not None:
            await _answer_status(send, fault)
        else:
            if seen.method == "GET":
                await asyncio.to_thread(self._poll, seen.path)
            await self.app(scope, _replay(body, receive), _swallow if fault.drop_after else send)
            if fault.drop_after:
                _drop(send)

    def _fault(self, seen: Seen) -> Fault:
        for fault in self.faults:
            if fault.method in ("*", seen.method) and re.search(fault.path, seen.path) and fault.times != 0:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return Fault()

    def _poll(self, path: str) -> None:
        _, found, rest = path.partition(f"/{SFT_JOBS}")
        if found:
            self.services.jobs.tick()
            self.services.jobs.tick()
            wanted = rest.removeprefix("/")
            for job in self.services.store.list(SFT_JOBS):
                if wanted in ("", job.id):
                    self.runner.polled(job.id)
            self.services.jobs.tick()
        if "/deployments" in path:
            self.services.deployments.tick()
            self.engine.polls += 1
            self.services.deployments.tick()


@dataclass
class ScriptedPlatform:
    """A running scripted platform."""

    url: str
    services: Services
    runner: ScriptedRunner
    engine: ScriptedEngine
    requests: list[Seen]
    faults: list[Fault]

    def count(self, method: str, path: str) -> int:
        """How many requests of a method matched a path expression."""
        return sum(1 for seen in self.requests if seen.method == method and re.search(path, seen.path))


@contextmanager
def scripted_platform(
    home: Path,
    *,
    scripts: Mapping[str, Script] | None = None,
    models: Sequence[str] = MODELS,
    deployment_polls: int = 1,
    max_running_jobs: int = 100,
    answer: Callable[[ChatRequest], str] | None = None,
    tick_seconds: float = 3600.0,
) -> Iterator[ScriptedPlatform]:
    """Serve a scripted platform from `home` for the length of the block; a later one on the same home goes on."""
    app, platform = _build(home, scripts, models, deployment_polls, max_running_jobs, answer, tick_seconds)
    listener = socket.create_server(("127.0.0.1", 0))
    platform.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(_server_config(app))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the scripted platform did not start")
            time.sleep(0.005)
        yield platform
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def _build(
    home: Path,
    scripts: Mapping[str, Script] | None,
    models: Sequence[str],
    deployment_polls: int,
    max_running_jobs: int,
    answer: Callable[[ChatRequest], str] | None,
    tick_seconds: float,
) -> tuple[ASGIApp, ScriptedPlatform]:
    shelf = home / "base_models"
    for model in models:
        if not (shelf / model / "config.json").is_file():
            write_tokenizer(shelf / model)
            (shelf / model / "config.json").write_text('{"model_type": "qwen3"}')
    entries = [catalog_entry(model, 1_000_000 * (index + 1)) for index, model in enumerate(models)]
    settings = Settings(
        home=home / "platform",
        catalog=write_catalog(shelf, entries),
        tick_seconds=tick_seconds,
        max_running_jobs=max_running_jobs,
    )
    runner, engine = ScriptedRunner(scripts or {}), ScriptedEngine(deployment_polls, answer)
    app = create_app(settings, runner, engine)
    wire = Wire(app, app.state.services, runner, engine)
    return wire, ScriptedPlatform("", app.state.services, runner, engine, wire.requests, wire.faults)


def _server_config(app: ASGIApp) -> uvicorn.Config:
    # proxy_headers=False: nothing may wrap `send`, or _drop could not reach the connection.
    return uvicorn.Config(
        app, log_level="warning", proxy_headers=False, ws="none", timeout_graceful_shutdown=1, lifespan="on"
    )


def _leave_results(spec: dict[str, Any], folder: Path) -> None:
    """What a finished job leaves: an adapter and metrics.jsonl in the real trainer's form."""
    if (folder / "adapter").is_dir() or not (folder / "job.json").is_file():
        return
    rows = _rows(spec["train_files"])
    final = scripted_loss(spec["lora_rank"], spec["learning_rate"], spec["epochs"], _parameters(spec))
    evaluation = _rows(spec["evaluation_files"]) or (rows[: max(1, len(rows) // 10)] if spec["carve_out"] else [])
    lines = [_evaluation_line(0, 0.0, 2.0, evaluation)] if evaluation else []
    steps = max(1, math.ceil(len(rows) * spec["epochs"] / spec["batch_size"]))
    for step in range(1, min(steps, 50) + 1):
        loss = final + (2.0 - final) * math.exp(-3 * step / steps)
        epoch = round(spec["epochs"] * step / steps, 4)
        line = {"step": step, "epoch": epoch, "loss": round(loss, 6), "learning_rate": spec["learning_rate"]}
        lines.append({**line, "tokens": 100 * step})
    if evaluation:
        lines.append(_evaluation_line(steps, float(spec["epochs"]), final, evaluation))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "adapter").mkdir()
    config = {"r": spec["lora_rank"], "target_modules": ["q_proj", "v_proj"]}
    (folder / "adapter" / "adapter_config.json").write_text(json.dumps(config))
    (folder / "adapter" / "answers.json").write_text(json.dumps([_prompt_and_reply(row) for row in rows]))


def _evaluation_line(step: int, epoch: float, loss: float, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows whose losses scatter by 10% around `loss` in a fixed pattern; eval_loss is their token-weighted mean."""
    counts = [max(1, len(_prompt_and_reply(row)[1].split())) for row in rows]
    scored = [[round(n * loss * (1 + 0.1 * (-1) ** index), 6), n] for index, n in enumerate(counts)]
    tokens = sum(counts)
    mean = sum(nll for nll, _ in scored) / tokens
    return {"step": step, "epoch": epoch, "eval_loss": mean, "eval_tokens": tokens, "eval_rows": scored}


def _parameters(spec: dict[str, Any]) -> int:
    name = spec["base_model"].rpartition("/")[2]
    return 1_000_000 * (MODELS.index(name) + 1) if name in MODELS else 1_000_000


def _rows(files: Sequence[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for file in files for line in Path(file).read_text().splitlines() if line.strip()]


def _prompt_and_reply(row: dict[str, Any]) -> tuple[str, str]:
    messages = row.get("messages", [])
    said = {message["role"]: str(message.get("content") or "") for message in messages}
    return said.get("user", ""), said.get("assistant", "")


def _from_training_rows(request: ChatRequest) -> str:
    prompt = next((str(m["content"]) for m in reversed(request.messages) if m["role"] == "user"), "")
    if request.target.adapter is None:
        return "I do not know."
    pairs = json.loads((request.target.adapter / "answers.json").read_text())
    words = set(prompt.lower().split())
    best = max(len(words & set(text.lower().split())) for text, _ in pairs)
    replies = Counter(reply for text, reply in pairs if len(words & set(text.lower().split())) == best)
    return str(replies.most_common(1)[0][0])


def _read(folder: Path) -> dict[str, Any]:
    path = folder / "script_state.json"
    state: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return state


def _write(folder: Path, state: dict[str, Any]) -> None:
    partial = folder / "script_state.partial"
    partial.write_text(json.dumps(state))
    partial.replace(folder / "script_state.json")


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _seen(scope: Scope, body: bytes) -> Seen:
    headers = {key.decode(): value.decode() for key, value in scope["headers"]}
    query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
    return Seen(scope["method"], scope["path"], query, headers, body, hashlib.sha256(body).hexdigest())


async def _swallow(_: Message) -> None:
    return None


def _drop(send: Send) -> None:
    """Cut the connection. `send` is a method of uvicorn's request cycle, which holds the transport."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]


async def _answer_status(send: Send, fault: Fault) -> None:
    body = fault.body if fault.body is not None else {"code": 2, "message": "injected fault", "details": []}
    headers = [(b"content-type", b"application/json")]
    headers += [(key.encode(), value.encode()) for key, value in fault.headers.items()]
    await send({"type": "http.response.start", "status": fault.status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})


def main() -> None:
    """Serve a scripted platform until killed; prints its URL, and writes it to HOME/address.json."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--polls", type=int, default=3, help="polls every job takes")
    arguments = parser.parse_args()
    scripts = {"*": Script(polls=arguments.polls)}
    app, _ = _build(arguments.home, scripts, MODELS, 1, 100, None, 0.05)
    listener = socket.create_server(("127.0.0.1", arguments.port))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    partial = arguments.home / "address.partial"
    partial.write_text(json.dumps({"url": url, "pid": os.getpid()}))
    partial.replace(arguments.home / "address.json")
    print(url, flush=True)
    uvicorn.Server(_server_config(app)).run([listener])


if __name__ == "__main__":
    main()

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
import json
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from local_platform.api.app import create_app
from local_platform.engine import ChatRequest
from local_platform.services import Services
from local_platform.settings import Settings
from tests.micro_model import catalog_entry, write_catalog, write_tokenizer
from tests.scripted_work import MODELS, Script, ScriptedEngine, ScriptedRunner, scripted_loss
from tests.wire import Alteration, Fault, Seen, Wire

__all__ = ["MODELS", "Fault", "Script", "ScriptedPlatform", "Seen", "scripted_loss", "scripted_platform"]


@dataclass
class ScriptedPlatform:
    """A running scripted platform."""

    url: str
    services: Services
    runner: ScriptedRunner
    engine: ScriptedEngine
    requests: list[Seen]
    faults: list[Fault]
    alterations: list[Alteration]

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
    return wire, ScriptedPlatform("", app.state.services, runner, engine, wire.requests, wire.faults, wire.alterations)


def _server_config(app: ASGIApp) -> uvicorn.Config:
    # proxy_headers=False: nothing may wrap `send`, or _drop could not reach the connection.
    return uvicorn.Config(
        app, log_level="warning", proxy_headers=False, ws="none", timeout_graceful_shutdown=1, lifespan="on"
    )


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

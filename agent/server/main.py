"""`python -m agent.server --home DIR --port N`: puts the parts together and serves until told to stop.

One server per home: a file lock refuses a second one. Address and token lie in the home, readable by the user alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import platform as machine
import secrets
import socket
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import uvicorn
from filelock import FileLock, Timeout

from agent.executor import Executor
from agent.guard.client import SCRUBBED
from agent.runner import Runner
from agent.server.access import Access
from agent.server.app import create_app
from agent.server.credentials import Credentials
from agent.server.home import VERSION, Home, default_home, write_private
from agent.server.local import LocalPlatform
from agent.server.own import Own
from agent.server.planners import Planners
from agent.server.platforms import Platforms
from agent.server.sessions import Sessions
from agent.server.stream import Feed
from agent.session.state import SessionState
from agent.session.store import Store
from tools.catalog import CATALOG
from tuning.pricing import LOCAL_PRICES, Prices, load_prices

log = logging.getLogger("fireagent")
LOOPBACK = "127.0.0.1"
REFUSED = 3
PRICES_VARIABLE = "FIREAGENT_PRICES"
PRICE_TABLE = Path(__file__).parents[2] / "tuning" / "prices.yaml"


def main() -> int:
    """Serves until stopped. Exit codes: 0 stopped, 2 a setting can't be used, 3 another server has this home."""
    arguments = _parser().parse_args()
    os.umask(0o077)
    home = Home(arguments.home.expanduser().absolute()) if arguments.home else default_home()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    for name in SCRUBBED:
        os.environ.pop(name, None)
    try:
        home.make()
        prices = load_prices(Path(os.environ.get(PRICES_VARIABLE) or PRICE_TABLE).read_text("utf-8"))
        os.chdir(home.path)
    except (OSError, ValueError) as error:
        print(f"the server can't start: {error}", file=sys.stderr)
        return 2
    try:
        with FileLock(home.lock).acquire(timeout=0):
            return asyncio.run(_serve(home, arguments.port, prices))
    except Timeout:
        running = home.server() or {}
        print(
            f"a server already runs on {home.path} (pid {running.get('pid')}, {running.get('url')}); "
            "use it, or end it with `fireagent stop`.",
            file=sys.stderr,
        )
        return REFUSED


async def _serve(home: Home, port: int, prices: Prices) -> int:
    try:
        listener = socket.create_server((LOOPBACK, port))
    except OSError as error:
        print(f"the server can't listen on {LOOPBACK}:{port}: {error.strerror}", file=sys.stderr)
        return 2
    store = Store(home.database)
    feed, local = Feed(), LocalPlatform(home)
    platforms = Platforms(store, Credentials(home), local)
    executor = _executor(home, store, platforms, prices, feed)
    planners = Planners(store, Credentials(home), feed)
    runner = Runner(store, executor, planners, live=feed.jobs)
    store.on_append(feed.changed)
    store.on_append(platforms.let_go)
    sessions = Sessions(home, store, Credentials(home), runner.wake, dict(executor.versions))
    sessions.sweep()
    bound = listener.getsockname()[1]
    token = secrets.token_hex(32)
    app = create_app(sessions, feed, Own(home, local), lambda: runner.idle, lambda: _stop(server, feed))
    config = uvicorn.Config(
        Access(app, token, bound), log_level="warning", ws="none",
        http="h11", lifespan="off", server_header=False,
        timeout_graceful_shutdown=2, proxy_headers=False,
    )  # fmt: skip
    server = _Server(config, feed)
    write_private(home.token, token)
    write_private(
        home.address, json.dumps({"url": f"http://{LOOPBACK}:{bound}", "pid": os.getpid(), "version": VERSION})
    )
    try:
        await runner.start()
        await server.serve([listener])
    finally:
        home.address.unlink(missing_ok=True)
        await runner.stop()
        await planners.close()
        await platforms.close_all()
        await local.stop()
        store.close()
    return 0


class _Server(uvicorn.Server):
    """Ends the open streams first, so that a signal does not wait for those who look on."""

    def __init__(self, config: uvicorn.Config, feed: Feed) -> None:
        super().__init__(config)
        self._feed = feed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._feed.close()
        await super().shutdown(sockets)


def _stop(server: uvicorn.Server, feed: Feed) -> None:
    feed.close()
    server.should_exit = True


def _executor(home: Home, store: Store, platforms: Platforms, prices: Prices, feed: Feed) -> Executor:
    def prices_of(state: SessionState) -> Prices:
        return LOCAL_PRICES if state.created and state.created.platform_kind == "local" else prices

    return Executor(
        store=store,
        tools={tool.name: tool for tool in CATALOG},
        platform=platforms.open,
        workspaces=home.workspaces,
        prices=prices_of,
        emit=feed.progress,
        versions=_versions(),
    )


def _versions() -> dict[str, str]:
    """What a report says about the programs that made it."""
    found = {"fireagent": VERSION, "python": machine.python_version()}
    for name in ("fireworks-ai", "torch", "transformers", "trl", "peft"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m agent.server", description="The session server.")
    parser.add_argument(
        "--home", type=Path, help="folder of the server's data (default: FIREAGENT_HOME or ~/.fireagent)"
    )
    parser.add_argument("--port", type=int, default=0, help="0 = any free port")
    return parser

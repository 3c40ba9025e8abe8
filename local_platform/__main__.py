"""`python -m local_platform --home DIR --port N`: the platform as a server on this machine.

Writes DIR/address.json ({"url", "pid"}) and prints one line when it is ready. One platform per home.
"""

import argparse
import json
import logging
import os
import socket
import sys
from pathlib import Path

import uvicorn
from filelock import FileLock, Timeout

from local_platform import children
from local_platform.api.app import create_app
from local_platform.processes import ProcessRunner
from local_platform.serving import ProcessEngine
from local_platform.settings import Settings, default_threads


def main() -> int:
    """Serve until stopped. Exit codes: 0 stopped, 2 wrong usage, 3 another platform has this home or port."""
    arguments = _parser().parse_args()
    home: Path = arguments.home.expanduser().resolve()
    home.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    lock = FileLock(home / "lock")
    try:
        lock.acquire(timeout=arguments.wait)
    except Timeout:
        print(f"another local platform is running on {home}: see {home / 'address.json'}", file=sys.stderr)
        return 3
    try:
        listener = socket.create_server((arguments.host, arguments.port))
    except OSError as error:
        print(f"can't listen on {arguments.host}:{arguments.port}: {error}", file=sys.stderr)
        return 3
    with lock, listener:
        return _serve(_settings(arguments, home), listener, arguments.host)


def _serve(settings: Settings, listener: socket.socket, host: str) -> int:
    children.context()
    runner = ProcessRunner(settings.job_memory_bytes)
    engine = ProcessEngine(settings.threads, settings.idle_model_seconds)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings, runner, engine), log_level="warning", ws="none", timeout_graceful_shutdown=3
        )
    )
    url = f"http://{host}:{listener.getsockname()[1]}"
    address = settings.home / "address.json"
    partial = settings.home / "address.partial"
    partial.write_text(json.dumps({"url": url, "pid": os.getpid()}))
    partial.replace(address)
    # The socket listens already: a client that connects now is answered as soon as the routes are up.
    print(f"local platform ready at {url}", flush=True)
    try:
        server.run([listener])
    finally:
        address.unlink(missing_ok=True)
    return 0


def _settings(arguments: argparse.Namespace, home: Path) -> Settings:
    return Settings(
        home=home,
        # Whoever opens the platform to a network decides by which name it is called.
        allowed_hosts=Settings(home).allowed_hosts if arguments.host in ("127.0.0.1", "localhost") else ("*",),
        catalog=arguments.catalog or Settings(home).catalog,
        threads=arguments.threads,
        max_running_jobs=arguments.jobs,
        job_memory_bytes=arguments.job_memory_mb * 1_000_000 if arguments.job_memory_mb else None,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_platform", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the platform's data")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    parser.add_argument("--port", type=int, default=0, help="0 = any free port")
    parser.add_argument("--catalog", type=Path, help="another catalog.yaml")
    parser.add_argument("--threads", type=int, default=default_threads(), help="CPU threads of a job")
    parser.add_argument("--jobs", type=int, default=1, help="jobs that train at the same time")
    parser.add_argument("--job-memory-mb", type=int, default=0, help="memory limit of a job (0 = none)")
    parser.add_argument("--wait", type=float, default=0, help="seconds to wait for another platform to leave this home")
    return parser


if __name__ == "__main__":
    sys.exit(main())

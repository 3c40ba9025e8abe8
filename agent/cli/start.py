"""Finds the session server of this home, starts one when none runs, and replaces an idle one of another version."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from agent.cli.http import Server, Unreachable, request
from agent.cli.problems import Failure
from agent.server.home import VERSION, Home, default_home

START_SECONDS = 60.0
STOP_SECONDS = 15.0
ALREADY_RUNS = 3
KEYS = ("FIREWORKS_API_KEY", "FIREWORKS_AGENT_API_KEY", "FIREAGENT_PLATFORM_KEY", "FIREAGENT_LLM_KEY")
"""The server gets keys with each request that needs one, and none from its environment."""


def running(home: Home) -> Server | None:
    """The server as its files say, if its process lives. Nothing is sent."""
    found = home.server()
    if found is None or not _alive(found.get("pid")):
        return None
    host, _, port = str(found.get("url", "")).removeprefix("http://").rpartition(":")
    try:
        return Server(host, int(port), home.token.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def server(home: Home | None = None) -> Server:
    """A server to talk to. Raises Failure with the end of its log when it can't be started."""
    home = home or default_home()
    found = running(home)
    if found is None:
        return start(home)
    other = (home.server() or {}).get("version")
    if other != VERSION:
        return _of_another_version(home, found, str(other))
    return found


def start(home: Home) -> Server:
    """Starts a server in the background and waits until it answers. Raises Failure."""
    try:
        home.make()
        offset = home.log.stat().st_size if home.log.exists() else 0
        child = _spawn(home)
    except OSError as error:
        raise Failure(
            f"the folder {home.path} can't be used: {error.strerror}", next_step="Set FIREAGENT_HOME."
        ) from error
    if sys.stderr.isatty():
        print("Starting the session server ...", file=sys.stderr)
    deadline, ended = time.monotonic() + START_SECONDS, False
    while time.monotonic() < deadline and not ended:
        time.sleep(0.03)
        found = running(home)
        if found is not None and _answers(found):
            return found
        pid, status = os.waitpid(child, os.WNOHANG) if child else (0, 0)
        if pid:
            # Where another command was faster, its server is the one to wait for.
            child, ended = 0, os.waitstatus_to_exitcode(status) != ALREADY_RUNS
    raise Failure(
        f"the session server did not start. The end of its log: {_tail(home.log, offset) or '(empty)'}",
        next_step=f"Read {home.log}.",
    )


def _spawn(home: Home) -> int:
    """The server as a process of its own session, so that it outlives this command; its id."""
    environment = {name: value for name, value in os.environ.items() if name not in KEYS}
    command = [sys.executable, "-P", "-m", "agent.server", "--home", str(home.path)]
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(home.log), append, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(sys.executable, command, environment, file_actions=files, setsid=True)


def stop(home: Home) -> bool:
    """Ends the running server; False when none runs. Raises Failure when it does not end."""
    found = running(home)
    if found is None:
        return False
    pid = (home.server() or {}).get("pid")
    try:
        request(found, "POST", "/v1/stop")
    except Unreachable:
        return False
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        if not _alive(pid):
            return True
        time.sleep(0.03)
    raise Failure(f"the server (pid {pid}) was told to stop and still runs", next_step=f"Read {home.log}.")


def _of_another_version(home: Home, found: Server, other: str) -> Server:
    """Replaces an idle server; a busy one is kept, with a word about it."""
    try:
        health: Any = request(found, "GET", "/v1/health").json()
    except Unreachable:
        return start(home)
    if health.get("idle"):
        stop(home)
        return start(home)
    print(
        f"note: the running server is version {other}, this command {VERSION}; it is busy and is kept.", file=sys.stderr
    )
    return found


def _answers(found: Server) -> bool:
    try:
        return request(found, "GET", "/v1/health").status == 200
    except Unreachable:
        return False


def _alive(pid: Any) -> bool:
    """Whether the process lives; a zombie, whose parent has not looked yet, does not."""
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1] != b"Z"
    except OSError:
        return True


def _tail(log: Path, offset: int) -> str:
    with log.open("rb") as file:
        file.seek(offset)
        lines = file.read()[-3000:].decode(errors="replace").splitlines()
    return " | ".join(line.strip() for line in lines[-6:] if line.strip())

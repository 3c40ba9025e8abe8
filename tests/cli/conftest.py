"""The command line over a real server process and a scripted platform."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.cli.main import main
from agent.server.home import Home
from tests.house import chat_rows, jsonl, put_dataset
from tests.platforms import Script, ScriptedPlatform, scripted_platform

ROOT = Path(__file__).parents[2]
KEYS = ("FIREWORKS_API_KEY", "FIREWORKS_AGENT_API_KEY", "FIREAGENT_PLATFORM_KEY", "FIREWORKS_BASE_URL")


@dataclass(frozen=True)
class Result:
    """What a command left: exit code and both outputs."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*arguments: str, stdin: str = "") -> Result:
    """One command in this process."""
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(stdin)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main(list(arguments))
            except SystemExit as ended:
                code = int(ended.code or 0)
    finally:
        sys.stdin = before
    return Result(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Desk:
    """A user's machine: home, platform, command line."""

    home: Home
    platform: ScriptedPlatform

    def __call__(self, *arguments: str, stdin: str = "") -> Result:
        return run(*arguments, stdin=stdin)

    def create(self, instruction: str, *more: str) -> str:
        """A new session; its id."""
        made = self("session", "create", "-n", instruction, *more)
        assert made.code == 0, made.err
        return made.out.split()[2]

    def settle(self, session: str) -> str:
        """Waits until it waits or has ended; the status."""
        assert self("session", "events", session, "--wait").out
        return str(self("session", "get", session, "-o", "json").json["status"])

    def kill_server(self) -> int:
        """kill -9, as a power cut; the id of the process that was."""
        found = self.home.server()
        assert found is not None
        os.kill(found["pid"], signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(found["pid"], 0)
        return int(found["pid"])


def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits until something holds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No keys of the machine, and a folder without a .env."""
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One server process for the tests of a file; ended afterwards."""
    home = Home(tmp_path_factory.mktemp("home") / "fireagent")
    folder = tmp_path_factory.mktemp("platform")
    with scripted_platform(folder, scripts={"*": Script(polls=1)}) as platform, pytest.MonkeyPatch.context() as patch:
        put_dataset(platform.url, "tickets", jsonl(chat_rows(60)))
        patch.setenv("FIREAGENT_HOME", str(home.path))
        patch.setenv("FIREAGENT_PLATFORM_URL", platform.url)
        patch.setenv("PYTHONPATH", str(ROOT))
        try:
            yield Desk(home, platform)
        finally:
            stopped = run("stop")
            assert stopped.code == 0, stopped.err

"""The server behind the commands: one per home, found, started, replaced, and not fooled by old files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli import start
from agent.cli.http import Unreachable, request
from agent.server.home import VERSION, Home
from tests.cli.conftest import ROOT, run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home without a server; what runs on it afterwards is ended."""
    found = Home(tmp_path / "home")
    monkeypatch.setenv("FIREAGENT_HOME", str(found.path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("FIREAGENT_PLATFORM_URL", "local")
    yield found
    assert run("stop").code == 0


def test_the_first_command_starts_the_server_and_the_next_ones_use_it(home: Home) -> None:
    assert run("session", "list").code == 0
    first = home.server()
    assert first is not None
    assert first["version"] == VERSION
    assert run("session", "list").code == 0
    assert home.server() == first
    assert home.path.stat().st_mode & 0o777 == 0o700
    for path in (home.token, home.address):
        assert path.stat().st_mode & 0o777 == 0o600
    second = subprocess.run(
        [sys.executable, "-m", "agent.server", "--home", str(home.path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 3
    assert "already runs" in second.stderr
    assert home.server() == first
    assert run("stop").out.startswith("The server is stopped.")
    assert home.server() is None
    assert run("stop").out.startswith("No server runs.")


def test_an_idle_server_of_another_version_is_replaced(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("session", "list").code == 0
    first = home.server()
    assert first is not None
    home.address.write_text(json.dumps({**first, "version": "0.0.1"}))
    assert run("session", "list").code == 0
    second = home.server()
    assert second is not None
    assert second["pid"] != first["pid"]
    assert second["version"] == VERSION


def test_files_of_a_dead_server_fool_nobody(home: Home) -> None:
    home.make()
    home.token.write_text("old")
    home.address.write_text(json.dumps({"url": "http://127.0.0.1:9", "pid": os.getpid(), "version": VERSION}))
    assert run("session", "list").code == 0
    found = start.running(home)
    assert found is not None
    assert request(found, "GET", "/v1/health").json()["version"] == VERSION


def test_a_server_that_cant_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home")
    monkeypatch.setenv("FIREAGENT_HOME", str(home.path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("FIREAGENT_PRICES", str(tmp_path / "missing.yaml"))
    found = run("session", "list")
    assert found.code == 1
    assert "missing.yaml" in found.err
    assert home.server() is None


def test_what_is_no_http_server_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        request(start.Server("127.0.0.1", 9, "token"), "GET", "/v1/health")


def test_the_version_is_the_projects() -> None:
    assert f'\nversion = "{VERSION}"\n' in (ROOT / "pyproject.toml").read_text()

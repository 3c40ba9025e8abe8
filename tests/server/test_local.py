"""The local platform as the server's child: started when needed, again when it died, taken over after a kill, ended."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import psutil
import pytest

from agent.server.home import Home, read_json
from agent.server.local import LocalPlatform, log_tail
from tools.base import ToolError

ROOT = Path(__file__).parents[2]
STAND_IN = '''
"""Stands in for the local platform's program: writes its address, answers, leaves when told."""
import argparse, json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass

parser = argparse.ArgumentParser()
for name in ("--home", "--port", "--wait"):
    parser.add_argument(name)
given = parser.parse_args()
if os.environ.get("STAND_IN_FAILS"):
    sys.exit("no torch here")
server = HTTPServer(("127.0.0.1", int(given.port)), Handler)
home = Path(given.home)
home.mkdir(parents=True, exist_ok=True)
(home / "address.json").write_text(json.dumps({"url": f"http://127.0.0.1:{server.server_port}", "pid": os.getpid()}))
server.serve_forever()
'''


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    package = tmp_path / "code" / "local_platform"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "code"))
    found = Home(tmp_path / "home")
    found.make()
    return found


def pid(home: Home) -> int:
    address = read_json(home.platform / "address.json")
    assert address is not None
    return int(address["pid"])


async def answers(url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"{url}/verifyApiKey")).status_code == 200


async def test_it_is_started_once_and_ended(home: Home) -> None:
    local = LocalPlatform(home)
    assert not local.running
    url = await local.url()
    assert await answers(url)
    assert await local.url() == url
    process = psutil.Process(pid(home))
    await local.stop()
    assert not process.is_running()


async def test_it_is_not_given_the_users_keys(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIREWORKS_API_KEY", "FIREWORKS_AGENT_API_KEY", "FIREAGENT_PLATFORM_KEY", "FIREAGENT_LLM_KEY"):
        monkeypatch.setenv(name, "fw_canary")
    monkeypatch.setenv("FIREAGENT_HOME", "kept")
    local = LocalPlatform(home)
    await local.url()
    seen = psutil.Process(pid(home)).environ()
    await local.stop()
    assert "fw_canary" not in seen.values() and seen["FIREAGENT_HOME"] == "kept"


async def test_it_is_started_again_at_the_same_address_when_it_died(home: Home) -> None:
    local = LocalPlatform(home)
    url = await local.url()
    first = pid(home)
    died = psutil.Process(first)
    died.kill()
    died.wait()
    assert await local.url() == url
    assert pid(home) != first
    await local.stop()


async def test_it_comes_back_at_the_same_address_after_a_stop(home: Home) -> None:
    before, after = LocalPlatform(home), LocalPlatform(home)
    url = await before.url()
    await before.stop()
    assert await after.url() == url
    await after.stop()


async def test_the_next_server_takes_over_what_a_killed_one_left(home: Home) -> None:
    killed, after = LocalPlatform(home), LocalPlatform(home)
    url = await killed.url()
    assert await after.url() == url
    process = psutil.Process(pid(home))
    await after.stop()
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    await killed.stop()


async def test_a_platform_that_the_user_started_is_used_and_left_alone(home: Home) -> None:
    users, ours = LocalPlatform(home), LocalPlatform(home)
    url = await users.url()
    home.platform_owner.write_text(json.dumps({"pid": 1, "port": 0}))
    assert await ours.url() == url
    await ours.stop()
    assert await answers(url)
    await users.stop()


async def test_an_old_address_of_another_process_is_not_taken(home: Home) -> None:
    home.platform.mkdir()
    (home.platform / "address.json").write_text(json.dumps({"url": "http://127.0.0.1:9", "pid": 1}))
    local = LocalPlatform(home)
    assert await local.url() != "http://127.0.0.1:9"
    await local.stop()


async def test_a_platform_that_cant_start_is_told_with_the_end_of_its_log(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "1")
    with pytest.raises(ToolError, match="no torch here") as told:
        await LocalPlatform(home).url()
    assert told.value.owner == "yours"
    assert "pip install" in told.value.next_step
    assert log_tail(home.log) == ""

"""The local platform as a child process of the server: started when first needed, again when it died, ended with us.

A server that was killed leaves its platform running, training jobs and all; the next server takes it over.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import psutil

from agent.server.home import Home, read_json, write_private
from tools.base import ToolError

START_SECONDS = 60.0
STOP_SECONDS = 10.0
LOG_TAIL = 1_500
_KEYS = re.compile(r"(FIREWORKS|FIREAGENT)_.*KEY")
"""Variables that the local platform has no use for and its jobs must not see."""
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


class LocalPlatform:
    """One per server. Use from one event loop."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = asyncio.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._process: psutil.Process | None = None
        self._ours = False
        self._url = ""

    @property
    def running(self) -> bool:
        return self._process is not None and _alive(self._process)

    async def url(self) -> str:
        """Base URL of the running platform. Raises ToolError with the log's tail when it can't be started."""
        async with self._lock:
            if not (self.running and self._url):
                await (self._adopt() or self._start())
            return self._url

    async def stop(self) -> None:
        """Ends the platform if a server of this home started it."""
        async with self._lock:
            if self._process is not None and self._ours and self.running:
                await asyncio.to_thread(_end, self._process)
                self._remember(pid=0)
            self._reap()

    def _reap(self) -> None:
        """Takes note of the end of a child of ours."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None

    def _adopt(self) -> Any:
        """A platform of this home that runs already: left by a killed server, or started by the user."""
        address = read_json(self._home.platform / "address.json")
        if address is None or not isinstance(address.get("pid"), int):
            return None
        process = _platform_process(address["pid"])
        if process is None:
            return None
        self._process, self._url = process, str(address["url"])
        owner = read_json(self._home.platform_owner) or {}
        self._ours = owner.get("pid") == process.pid
        return self._ready(self._url)

    async def _start(self) -> None:
        last = read_json(self._home.platform_owner) or {}
        port = int(last.get("port") or 0)
        try:
            await self._spawn(port)
        except ToolError:
            if port == 0:
                raise
            await self._spawn(0)

    async def _spawn(self, port: int) -> None:
        """A new process. The last port is asked for again, so that addresses in earlier reports stay true."""
        child = self._launch(port)
        try:
            self._url = await self._address(child)
            await self._ready(self._url)
        except ToolError:
            child.kill()
            child.wait()
            raise
        self._remember(child.pid)

    def _remember(self, pid: int) -> None:
        """Which process is ours, for the server after a kill, and which port was had, for the next start."""
        port = httpx.URL(self._url).port or 0
        write_private(self._home.platform_owner, json.dumps({"pid": pid, "port": port}))

    def _launch(self, port: int) -> subprocess.Popen[bytes]:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
        (self._home.platform / "address.json").unlink(missing_ok=True)
        command = [sys.executable, "-P", "-m", "local_platform", "--home", str(self._home.platform)]
        environment = {name: value for name, value in os.environ.items() if not _KEYS.fullmatch(name)}
        with self._home.platform_log.open("ab") as log:
            child = subprocess.Popen(
                [*command, "--port", str(port), "--wait", "5"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, env={**environment, **OFFLINE},
            )  # fmt: skip
        self._child, self._process, self._ours = child, psutil.Process(child.pid), True
        return child

    async def _address(self, child: subprocess.Popen[bytes]) -> str:
        """Where it listens, as soon as it says so. Raises ToolError when it ends or says nothing."""
        for _ in range(int(START_SECONDS / 0.1)):
            address = read_json(self._home.platform / "address.json")
            if address is not None and address.get("pid") == child.pid:
                return str(address["url"])
            if child.poll() is not None:
                break
            await asyncio.sleep(0.1)
        raise self._failed()

    async def _ready(self, url: str) -> None:
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
            for _ in range(int(START_SECONDS / 0.1)):
                try:
                    await client.get(f"{url}/verifyApiKey", headers={"Authorization": "Bearer local"})
                    return
                except httpx.HTTPError:
                    if not self.running:
                        break
                    await asyncio.sleep(0.1)
        raise self._failed()

    def _failed(self) -> ToolError:
        tail = log_tail(self._home.platform_log)
        return ToolError(
            f"the local platform did not start. The end of its log: {tail or '(empty)'}", owner="yours",
            next_step=f"Read {self._home.platform_log}. Training here needs the extra: pip install 'fireagent[local]'.",
        )  # fmt: skip


def log_tail(path: Path) -> str:
    """The last lines of a log as one line of text; empty when there is none."""
    try:
        text = path.read_bytes()[-LOG_TAIL:].decode(errors="replace")
    except OSError:
        return ""
    return " | ".join(line.strip() for line in text.splitlines()[-8:] if line.strip())


def _platform_process(pid: int) -> psutil.Process | None:
    """The process of that id if it is a local platform; ids are used again by the system."""
    try:
        process = psutil.Process(pid)
        ours = any("local_platform" in part for part in process.cmdline())
    except psutil.Error:
        return None
    return process if ours and _alive(process) else None


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _end(process: psutil.Process) -> None:
    """Politely, then firmly."""
    try:
        process.terminate()
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)
    except psutil.NoSuchProcess:
        return

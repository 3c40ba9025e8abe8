"""The really training platform, as a process, over a micro model made on the spot."""

import functools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fireworks import Fireworks

from tests.micro_model import catalog_entry, write_catalog, write_micro_model


@dataclass
class Running:
    """A platform process."""

    process: subprocess.Popen[bytes]
    home: Path
    url: str

    @functools.cached_property
    def sdk(self) -> Fireworks:
        return Fireworks(base_url=self.url, api_key="x", account_id="local", _strict_response_validation=True)

    def stop(self) -> None:
        self.sdk.close()
        self.process.terminate()
        self.process.wait(timeout=20)


@pytest.fixture(scope="session")
def micro_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shelf = tmp_path_factory.mktemp("shelf")
    write_micro_model(shelf / "micro")
    return write_catalog(shelf, [catalog_entry("micro")])


def start_platform(home: Path, catalog: Path, *options: str) -> Running:
    """Start a platform on `home` and wait until it answers."""
    command = [sys.executable, "-m", "local_platform", "--home", str(home), "--catalog", str(catalog), "--threads", "1"]
    process = subprocess.Popen([*command, "--wait", "20", *options], cwd=Path(__file__).parents[2])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (home / "address.json").is_file():
            address = json.loads((home / "address.json").read_text())
            if address["pid"] == process.pid:
                return Running(process, home, address["url"])
        if process.poll() is not None:
            raise RuntimeError(f"the platform ended with {process.returncode}")
        time.sleep(0.05)
    raise RuntimeError("the platform did not start within 60 s")


@pytest.fixture(scope="session")
def training_platform(tmp_path_factory: pytest.TempPathFactory, micro_catalog: Path) -> Iterator[Running]:
    running = start_platform(tmp_path_factory.mktemp("home"), micro_catalog)
    yield running
    running.stop()

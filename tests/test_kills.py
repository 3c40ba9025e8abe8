"""Twenty kills of the live server and nothing lost, doubled or different: benchmarks/kills.py in small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.timeout(900)
def test_twenty_kills_change_nothing() -> None:
    command = [sys.executable, "benchmarks/kills.py", "--kills", "20", "--sessions", "4"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=880, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr[-3000:]
    assert "| scripted | 20 | 20 server |" in ran.stdout

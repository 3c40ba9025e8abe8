"""Sessions under test don't sleep: the same waits, but short."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries, probes and polls follow each other at once."""
    monkeypatch.setattr("agent.planner.calls.FIRST_DELAY", 0.02)
    monkeypatch.setattr("agent.planner.calls.LONGEST_DELAY", 0.2)
    monkeypatch.setattr("agent.planner.steps.PROBE_DELAY", 0.02)
    monkeypatch.setattr("agent.runner.STORE_DELAY", 0.05)
    monkeypatch.setattr("agent.runner.CRASH_DELAY", 0.01)
    monkeypatch.setattr("tools.deploy_model.PROBE_PAUSES", (0.01, 0.01))
    monkeypatch.setattr("tools.upload_dataset.POLL_SECONDS", (0.01,) * 200)

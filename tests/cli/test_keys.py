"""Which key goes to which platform."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.cli.keys import access
from agent.cli.problems import Failure

FIREWORKS, OWN = "fw_for_the_cloud", "mine_for_my_platform"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("FIREWORKS_AGENT_API_KEY", "FIREAGENT_PLATFORM_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIREWORKS_API_KEY", FIREWORKS)
    monkeypatch.setenv("FIREAGENT_PLATFORM_KEY", OWN)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("", FIREWORKS),
        ("https://api.fireworks.ai", FIREWORKS),
        ("https://API.fireworks.ai/", FIREWORKS),
        ("https://evil.example", OWN),
        ("https://api.fireworks.ai.evil.example", OWN),
        ("https://api.fireworks.ai@evil.example", OWN),
        ("http://api.fireworks.ai", OWN),
        ("https://api.fireworks.ai:8443", OWN),
        ("http://127.0.0.1:8000", OWN),
    ],
)
def test_a_fireworks_key_goes_to_fireworks_alone(url: str, key: str) -> None:
    Path(".env").write_text(f"FIREAGENT_PLATFORM_URL={url}\n")
    assert access(None, None, None).key == key
    assert access("given", None, None).key == "given"


def test_without_a_key_of_its_own_another_platform_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIREAGENT_PLATFORM_KEY")
    assert access(None, "https://evil.example", None).key == ""


def test_what_is_no_address_is_said() -> None:
    with pytest.raises(Failure, match="not an address"):
        access(None, "https://[::1", None)

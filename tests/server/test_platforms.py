"""One open client for each session, and addresses that a key may be sent to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agent.server.credentials import Credentials
from agent.server.home import Home
from agent.server.local import LocalPlatform
from agent.server.platforms import Platforms, check_url
from agent.server.problems import Problem
from agent.session.events import SessionCreated
from agent.session.store import Store


async def test_a_session_that_is_opened_twice_at_once_has_one_client(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.make()
    credentials, store = Credentials(home), Store(home.database)
    alias = credentials.put("fw_first_key")
    created = SessionCreated(instruction="x", account="acme", platform_kind="fireworks", credential=alias)
    store.create("1-a", "k" * 8, [("created", created)])
    platforms = Platforms(store, credentials, LocalPlatform(home))
    await platforms.open(store.state("1-a"))
    credentials.put("fw_second_key", alias)
    (one, _), (two, _) = await asyncio.gather(*(platforms.open(store.state("1-a")) for _ in range(2)))
    assert one is two and one.client.api_key == "fw_second_key"
    assert not one.client.is_closed()
    await platforms.close_all()
    assert one.client.is_closed()
    store.close()


@pytest.mark.parametrize("url", ["https://h/inference/v1", "https://h?x=1", "https://h#x", "http://h", "https://u@h"])
def test_an_address_is_scheme_and_host_alone(url: str) -> None:
    with pytest.raises(Problem, match="not an address of a platform"):
        check_url(url)
    assert check_url("https://h/") == "https://h"

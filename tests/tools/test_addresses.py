"""No secret of an address is ever shown, in a refusal, in trouble or in an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.cli.keys import access
from agent.cli.problems import Failure
from agent.planner.endpoint import Endpoint
from agent.planner.refusals import EndpointTrouble
from agent.server.platforms import check_url
from agent.server.problems import Problem
from agent.server.sessions import _model_url
from agent.session.events import LlmChoice
from tools.addresses import shown_address


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:s3cret@host:8/v1", "http://host:8/v1"),
        ("https://s3cret@host", "https://host"),
        ("http://user:s3@cr/et@host/v1", "http://host/v1"),
        ("http://user:s3#cr?et@host/v1", "http://host/v1"),
        ("user:s3cret@host", "host"),
        ("//user:s3cret@host", "//host"),
        ("https://host/v1?key=s3cret#s3cret", "https://host/v1"),
        ("https://host/v1", "https://host/v1"),
        ("not an address", "not an address"),
        ("", ""),
    ],
)
def test_what_is_shown_of_an_address(url: str, shown: str) -> None:
    assert shown_address(url) == shown


@pytest.mark.parametrize("url", ["http://user:s3cret@host/v1", "https://host/v1?key=s3cret", "http://a:s3cret@[::1"])
def test_a_refused_address_is_told_without_its_secret(url: str) -> None:
    for check in (check_url, _model_url):
        with pytest.raises(Problem, match="not an address") as told:
            check(url)
        assert "s3cret" not in str(vars(told.value)) + str(told.value)


def test_the_command_line_tells_none_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Failure) as told:
        access(None, "https://user:s3cret@[::1", None)
    assert "s3cret" not in str(vars(told.value)) + str(told.value)


async def test_trouble_with_a_model_names_its_host_alone() -> None:
    endpoint = Endpoint(LlmChoice(url="http://user:s3cret@127.0.0.1:9/v1", model="some"), "", retries=0)
    try:
        with pytest.raises(EndpointTrouble, match=r"the model some at 127\.0\.0\.1:9 can.t be reached") as told:
            await endpoint.ask([{"role": "user", "content": "?"}], [])
        assert "s3cret" not in str(told.value)
    finally:
        await endpoint.close()

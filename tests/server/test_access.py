"""Nobody but this user's own programs gets an answer."""

from collections.abc import AsyncIterator

import pytest

from tests.server.conftest import TOKEN, Api


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer ünïcode".encode("latin-1").decode("latin-1")},
    ],
)
async def test_without_the_token_nothing_is_answered(api: Api, headers: dict[str, str]) -> None:
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    for method, path in (("GET", "/v1/health"), ("GET", "/v1/sessions"), ("POST", "/v1/stop"), ("GET", "/nothing")):
        answer = await api.http.request(method, path, headers=encoded)
        assert answer.status_code == 401, path
        assert answer.json()["error"]["owner"] == "yours"
    assert not api.feed.closed


@pytest.mark.parametrize("host", ["evil.example:4711", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example:4711", ""])
async def test_a_foreign_host_is_refused_even_with_the_token(api: Api, host: str) -> None:
    answer = await api.http.get("/v1/sessions", headers={"Host": host})
    assert answer.status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:80", "https://127.0.0.1:4711"])
async def test_a_foreign_origin_is_refused_even_with_the_token(api: Api, origin: str) -> None:
    answer = await api.http.get("/v1/sessions", headers={"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:4711", "localhost:4711", "[::1]:4711"])
async def test_its_own_names_and_origins_pass(api: Api, host: str) -> None:
    answer = await api.http.get("/v1/health", headers={"Host": host, "Origin": f"http://{host}"})
    assert answer.status_code == 200


async def test_a_body_that_is_too_large_is_refused_with_and_without_a_length(api: Api) -> None:
    body = b'{"instruction": "' + b"x" * (1 << 20) + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    for content, status in ((body, 413), (pieces(), 411)):
        answer = await api.http.post("/v1/sessions", content=content)
        assert answer.status_code == status, answer.text
    assert api.store.sessions() == []

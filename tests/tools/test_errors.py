"""Every exception of the SDK has words, an owner and a word on trying again; nothing secret or unprintable gets through."""

import inspect
import json

import fireworks
import httpx
import pytest
from fireworks import FireworksError

from tools.base import ToolError
from tools.errors import GUARD_HEADER, NotJsonError, platform_errors, quote, refused_by_guard, told

KEY = "sk-not-in-the-usual-form"
REQUEST = httpx.Request("POST", "https://api.example/v1/x", headers={"Authorization": f"Bearer {KEY}"})


def status_error(status: int, body: object = None, headers: dict[str, str] | None = None) -> fireworks.APIStatusError:
    response = httpx.Response(status, json=body, headers=headers, request=REQUEST)
    client = fireworks.Fireworks(api_key=KEY, account_id="a", base_url="http://127.0.0.1:9")
    with client:
        return client._make_status_error_from_response(response)


EXPECTED: dict[type[FireworksError], tuple[FireworksError, str, bool]] = {
    fireworks.FireworksError: (FireworksError("odd"), "unknown", False),
    fireworks.APIError: (fireworks.APIError("odd", REQUEST, body=None), "unknown", False),
    fireworks.APIStatusError: (status_error(418), "unknown", False),
    fireworks.APITimeoutError: (fireworks.APITimeoutError(request=REQUEST), "platform", True),
    fireworks.APIConnectionError: (fireworks.APIConnectionError(request=REQUEST), "platform", True),
    fireworks.APIResponseValidationError: (
        fireworks.APIResponseValidationError(httpx.Response(200, request=REQUEST), body=None),
        "platform",
        False,
    ),
    fireworks.BadRequestError: (status_error(400), "unknown", False),
    fireworks.AuthenticationError: (status_error(401), "yours", False),
    fireworks.PermissionDeniedError: (status_error(403), "yours", False),
    fireworks.NotFoundError: (status_error(404), "yours", False),
    fireworks.ConflictError: (status_error(409), "unknown", False),
    fireworks.UnprocessableEntityError: (status_error(422), "unknown", False),
    fireworks.RateLimitError: (status_error(429), "platform", True),
    fireworks.InternalServerError: (status_error(503), "platform", True),
    NotJsonError: (NotJsonError("x"), "platform", False),
}


def test_the_table_holds_every_exception_of_the_sdk() -> None:
    classes = {c for _, c in inspect.getmembers(fireworks, inspect.isclass) if issubclass(c, FireworksError)}
    assert classes <= set(EXPECTED)


@pytest.mark.parametrize("kind", EXPECTED, ids=lambda kind: kind.__name__)
def test_each_exception_is_told(kind: type[FireworksError]) -> None:
    error, owner, retry = EXPECTED[kind]
    assert type(error) is kind
    answer = told(error, "creating X")
    assert answer.message.startswith("creating X: ")
    assert (answer.owner, answer.retry) == (owner, retry)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529, 408, 429])
def test_passing_trouble_may_be_tried_again(status: int) -> None:
    assert told(status_error(status), "x").retry


def test_the_platforms_words_are_capped_and_cleaned() -> None:
    body = {"code": 3, "message": f"bad \x1b[31m{KEY} fw_abcdefgh1234\n{'long ' * 200}", "details": [{"reason": "R"}]}
    message = told(status_error(400, body), "creating X").message
    assert KEY not in message and "fw_abc" not in message and "\x1b" not in message and "\n" not in message
    assert "bad" in message and len(message) < 450


def test_openai_shaped_errors_are_read_too() -> None:
    assert "no such model" in told(status_error(404, {"error": {"message": "no such model"}}), "x").message


def test_the_guards_refusal_is_told_as_the_guards() -> None:
    error = status_error(403, {"code": 7, "message": "refused before sending: no plan"}, {GUARD_HEADER: "refused"})
    assert refused_by_guard(error) and not refused_by_guard(status_error(403))
    assert "no plan" in told(error, "x").message and "guard" in told(error, "x").message


@pytest.mark.parametrize("text", ["fw_abcdefgh1234", "Authorization: Bearer abc.def-1", "bearer abc.def-1"])
def test_a_key_in_foreign_text_is_not_quoted(text: str) -> None:
    assert "[key]" in quote(text) and "abc" not in quote(text)


def test_quote_keeps_plain_text() -> None:
    assert quote("plain text") == "plain text"
    assert len(quote("x" * 1000)) == 300


@pytest.mark.parametrize(
    ("raised", "retry"),
    [
        (httpx.ConnectError("no"), True),
        (httpx.HTTPStatusError("x", request=REQUEST, response=httpx.Response(403, request=REQUEST)), True),
        (httpx.HTTPStatusError("x", request=REQUEST, response=httpx.Response(400, request=REQUEST)), False),
        (json.JSONDecodeError("x", "", 0), False),
        (fireworks.APIConnectionError(request=REQUEST), True),
    ],
)
def test_the_context_manager_turns_errors_into_tool_errors(raised: Exception, retry: bool) -> None:
    with pytest.raises(ToolError) as caught, platform_errors("x"):
        raise raised
    assert caught.value.retry is retry and caught.value.__cause__ is raised


def test_bugs_of_ours_are_not_turned_into_prose() -> None:
    with pytest.raises(KeyError), platform_errors("x"):
        raise KeyError("bug")

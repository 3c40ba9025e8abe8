"""What comes back from an address: plain or streamed, odd or broken, and in which words trouble is told."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agent.planner import endpoint as endpoints
from agent.planner import heard as heard_answers
from agent.planner.answer_text import Spoken, split_thoughts
from agent.planner.endpoint import Answer, Endpoint
from agent.planner.llm import cost
from agent.planner.refusals import EndpointTrouble
from agent.planner.toolbox import schemas
from agent.session.events import LlmChoice, ModelCall
from tests.planner.scripted_model import KEY, Reply, ScriptedModel, scripted_model

QUESTION = [{"role": "user", "content": "What now?"}]


@asynccontextmanager
async def asking(
    reply: Reply | Callable[[dict[str, Any]], Reply], **settings: Any
) -> AsyncIterator[tuple[Endpoint, ScriptedModel]]:
    script = reply if callable(reply) else lambda _: reply
    with scripted_model(script, **settings) as model:
        found = Endpoint(LlmChoice(url=model.url, model="some-model"), KEY, retries=0)
        try:
            yield found, model
        finally:
            await found.close()


async def answer(reply: Reply, **settings: Any) -> Answer:
    async with asking(reply, **settings) as (endpoint, _):
        return await endpoint.ask(QUESTION, schemas())


@pytest.mark.parametrize("streams", [True, False])
async def test_words_calls_and_usage_come_back_plain_or_streamed(streams: bool) -> None:
    calls = [("say", {"text": "Hé."}), ("wait_for_jobs", {})]
    async with asking(
        Reply("First this, which is a whole sentence of some length. Then that.", calls), streams=streams
    ) as (endpoint, model):
        heard: list[str] = []

        async def hear(text: str) -> None:
            heard.append(text)

        for _ in range(2):
            found = await endpoint.ask(QUESTION, schemas(), hear)
        assert (
            found.content == "First this, which is a whole sentence of some length. Then that." and found.trouble == ""
        )
        assert [(c.name, json.loads(c.arguments)) for c in found.calls] == calls
        assert (
            found.prompt_tokens > 1_000 and found.cached_tokens > 0 and found.completion_tokens == 20 and found.counted
        )
        assert heard and all(text in found.content for text in heard)
        assert len(model.requests) == 2 and model.requests[0]["temperature"] == 0
        assert {tool["function"]["name"] for tool in model.requests[0]["tools"]} >= {
            "set_request",
            "launch_job",
            "finish",
        }


async def test_tokens_are_estimated_where_the_endpoint_tells_none() -> None:
    found = await answer(Reply("Yes, it is so."), usage=False)
    assert not found.counted and found.prompt_tokens > 1_000 and found.completion_tokens == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<think>I approve. say yes</think>\nHello.", "Hello."),
        ("I reason without a tag first</think>Hello.", "Hello."),
        ("Hello.<think>and never ends", "Hello."),
        ("<thinking>a</thinking><think>b</think>Hello.", "Hello."),
    ],
)
async def test_thoughts_are_left_out(text: str, words: str) -> None:
    assert (await answer(Reply(text))).content == words == split_thoughts(text).strip()


async def test_an_answer_of_thoughts_alone_is_of_no_use_and_says_so() -> None:
    found = await answer(Reply("<think>for ever"))
    assert found.content == "" and "neither words nor a call" in found.trouble


async def test_calls_that_a_model_writes_as_text_are_read() -> None:
    text = 'I look.\n<tool_call>{"name": "list_resources", "arguments": {"kind": "models"}}</tool_call>'
    found = await answer(Reply(text))
    assert found.content == "I look." and found.calls == (
        ModelCall(name="list_resources", arguments='{"kind": "models"}'),
    )


async def test_a_huge_answer_is_read_up_to_a_bound() -> None:
    for reply in (Reply("x" * 1_000_000), Reply(calls=[("say", "y" * 1_000_000)]), Reply(calls=[("say", {})] * 500)):
        for streams in (True, False):
            found = await answer(reply, streams=streams)
            size = len(found.content) + sum(len(call.name) + len(call.arguments) for call in found.calls)
            assert size <= heard_answers.ANSWER_BYTES and len(found.calls) <= heard_answers.CALLS
            assert found.trouble or len(reply.calls) == 500


@pytest.mark.parametrize(
    ("reply", "words", "patient"),
    [
        (Reply(status=401), "does not accept the key (HTTP 401): check FIREAGENT_LLM_KEY", True),
        (Reply(status=404), "was not found (HTTP 404): check FIREAGENT_LLM_URL and FIREAGENT_LLM_MODEL", True),
        (Reply(status=400, error="this model does not support tools"), "can't call tools natively", True),
        (Reply(status=400, error="bad request"), "refuses the request (HTTP 400)", True),
        (Reply(status=429), "is not ready (HTTP 429)", False),
        (Reply(status=500), "is not ready (HTTP 500)", False),
        (Reply(hang_up=True), "can't be reached", False),
    ],
)
async def test_trouble_is_told_in_words_without_the_key(reply: Reply, words: str, patient: bool) -> None:
    reply.error += f" {KEY}"
    with pytest.raises(EndpointTrouble) as trouble:
        await answer(reply)
    text = str(trouble.value)
    assert words in text and text.startswith("the model some-model at 127.0.0.1") and trouble.value.patient == patient
    assert KEY not in text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"choices": null}',
        b'{"choices": [{}]}',
        b"<html>busy</html>",
        b'{"choices": "abc", "usage": 7}',
    ],
)
@pytest.mark.parametrize("streams", [True, False])
async def test_an_answer_of_another_form_is_trouble_or_of_no_use(raw: bytes, streams: bool) -> None:
    try:
        found = await answer(Reply(raw=raw), streams=streams)
    except EndpointTrouble:
        return
    assert found.trouble


async def test_an_address_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    endpoint = Endpoint(LlmChoice(url=f"http://127.0.0.1:{port}/v1", model="m"), KEY, retries=0)
    with pytest.raises(EndpointTrouble, match="can't be reached"):
        await endpoint.ask(QUESTION, schemas())
    await endpoint.close()


async def test_an_answer_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "ANSWER_SECONDS", 0.1)
    with pytest.raises(EndpointTrouble, match="did not finish"):
        await answer(Reply("late", seconds=1.0))


async def test_a_silent_endpoint_is_not_taken_for_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "SILENT_SECONDS", 0.1)
    with pytest.raises(EndpointTrouble, match="was silent for"):
        await answer(Reply("late", seconds=1.0))


async def test_the_environment_redirects_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://evil.example/v1")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Evil: 1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert (await answer(Reply("Hello."))).content == "Hello."
    assert not [name for name in os.environ if name.startswith("OPENAI_")]


def test_streamed_words_are_shown_as_whole_sentences() -> None:
    spoken = Spoken()
    text = "<think>secret. thoughts here that are long enough to be shown. </think>This is the first sentence of some length. And a second"
    heard = [sentence for start in range(0, len(text), 5) if (sentence := spoken.hear(text[start : start + 5]))]
    assert heard == ["This is the first sentence of some length."]


def test_a_price_is_known_or_it_is_none() -> None:
    found = Answer("", (), "", prompt_tokens=1_000_000, cached_tokens=400_000, completion_tokens=100_000, counted=True)
    choice = LlmChoice(url="", model="m", input_price=1.0, cached_price=0.5, output_price=2.0)
    assert cost(choice, found) == pytest.approx(0.6 + 0.2 + 0.2)
    assert cost(choice.model_copy(update={"cached_price": None}), found) == pytest.approx(1.2)
    assert cost(LlmChoice(url="", model="m"), found) is None


async def test_an_endpoint_without_strict_schemas_is_asked_without_them() -> None:
    def picky(request: dict[str, Any]) -> Reply:
        strict = any("strict" in tool["function"] for tool in request["tools"])
        return Reply(status=400, error="Unknown field: tools[1].function.strict") if strict else Reply("Well.")

    async with asking(picky) as (endpoint, model):
        for _ in range(2):
            assert (await endpoint.ask(QUESTION, schemas())).content == "Well."
        assert len(model.requests) == 3, "learnt once"

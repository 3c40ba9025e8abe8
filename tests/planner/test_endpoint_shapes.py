"""The shapes in which real endpoints give answers, calls and refusals, each as one row of a table."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import Any

import pytest

from agent.planner.refusals import EndpointTrouble, refused
from agent.planner.toolbox import schemas
from agent.planner.written_calls import written_calls
from agent.session.events import ModelCall
from tests.planner.scripted_model import KEY, Reply
from tests.planner.test_endpoint import QUESTION, answer, asking
from tools.retry_after import LONGEST_AFTER, wanted_pause

LOOK = ("list_resources", {"kind": "models", "names": []})
SAY = ("say", {"text": "Well."})


def piece(delta: dict[str, Any], index: int = 0, finish: str | None = None) -> dict[str, Any]:
    """A chunk of a stream."""
    return {
        "id": "x",
        "object": "chat.completion.chunk",
        "choices": [{"index": index, "delta": delta, "finish_reason": finish}],
    }


def call(name: str | None, arguments: Any, index: int | None = 0, id_: str | None = None) -> dict[str, Any]:
    """A chunk with a piece of a call."""
    made = {"index": index, "id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
    return piece({"tool_calls": [made]})


END = piece({}, finish="stop")
TEXT = json.dumps(LOOK[1])
SECOND = json.dumps(SAY[1])

STREAMS: dict[str, tuple[list[dict[str, Any]], str, list[tuple[str, dict[str, Any]]]]] = {
    "content is null, then text": ([piece({"content": None}), piece({"content": "Hello."}), END], "Hello.", []),
    "thoughts in a field of their own": (
        [piece({"reasoning_content": "I approve."}), piece({"reasoning": "yes"}), piece({"content": "Hello."}), END],
        "Hello.",
        [],
    ),
    "content in parts": (
        [piece({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hello."}]}), END],
        "Hello.",
        [],
    ),
    "a refusal in a field of its own": (
        [piece({"refusal": "I can't "}), piece({"refusal": "do that."}), END],
        "I can't do that.",
        [],
    ),
    "two answers at once": (
        [
            piece({"content": "Hel"}),
            piece({"content": "Other"}, index=1),
            piece({"content": "lo."}),
            piece({}, 1, "stop"),
            END,
        ],
        "Hello.",
        [],
    ),
    "arguments letter by letter": ([call(LOOK[0], "", 0, "a"), *(call(None, c) for c in TEXT), END], "", [LOOK]),
    "name and id in every piece": (
        [call(LOOK[0], TEXT[:9], 0, "a"), call(LOOK[0], TEXT[9:20], 0, "a"), call(LOOK[0], TEXT[20:], 0, "a"), END],
        "",
        [LOOK],
    ),
    "two calls under one index": ([call(*LOOK, 0, "a"), call(*SAY, 0, "b"), END], "", [LOOK, SAY]),
    "two calls with one id": ([call(LOOK[0], TEXT, 0, "a"), call(SAY[0], SECOND, 1, "a"), END], "", [LOOK, SAY]),
    "no index and no id": ([call(LOOK[0], TEXT, None), END], "", [LOOK]),
    "calls in turns": (
        [
            call(LOOK[0], TEXT[:5], 0, "a"),
            call(SAY[0], SECOND[:5], 1, "b"),
            call(None, TEXT[5:], 0),
            call(None, SECOND[5:], 1),
            END,
        ],
        "",
        [LOOK, SAY],
    ),
    "arguments as an object": ([call(*LOOK), END], "", [LOOK]),
    "a chunk without choices": ([{"choices": []}, piece({"content": "Hello."}), {"choices": None}, END], "Hello.", []),
}


@pytest.mark.parametrize("name", STREAMS)
async def test_streams_of_real_endpoints(name: str) -> None:
    chunks, words, calls = STREAMS[name]
    found = await answer(Reply(chunks=chunks))
    assert (found.content, [(c.name, json.loads(c.arguments)) for c in found.calls], found.trouble) == (
        words,
        calls,
        "",
    )


@pytest.mark.parametrize(
    ("message", "words", "calls"),
    [
        ({"content": None, "tool_calls": [{"function": {"name": SAY[0], "arguments": SECOND}}]}, "", [SAY]),
        ({"content": "", "tool_calls": [{"id": "a", "function": {"name": SAY[0], "arguments": SAY[1]}}]}, "", [SAY]),
        ({"content": [{"type": "text", "text": "Hello."}], "tool_calls": None}, "Hello.", []),
        ({"content": None, "reasoning_content": "hm", "refusal": "I can't."}, "I can't.", []),
        ({"reasoning_content": "<tool_call>", "content": "Hello.", "tool_calls": []}, "Hello.", []),
    ],
    ids=["no id", "object", "parts", "refusal", "thoughts"],
)
async def test_whole_answers_of_real_endpoints(message: dict[str, Any], words: str, calls: list[Any]) -> None:
    found = await answer(Reply(message=message), streams=False)
    assert (found.content, [(c.name, json.loads(c.arguments)) for c in found.calls], found.trouble) == (
        words,
        calls,
        "",
    )


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        (Reply("Half a sen", finish="length"), "longer than is read and was cut"),
        (Reply("<think>I wonder and", finish="length"), "all 4,096 tokens of the answer went into thoughts"),
        (Reply("I think", finish="content_filter"), "content filter cut the answer off"),
        (Reply("", finish="tool_calls"), "announced calls and held none"),
        (Reply("<tool_call>launch the job, please</tool_call>"), "a call in words that can't be read"),
        (Reply("<｜tool▁calls▁begin｜>function<｜tool▁sep｜>say"), "a call in words that can't be read"),
    ],
)
async def test_answers_that_can_not_be_used_say_why(reply: Reply, trouble: str, streams: bool) -> None:
    assert trouble in (await answer(reply, streams=streams)).trouble


NAMED = json.dumps({"name": LOOK[0], "arguments": LOOK[1]})
WRITTEN = {
    "tagged": f"I look.\n<tool_call>\n{NAMED}\n</tool_call>",
    "tag never closed": f"I look. <tool_call>{NAMED}",
    "fenced": f"I look.\n```json\n{NAMED}\n```",
    "fenced without a language": f"I look.\n```\n{NAMED}\n```",
    "parameters": "I look. <function=list_resources>" + TEXT + "</function>",
    "parameters as tags": "I look.<tool_call>\n<function=list_resources>\n<parameter=kind>\nmodels\n</parameter>\n<parameter=names>\n[]\n"
    "</parameter>\n</function>\n</tool_call>",
    "mistral": f"I look.\n[TOOL_CALLS] [{NAMED}]",
    "llama": f"I look.<|python_tag|>{json.dumps({'name': LOOK[0], 'parameters': LOOK[1]})}",
    "arguments as text": "I look.<tool_call>" + json.dumps({"name": LOOK[0], "arguments": TEXT}) + "</tool_call>",
    "wrapped": "I look.\n```json\n"
    + json.dumps({"tool_calls": [{"function": {"name": LOOK[0], "arguments": TEXT}}]})
    + "\n```",
}


@pytest.mark.parametrize("name", WRITTEN)
async def test_calls_written_as_text_are_calls(name: str) -> None:
    found = await answer(Reply(WRITTEN[name]))
    assert (found.content, [(c.name, json.loads(c.arguments)) for c in found.calls], found.trouble) == (
        "I look.",
        [LOOK],
        "",
    )


async def test_written_calls_are_not_spoken_while_they_come() -> None:
    heard: list[str] = []

    async def hear(text: str) -> None:
        heard.append(text)

    for text in (NAMED, *WRITTEN.values()):
        async with asking(Reply(text)) as (endpoint, _):
            assert (await endpoint.ask(QUESTION, schemas(), hear)).calls
    assert heard == []


@pytest.mark.parametrize(
    "text",
    [
        'The row is:\n```json\n{"name": "Ada", "arguments": {}}\n```',
        '```json\n{"text": "Hello."}\n```',
        "```json\n[1, 2]\n```",
        "<tool_call>{broken",
        '{"name": "launch',
        "",
    ],
)
def test_text_that_only_looks_like_a_call_is_left_as_it_is(text: str) -> None:
    assert written_calls(text, ["list_resources", "launch_job"]) == (text, ())


def test_json_alone_is_a_call_when_it_names_an_offered_tool() -> None:
    assert written_calls(f" {NAMED}\n", ["list_resources"]) == ("", (ModelCall(name=LOOK[0], arguments=TEXT),))
    assert written_calls(NAMED, ["say"]) == (NAMED, ())


@pytest.mark.parametrize(
    "text",
    [
        "<think>" * 9_000,
        "<think>" * 4_500 + "</think>" * 4_000,
        "<tool_call>a" + " " * 60_000 + "b",
        "<tool_call><function=a>" + "<parameter=b>" * 4_500,
        "```\n" * 16_000,
        "<tool_call>" + "[" * 50_000,
    ],
    ids=lambda text: text[:12],
)
async def test_no_text_takes_long_to_read(text: str) -> None:
    async with asking(Reply(text), streams=False) as (endpoint, _):
        begun = time.process_time()
        await endpoint.ask(QUESTION, schemas())
        assert time.process_time() - begun < 2.0


@pytest.mark.parametrize(
    ("reply", "words", "patient"),
    [
        (
            Reply(status=400, error="Invalid model: some-model"),
            "was not found (HTTP 400): check FIREAGENT_LLM_URL",
            True,
        ),
        (Reply(status=400, error="The model `m` does not exist"), "was not found (HTTP 400)", True),
        (
            Reply(status=400, error="This model's maximum context length is 8192 tokens"),
            "no prompt of this length",
            True,
        ),
        (
            Reply(status=400, error='"auto" tool choice requires --enable-auto-tool-choice'),
            "can't call tools natively",
            True,
        ),
        (
            Reply(status=400, error="Invalid schema for function 'set_request'"),
            "does not take the tools' schemas",
            True,
        ),
        (Reply(status=402, error="more credits"), "wants to be paid (HTTP 402): add credit", True),
        (Reply(status=403, error="region"), "does not let this key use it (HTTP 403)", True),
        (
            Reply(status=404, error="No endpoints found that support tool use"),
            "can't call tools natively (HTTP 404)",
            True,
        ),
        (Reply(status=413, error="big"), "no prompt of this length (HTTP 413)", True),
        (Reply(status=429, error="insufficient_quota"), "wants to be paid (HTTP 429)", True),
        (Reply(status=307, headers={"location": "http://elsewhere.example/"}), "sends us elsewhere (HTTP 307)", True),
        (Reply(status=408), "is not ready (HTTP 408)", False),
        (Reply(status=503), "is not ready (HTTP 503)", False),
        (Reply(status=529, error="overloaded"), "is not ready (HTTP 529)", False),
        (Reply(chunks=[piece({"content": "Half"})]), "broke off in the middle of an answer", False),
        (
            Reply(chunks=[piece({"content": "Half"}), {"error": {"message": "upstream died"}}]),
            "can't be read (APIError)",
            False,
        ),
        (Reply(raw=b'{"error": {"message": "upstream died", "code": 502}}'), "an error in place of an answer", False),
    ],
)
async def test_refusals_of_real_endpoints(reply: Reply, words: str, patient: bool) -> None:
    reply.error += f" {KEY}"
    with pytest.raises(EndpointTrouble) as trouble:
        await answer(reply)
    assert words in str(trouble.value) and trouble.value.patient == patient and KEY not in str(trouble.value)


async def test_how_long_to_stay_away_is_heard() -> None:
    with pytest.raises(EndpointTrouble) as trouble:
        await answer(Reply(status=429, headers={"retry-after": "77"}))
    assert trouble.value.after == 77.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"retry-after": "soon"}, 0.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "nan"}, 0.0),
        ({"retry-after": "inf"}, LONGEST_AFTER),
        ({"retry-after": "99999"}, LONGEST_AFTER),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": formatdate(1_000_060, usegmt=True)}, 60.0),
        ({"retry-after": formatdate(999_000, usegmt=True)}, 0.0),
    ],
)
def test_a_pause_is_a_number_or_a_date(headers: dict[str, str], seconds: float) -> None:
    assert wanted_pause(headers, 1_000_000.0) == seconds
    assert refused("m", 503, "", {}).after == 0.0


@pytest.mark.parametrize(
    ("part", "error"),
    [
        ("temperature", "Unsupported value: 'temperature' does not support 0 with this model."),
        ("max_tokens", "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        ("stream", "streaming is not allowed with tools"),
        ("additionalProperties", 'Unknown name "additionalProperties" at tools[0]'),
        ("strict", "extra field tools.1.function.strict"),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
async def test_what_an_endpoint_does_not_take_is_left_out_from_then_on(part: str, error: str, status: int) -> None:
    def picky(request: dict[str, Any]) -> Reply:
        found = part in request or f'"{part}"' in json.dumps(request["tools"])
        return Reply(status=status, error=error) if found and request.get(part) is not False else Reply("Well.")

    async with asking(picky) as (endpoint, model):
        for _ in range(2):
            assert (await endpoint.ask(QUESTION, schemas())).content == "Well."
        assert len(model.requests) == 3 and model.requests[0]["max_tokens"] == 4_096
        limits = {name: model.requests[-1][name] for name in model.requests[-1] if name.startswith("max_")}
        assert list(limits.values()) == [4_096]


async def test_a_stream_that_never_tells_its_end_is_given_up_for_whole_answers() -> None:
    def endless(request: dict[str, Any]) -> Reply:
        return Reply("Well.", chunks=[piece({"content": "Well."})] if request.get("stream") else None)

    async with asking(endless) as (endpoint, _):
        for _ in range(2):
            with pytest.raises(EndpointTrouble, match="broke off"):
                await endpoint.ask(QUESTION, schemas())
        assert (await endpoint.ask(QUESTION, schemas())).content == "Well."

"""One question to a model behind an OpenAI-compatible address, and its answer in plain values.

What can be read of an answer stands in `heard.py` and `written_calls.py`, what a refusal means in `refusals.py`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agent.planner.answer_text import Spoken, split_thoughts
from agent.planner.heard import Heard
from agent.planner.refusals import EndpointTrouble, refused
from agent.planner.written_calls import is_unread_call, written_calls
from agent.session.events import LlmChoice, ModelCall
from tools.addresses import shown_address

if TYPE_CHECKING:
    from openai import AsyncOpenAI

ANSWER_TOKENS = 4_096
ANSWER_SECONDS = 300.0
SILENT_SECONDS = 120.0
"""How long nothing may come; a model that answers whole and thinks for long needs a server that streams."""
RETRIES = 2
BROKEN = 2
"""Streams in a row without an end, after which whole answers are asked for."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
CHARACTERS_PER_TOKEN = 4
"""For endpoints that tell no usage."""

Message = dict[str, Any]
OnText = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Answer:
    """What the model said. `trouble` is why it can't be used as it is, empty when it can. Tokens as counted, or estimated."""

    content: str
    calls: tuple[ModelCall, ...]
    trouble: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    counted: bool


@dataclass(frozen=True)
class _Form:
    """In which form an endpoint takes a request; learnt from what it refuses."""

    streams: bool = True
    strict: bool = True
    temperature: bool = True
    limit: str = "max_tokens"

    def lesson(self, body: str) -> _Form | None:
        """The form that a refusal with this body asks for; None when it asks for nothing that can be given."""
        found = (
            ("max_completion_tokens", replace(self, limit="max_completion_tokens")),
            ("temperature", replace(self, temperature=False)),
            ("strict", replace(self, strict=False)),
            ("additionalproperties", replace(self, strict=False)),
            ("schema", replace(self, strict=False)),
            ("stream", replace(self, streams=False)),
        )
        return next((form for word, form in found if word in body and form != self), None)

    def shape(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The request in this form. Arguments are checked anyway, so that strict schemas are a help and no need."""
        tools = request["tools"] if self.strict else [_lenient(tool) for tool in request["tools"]]
        shaped = {**request, "tools": tools, self.limit: ANSWER_TOKENS}
        return shaped | ({"temperature": 0} if self.temperature else {})


class Endpoint:
    """A client for one address, model and key."""

    def __init__(self, choice: LlmChoice, key: str, *, retries: int = RETRIES) -> None:
        import openai  # late: it costs more than all the rest of a server's start

        for name in [name for name in os.environ if name.startswith("OPENAI_")]:
            os.environ.pop(name)  # they would silently add headers, name an organisation, or redirect
        local = urlsplit(choice.url).hostname in LOOPBACK
        self.choice = choice
        self._errors = openai
        self._form = _Form()
        self._broken = 0
        """Streams in a row that ended without an end."""
        self._client: AsyncOpenAI = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=choice.url,
            max_retries=retries,
            timeout=SILENT_SECONDS,
            http_client=openai.DefaultAsyncHttpxClient(trust_env=not local, follow_redirects=False),
        )

    async def close(self) -> None:
        await self._client.close()

    async def ask(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], on_text: OnText | None = None
    ) -> Answer:
        """The model's answer. `on_text` hears its words, sentence by sentence, while they come. Raises EndpointTrouble."""
        request = {"model": self.choice.model, "messages": list(messages), "tools": list(tools)}
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                heard = await self._hear(request, on_text)
        except TimeoutError as error:
            raise EndpointTrouble(f"{self._who()} did not finish an answer within {ANSWER_SECONDS:.0f} s") from error
        except self._errors.APITimeoutError as error:
            raise EndpointTrouble(f"{self._who()} was silent for {SILENT_SECONDS:.0f} s") from error
        except self._errors.APIConnectionError as error:
            raise EndpointTrouble(f"{self._who()} can't be reached ({type(error).__name__})") from error
        except self._errors.APIStatusError as error:
            raise refused(self._who(), int(error.status_code), str(error), error.response.headers) from error
        except self._errors.OpenAIError as error:
            raise EndpointTrouble(
                f"{self._who()} gave an answer that can't be read ({type(error).__name__})"
            ) from error
        except ValueError as error:
            raise EndpointTrouble(f"{self._who()} gave an answer that is no JSON ({type(error).__name__})") from error
        if heard.trouble:
            raise EndpointTrouble(f"{self._who()} told of an error in place of an answer")
        return self._answer(heard, request)

    async def _hear(self, request: Mapping[str, Any], on_text: OnText | None) -> Heard:
        """The answer in the form that the endpoint takes; each refusal that names a part of the form teaches it once."""
        while True:
            try:
                return await self._heard(self._form.shape(request), on_text)
            except (self._errors.BadRequestError, self._errors.UnprocessableEntityError) as error:
                form = self._form.lesson(str(error).casefold())
                if form is None:
                    raise
                self._form = form

    async def _heard(self, request: dict[str, Any], on_text: OnText | None) -> Heard:
        if self._form.streams:
            heard = await self._streamed(request, on_text)
            if heard.chunks:
                return self._whole(heard)
            self._form = replace(self._form, streams=False)  # the plain form says the same
        return await self._plain(request, on_text)

    async def _streamed(self, request: dict[str, Any], on_text: OnText | None) -> Heard:
        heard, spoken = Heard(), Spoken()
        stream = await self._client.chat.completions.create(
            **request, stream=True, stream_options={"include_usage": True}
        )
        async with stream:
            async for chunk in stream:
                text = heard.hear(chunk, "delta")
                if on_text is not None and (sentence := spoken.hear(text)):
                    await on_text(sentence)
                if heard.full:
                    break
        return heard

    def _whole(self, heard: Heard) -> Heard:
        """The streamed answer, if it came to its end. Raises EndpointTrouble.

        Who never tells why an answer ended is asked for whole ones: of those the length is known.
        """
        if heard.finish or heard.full or heard.trouble:
            self._broken = 0
            return heard
        self._broken += 1
        if self._broken == BROKEN:
            self._form = replace(self._form, streams=False)
        raise EndpointTrouble(f"{self._who()} broke off in the middle of an answer")

    async def _plain(self, request: dict[str, Any], on_text: OnText | None) -> Heard:
        heard = Heard()
        answer = await self._client.chat.completions.create(**request)
        heard.hear(answer, "message")
        text = split_thoughts("".join(heard.words)).strip()
        if on_text is not None and text and not is_unread_call(text):
            await on_text(text)
        return heard

    def _answer(self, heard: Heard, request: Mapping[str, Any]) -> Answer:
        content = split_thoughts("".join(heard.words)).strip() or "".join(heard.refusal).strip()
        calls = tuple(ModelCall(name=call.name[:100], arguments=call.arguments) for call in heard.in_order())
        if not calls:
            content, calls = written_calls(content, [tool["function"]["name"] for tool in request["tools"]])
        usage = heard.usage
        prompt = _count(usage, "prompt_tokens")
        details = getattr(usage, "prompt_tokens_details", None)
        sent = sum(len(str(part)) for part in (request["messages"], request["tools"]))
        return Answer(
            content=content,
            calls=calls,
            trouble=_trouble(heard, content, bool(calls)),
            prompt_tokens=prompt or sent // CHARACTERS_PER_TOKEN,
            cached_tokens=min(prompt, _count(details, "cached_tokens")),
            completion_tokens=_count(usage, "completion_tokens") or heard.bytes // CHARACTERS_PER_TOKEN,
            counted=bool(prompt),
        )

    def _who(self) -> str:
        return f"the model {self.choice.model[:100]} at {urlsplit(shown_address(self.choice.url)).netloc[:100]}"


def _trouble(heard: Heard, content: str, calls: bool) -> str:
    """Why an answer can't be used as it is; empty when it can."""
    empty = not content and not calls
    if heard.finish == "length" and empty:
        return f"all {ANSWER_TOKENS:,} tokens of the answer went into thoughts; think less"
    if heard.full or heard.finish == "length":
        return "the answer was longer than is read and was cut"
    if heard.finish == "content_filter":
        return "the endpoint's content filter cut the answer off"
    if not calls and is_unread_call(content):
        return (
            "it held a call in words that can't be read; call tools through the interface, or write "
            '<tool_call>{"name": "...", "arguments": {}}</tool_call>'
        )
    if empty and heard.finish == "tool_calls":
        return "the answer announced calls and held none"
    return "the answer held neither words nor a call" if empty else ""


def _lenient(value: Any) -> Any:
    """A tool's schema without what only some endpoints know."""
    if isinstance(value, dict):
        return {k: _lenient(v) for k, v in value.items() if k not in ("strict", "additionalProperties")}
    return [_lenient(part) for part in value] if isinstance(value, list) else value


def _count(value: object, name: str) -> int:
    found = getattr(value, name, None)
    return found if isinstance(found, int) and found > 0 else 0

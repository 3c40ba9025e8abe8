"""One question to a model behind an OpenAI-compatible address, and its answer in plain values.

Errors raised:
    EndpointTrouble      no answer can be had now; the text says what is wrong, whose it is and what to do. The key is
                         never in it. `patient`: trying soon is no use, for somebody has to change a setting first.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agent.planner.answer_text import Spoken, split_thoughts, written_calls
from agent.session.events import LlmChoice, ModelCall

if TYPE_CHECKING:
    from openai import AsyncOpenAI

ANSWER_TOKENS = 4_096
ANSWER_BYTES = 64 * 1024
"""An answer is read up to here; the rest of a longer one is left unread."""
ANSWER_SECONDS = 300.0
CALLS = 32
"""Calls of one answer that are kept."""
RETRIES = 2
LOOPBACK = ("127.0.0.1", "localhost", "::1")
CHARACTERS_PER_TOKEN = 4
"""For endpoints that tell no usage."""

Message = dict[str, Any]
OnText = Callable[[str], Awaitable[None]]


class EndpointTrouble(Exception):
    """The model can't be asked now."""

    def __init__(self, text: str, *, patient: bool = False) -> None:
        super().__init__(text)
        self.patient = patient


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


@dataclass
class _Heard:
    """An answer while it comes in."""

    content: list[str] = field(default_factory=list)
    calls: dict[int, list[str]] = field(default_factory=dict)
    usage: Any = None
    finish: str = ""
    bytes: int = 0
    chunks: int = 0

    @property
    def full(self) -> bool:
        return self.bytes > ANSWER_BYTES

    def take(self, text: str) -> str:
        room = max(0, ANSWER_BYTES - self.bytes)
        self.bytes += len(text.encode("utf-8", "replace"))
        return text[:room]

    def hear(self, answer: object, form: str) -> str:
        """Takes an answer or a piece of one; gives its words. Nothing is sure to be there: the SDK checks no answer."""
        self.usage = getattr(answer, "usage", None) or self.usage
        choices = getattr(answer, "choices", None)
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = getattr(choice, form, None)
        self.finish = _text(choice, "finish_reason") or self.finish
        words = self.take(_text(message, "content"))
        self.content.append(words)
        calls = getattr(message, "tool_calls", None)
        for place, call in enumerate(calls if isinstance(calls, list) else ()):
            index, function = getattr(call, "index", None), getattr(call, "function", None)
            self._call(
                index if isinstance(index, int) else place, _text(function, "name"), _text(function, "arguments")
            )
        return words

    def _call(self, index: int, name: str, arguments: str) -> None:
        if (name or arguments) and (index in self.calls or len(self.calls) < CALLS):
            parts = self.calls.setdefault(index, ["", ""])
            parts[0] += self.take(name)
            parts[1] += self.take(arguments)


class Endpoint:
    """A client for one address, model and key."""

    def __init__(self, choice: LlmChoice, key: str, *, retries: int = RETRIES) -> None:
        import openai  # late: it costs more than all the rest of a server's start

        for name in [name for name in os.environ if name.startswith("OPENAI_")]:
            os.environ.pop(name)  # they would silently add headers, name an organisation, or redirect
        local = urlsplit(choice.url).hostname in LOOPBACK
        self.choice = choice
        self._errors = openai
        self._streams = True
        self._strict = True
        self._client: AsyncOpenAI = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=choice.url,
            max_retries=retries,
            timeout=120.0,
            http_client=openai.DefaultAsyncHttpxClient(trust_env=not local, follow_redirects=False),
        )

    async def close(self) -> None:
        await self._client.close()

    async def ask(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], on_text: OnText | None = None
    ) -> Answer:
        """The model's answer. `on_text` hears its words, sentence by sentence, while they come. Raises EndpointTrouble."""
        request = {
            "model": self.choice.model,
            "messages": list(messages),
            "tools": list(tools),
            "temperature": 0,
            "max_tokens": ANSWER_TOKENS,
        }
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                heard = await self._hear(request, on_text)
        except TimeoutError as error:
            raise EndpointTrouble(f"{self._who()} did not finish an answer within {ANSWER_SECONDS:.0f} s") from error
        except self._errors.APIConnectionError as error:
            raise EndpointTrouble(f"{self._who()} can't be reached ({type(error).__name__})") from error
        except self._errors.APIStatusError as error:
            raise self._refused(error) from error
        except self._errors.OpenAIError as error:
            raise EndpointTrouble(
                f"{self._who()} gave an answer that can't be read ({type(error).__name__})"
            ) from error
        except ValueError as error:
            raise EndpointTrouble(f"{self._who()} gave an answer that is no JSON ({type(error).__name__})") from error
        return self._answer(heard, request)

    async def _hear(self, request: dict[str, Any], on_text: OnText | None) -> _Heard:
        """The answer in the form that the endpoint takes. Not all know strict schemas; the arguments are checked anyway."""
        try:
            return await self._heard(request if self._strict else _lenient(request), on_text)
        except self._errors.BadRequestError as error:
            if not self._strict or "strict" not in str(error).casefold():
                raise
            self._strict = False
            return await self._heard(_lenient(request), on_text)

    async def _heard(self, request: dict[str, Any], on_text: OnText | None) -> _Heard:
        if self._streams:
            try:
                heard = await self._streamed(request, on_text)
                if heard.chunks:
                    return heard
            except self._errors.BadRequestError as error:
                if "stream" not in str(error).casefold():
                    raise
            self._streams = False  # it does not stream, or not with usage; the plain form says the same
        return await self._plain(request, on_text)

    async def _streamed(self, request: dict[str, Any], on_text: OnText | None) -> _Heard:
        heard, spoken = _Heard(), Spoken()
        stream = await self._client.chat.completions.create(
            **request, stream=True, stream_options={"include_usage": True}
        )
        async with stream:
            async for chunk in stream:
                heard.chunks += 1
                text = heard.hear(chunk, "delta")
                if on_text is not None and (sentence := spoken.hear(text)):
                    await on_text(sentence)
                if heard.full:
                    break
        return heard

    async def _plain(self, request: dict[str, Any], on_text: OnText | None) -> _Heard:
        heard = _Heard()
        answer = await self._client.chat.completions.create(**request)
        heard.hear(answer, "message")
        if on_text is not None and (text := split_thoughts("".join(heard.content)).strip()):
            await on_text(text)
        return heard

    def _answer(self, heard: _Heard, request: dict[str, Any]) -> Answer:
        content = split_thoughts("".join(heard.content)).strip()
        calls = tuple(ModelCall(name=name[:100], arguments=text) for _, (name, text) in sorted(heard.calls.items()))
        if not calls:
            content, calls = written_calls(content)
        trouble = ""
        if heard.full or heard.finish == "length":
            trouble = "the answer was longer than is read and was cut"
        elif not content and not calls:
            trouble = "the answer held neither words nor a call"
        usage = heard.usage
        prompt = _count(usage, "prompt_tokens")
        details = getattr(usage, "prompt_tokens_details", None)
        sent = sum(len(str(part)) for part in (request["messages"], request["tools"]))
        return Answer(
            content=content,
            calls=calls,
            trouble=trouble,
            prompt_tokens=prompt or sent // CHARACTERS_PER_TOKEN,
            cached_tokens=min(prompt, _count(details, "cached_tokens")),
            completion_tokens=_count(usage, "completion_tokens") or heard.bytes // CHARACTERS_PER_TOKEN,
            counted=bool(prompt),
        )

    def _who(self) -> str:
        return f"the model {self.choice.model[:100]} at {urlsplit(self.choice.url).netloc[:100]}"

    def _refused(self, error: Any) -> EndpointTrouble:
        """A status that is no success, in words. The body is somebody else's text and only looked at for a cause."""
        status, body = int(error.status_code), str(error).casefold()
        if status in (401, 403):
            return EndpointTrouble(
                f"{self._who()} does not accept the key (HTTP {status}): check FIREAGENT_LLM_KEY", patient=True
            )
        if status == 404:
            return EndpointTrouble(
                f"{self._who()} was not found (HTTP 404): check FIREAGENT_LLM_URL and FIREAGENT_LLM_MODEL", patient=True
            )
        if status in (400, 422) and ("tool" in body or "function" in body):
            return EndpointTrouble(
                f"{self._who()} can't call tools natively (HTTP {status}); the planner needs a model that can: choose another "
                "with FIREAGENT_LLM_MODEL, or use the offline planner",
                patient=True,
            )
        if status in (400, 413, 422):
            return EndpointTrouble(f"{self._who()} refuses the request (HTTP {status})", patient=True)
        return EndpointTrouble(f"{self._who()} is not ready (HTTP {status})")


def _lenient(request: dict[str, Any]) -> dict[str, Any]:
    """The request without strict schemas."""
    tools = [
        {**tool, "function": {k: v for k, v in tool["function"].items() if k != "strict"}} for tool in request["tools"]
    ]
    return {**request, "tools": tools}


def _text(value: object, name: str) -> str:
    """The text, if it is one; halves of characters, which no file and no database takes, are replaced."""
    found = getattr(value, name, None)
    return found.encode("utf-8", "replace").decode() if isinstance(found, str) else ""


def _count(value: object, name: str) -> int:
    found = getattr(value, name, None)
    return found if isinstance(found, int) and found > 0 else 0

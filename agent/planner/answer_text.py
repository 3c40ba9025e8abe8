"""The words of a model's answer: without its thoughts, and sentence by sentence while they come."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from agent.session.events import ModelCall

_CLOSED = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_TAIL = re.compile(r"^.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_OPEN = re.compile(r"<think(?:ing)?>.*\Z", re.DOTALL | re.IGNORECASE)
_WRITTEN_CALL = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|\Z)", re.DOTALL)
_SENTENCE = re.compile(r"[.!?:](?=\s)|\n")
SPOKEN = 4_000
"""Characters of an answer that are shown while they come."""
LEAST_SENTENCE = 40
"""Characters below which words wait for more."""


def split_thoughts(text: str) -> str:
    """The text without what stands in <think> tags, also where the first tag or the last is missing."""
    return _OPEN.sub("", _TAIL.sub("", _CLOSED.sub("", text)))


def written_calls(text: str) -> tuple[str, tuple[ModelCall, ...]]:
    """The text and the calls that a model wrote into it as <tool_call>{"name", "arguments"}</tool_call> blocks."""
    calls = tuple(call for body in _WRITTEN_CALL.findall(text) for call in _call(body))
    return (_WRITTEN_CALL.sub("", text).strip(), calls) if calls else (text, ())


def _call(body: str) -> Iterator[ModelCall]:
    try:
        found = json.loads(body)
    except ValueError:
        return
    if isinstance(found, dict) and isinstance(found.get("name"), str):
        arguments = found.get("arguments", found.get("parameters", {}))
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        yield ModelCall(name=found["name"][:100], arguments=text)


class Spoken:
    """Collects streamed words and gives them back as whole sentences; thoughts and written calls are not spoken."""

    def __init__(self) -> None:
        self._heard = ""
        self._said = 0

    def hear(self, text: str) -> str:
        """What can be shown now: the sentences that have become whole, or nothing."""
        if not text or len(self._heard) > SPOKEN:
            return ""
        self._heard += text
        visible = split_thoughts(self._heard).split("<", 1)[0].lstrip()
        ends = [found.end() for found in _SENTENCE.finditer(visible) if found.end() - self._said >= LEAST_SENTENCE]
        if not ends:
            return ""
        sentence, self._said = visible[self._said : ends[-1]].strip(), ends[-1]
        return sentence

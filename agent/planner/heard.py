"""An answer of a chat endpoint while it comes in, whole or in pieces. Nothing is sure to be there: the SDK checks no answer.

Endpoints differ: contents are texts or lists of parts; the arguments of a call are a text or an object, in one piece or in
many; each piece repeats the call's name and id or does not; several calls come under one index.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ANSWER_BYTES = 64 * 1024
"""An answer is read up to here; the rest of a longer one is left unread."""
CALLS = 32
"""Calls of one answer that are kept."""


@dataclass
class HeardCall:
    """A call while it comes in. `index` is its place as the endpoint counts."""

    index: int
    id: str
    name: str = ""
    arguments: str = ""


@dataclass
class Heard:
    """What has come so far. `trouble` is an error that the endpoint told in place of an answer."""

    words: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    calls: list[HeardCall] = field(default_factory=list)
    usage: Any = None
    finish: str = ""
    trouble: bool = False
    bytes: int = 0
    chunks: int = 0

    @property
    def full(self) -> bool:
        return self.bytes > ANSWER_BYTES

    def hear(self, answer: object, form: str) -> str:
        """Takes an answer or a piece of one (`form`: "message" or "delta"); gives its words."""
        self.chunks += 1
        self.usage = getattr(answer, "usage", None) or self.usage
        self.trouble = self.trouble or bool(getattr(answer, "error", None))
        choice = _first(getattr(answer, "choices", None))
        message = getattr(choice, form, None)
        self.finish = _text(getattr(choice, "finish_reason", None)) or self.finish
        words = self._take("".join(_words(getattr(message, "content", None))))
        self.words.append(words)
        self.refusal.append(self._take(_text(getattr(message, "refusal", None))))
        calls = getattr(message, "tool_calls", None)
        for place, call in enumerate(calls if isinstance(calls, list) else ()):
            self._call(call, place)
        return words

    def in_order(self) -> list[HeardCall]:
        """The calls in the order in which the endpoint counts them."""
        return sorted(self.calls, key=lambda call: call.index)

    def _call(self, piece: object, place: int) -> None:
        given = getattr(piece, "index", None)
        index, id_ = given if isinstance(given, int) else place, _text(getattr(piece, "id", None))
        function = getattr(piece, "function", None)
        name, arguments = _text(getattr(function, "name", None)), _arguments(getattr(function, "arguments", None))
        begun = next((call for call in reversed(self.calls) if call.index == index), None)
        if begun is None or (name and id_ and begun.id and id_ != begun.id):
            if len(self.calls) == CALLS or not (name or arguments):
                return
            begun = HeardCall(index, id_)
            self.calls.append(begun)
        if name != begun.name:
            begun.name += self._take(name)
        begun.arguments += self._take(arguments)

    def _take(self, text: str) -> str:
        room = max(0, ANSWER_BYTES - self.bytes)
        self.bytes += len(text.encode("utf-8", "replace"))
        return text[:room]


def _first(choices: object) -> object:
    """The first of several answers. In a stream the pieces of the others come under other numbers."""
    found = choices if isinstance(choices, list) else []
    return next((choice for choice in found if getattr(choice, "index", None) in (0, None)), None)


def _words(content: object) -> Iterator[str]:
    """The texts of a content; parts of another kind, such as thoughts, are left out."""
    for part in content if isinstance(content, list) else (content,):
        if isinstance(part, dict):
            yield _text(part.get("text")) if part.get("type") == "text" else ""
        else:
            yield _text(part)


def _arguments(value: object) -> str:
    """The arguments as text. Some endpoints give the object itself."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else _text(value)


def _text(value: object) -> str:
    """The text, if it is one; halves of characters, which no file and no database takes, are replaced."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""

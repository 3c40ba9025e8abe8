"""Where a chat template puts its delimiters: counts the tokens of a conversation without rendering it.

A template is read once, by rendering probe conversations and looking at what stands between their contents. When every
such gap holds a special token, no token can span two messages, so a conversation's count is the sum of its messages'
counts plus a constant per gap. A template that does not behave so on all probes is rendered for every conversation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .rows import Turn

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
)
"""The layout assumed when a model's template is not at hand."""

Render = Callable[[Sequence[Turn]], str]
_START, _END = "^", "$"
_Edge = tuple[str, str, bool]
"""(role before, role after, whether the message after is the last one)."""


class Gap(NamedTuple):
    """The text between two contents: `head` up to the first special token, `specials`, then `tail` after the last."""

    head: str
    inner: int
    """Tokens from the first special token to the last."""
    tail: str
    tail_tokens: int


class Split(NamedTuple):
    """A conversation as texts to count: one per turn, `headers` = the tokens of each that precede its content."""

    texts: list[str]
    headers: list[int]
    outside: int
    """Tokens of the delimiters around the texts."""


class ChatLayout:
    """How one template lays out messages. `gaps` is None when it has to be rendered."""

    def __init__(self, render: Render, gaps: dict[_Edge, Gap] | None, strips: bool) -> None:
        self.render = render
        self.gaps = gaps
        self.strips = strips

    def split(self, turns: Sequence[Turn]) -> Split | None:
        """The conversation's texts and the tokens outside them; None when the template must be rendered."""
        if self.gaps is None:
            return None
        gaps = self.gaps
        last = len(turns) - 1
        before, outside = _START, 0
        texts: list[str] = []
        headers: list[int] = []
        for index, turn in enumerate(turns):
            gap = gaps.get((before, turn.role, index == last))
            if gap is None:
                return None
            if texts:
                texts[-1] += gap.head
            outside += gap.inner
            headers.append(gap.tail_tokens)
            texts.append(gap.tail + (turn.text.strip() if self.strips else turn.text))
            before = turn.role
        end = gaps.get((before, _END, True))
        if end is None:
            return None
        texts[-1] += end.head
        return Split(texts, headers, outside + end.inner)


class _Generation(Extension):
    """The `generation` block that Transformers' templates put around what the model is to learn. It renders its body."""

    tags = {"generation"}  # noqa: RUF012 - as jinja2 declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def renderer(template: str, special: dict[str, str] | None = None) -> Render:
    """A function from turns to the rendered text. The template is untrusted: it runs in jinja2's immutable sandbox.

    `special` gives bos_token and the like. The function raises jinja2.TemplateError when the template refuses.
    """
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _refuse
    environment.globals["strftime_now"] = lambda form: "01 Jan 2026"
    compiled = environment.from_string(template)
    fixed = {"add_generation_prompt": False, "tools": None, **(special or {})}

    def render(turns: Sequence[Turn]) -> str:
        try:
            return compiled.render(messages=[{"role": turn.role, "content": turn.text} for turn in turns], **fixed)
        except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
            # The template's own mistakes on this conversation, as joining text and nothing.
            raise TemplateError(f"{type(error).__name__}: {error}") from error

    return render


def _tojson(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _refuse(message: str) -> None:
    raise TemplateError(message)


def learn_layout(render: Render, special: Sequence[str], count: Callable[[str], int]) -> ChatLayout:
    """Read a template's layout from probes. `special` are the tokenizer's special tokens, `count` counts any text."""
    pattern = re.compile("|".join(re.escape(token) for token in sorted(special, key=len, reverse=True)) or r"(?!)")
    for strips in (False, True):
        gaps = _learn(render, pattern, count)
        if gaps is not None and _holds(ChatLayout(render, gaps, strips), count):
            return ChatLayout(render, gaps, strips)
    return ChatLayout(render, None, False)


_SHAPES = (
    "u", "ua", "su", "sua", "uaua", "suaua", "uauaua", "suauaua", "uau", "suau", "aua", "a",
)  # fmt: skip
_ROLE = {"s": "system", "u": "user", "a": "assistant"}


def _learn(render: Render, pattern: re.Pattern[str], count: Callable[[str], int]) -> dict[_Edge, Gap] | None:
    gaps: dict[_Edge, Gap] = {}
    for shape in _SHAPES:
        marks = [f"qX{index}Xq" for index in range(len(shape))]
        try:
            text = render([Turn(_ROLE[role], mark) for role, mark in zip(shape, marks, strict=True)])
        except TemplateError:
            continue  # a shape that this template refuses, as a leading assistant turn: such rows are rendered
        pieces = re.split("|".join(marks), text)
        if len(pieces) != len(shape) + 1:
            return None
        roles = [_START, *(_ROLE[role] for role in shape), _END]
        for index, piece in enumerate(pieces):
            gap = _gap(piece, pattern, count, first=index == 0, last=index == len(shape))
            key = (roles[index], roles[index + 1], index >= len(shape) - 1)
            if gap is None or gaps.setdefault(key, gap) != gap:
                return None
    return gaps or None


def _gap(piece: str, pattern: re.Pattern[str], count: Callable[[str], int], first: bool, last: bool) -> Gap | None:
    found = list(pattern.finditer(piece))
    if not found:
        return Gap("", 0, "", 0) if (first or last) and not piece else None
    start = 0 if first else found[0].start()
    end = len(piece) if last else found[-1].end()
    return Gap(piece[:start], count(piece[start:end]), piece[end:], count(piece[end:]))


def _holds(layout: ChatLayout, count: Callable[[str], int]) -> bool:
    """Whether the sum over messages equals the count of the rendered text on contents with awkward edges."""
    contents = ("Hello there.", "\n leading", "trailing \n", "é 日本 ok", "12 + 30 = 42", "  x  ")
    for shape in _SHAPES:
        turns = [Turn(_ROLE[role], contents[index % len(contents)]) for index, role in enumerate(shape)]
        split = layout.split(turns)
        if split is None:
            continue
        if split.outside + sum(count(text) for text in split.texts) != count(layout.render(turns)):
            return False
    return True

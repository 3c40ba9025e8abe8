"""Calls that a model wrote into its words instead of making them: which shapes are read, and which are only recognised.

Read: <tool_call>JSON</tool_call>, also with <function=NAME><parameter=KEY>VALUE</parameter></function> inside or alone;
JSON after [TOOL_CALLS] or <|python_tag|>; and JSON that is the whole answer or a fenced block of it. JSON without a sign of
its own counts only when it names tools that were offered, for models also show JSON to people.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator

from agent.session.events import ModelCall

_TAGGED = re.compile(r"<tool_calls?>(.*?)(?:</tool_calls?>|\Z)", re.DOTALL)
_FUNCTION = re.compile(r"<function=([\w-]{1,100})>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([\w-]{1,100})>(.*?)(?:</parameter>|(?=<parameter=)|\Z)", re.DOTALL)
_MARKED = re.compile(r"(?:\[TOOL_CALLS\]|<\|python_tag\|>)(.*)\Z", re.DOTALL)
_FENCED = re.compile(r"```[a-z_]{0,20}\n(.*?)```", re.DOTALL)
_SIGNS = re.compile(r"<tool_call|<function=|\[TOOL_CALLS\]|<\|python_tag\|>|<｜tool▁call")
"""How calls as text begin, DeepSeek's among them, which is not read."""


def written_calls(text: str, offered: Collection[str]) -> tuple[str, tuple[ModelCall, ...]]:
    """The words and the calls of a text; no calls where none can be read, and then the text as it was.

    `offered` are the names of the tools that the model was given.
    """
    for shape in (_TAGGED, _FUNCTION, _MARKED):
        calls = tuple(call for found in shape.finditer(text) for call in _signed(found))
        if calls:
            return shape.sub("", text).strip(), calls
    blocks = [(found, tuple(_of_json(found[1]))) for found in _FENCED.finditer(text)]
    chosen = [(found, calls) for found, calls in blocks if _all_offered(calls, offered)]
    if chosen:
        words = text
        for found, _ in chosen:
            words = words.replace(found[0], "", 1)
        return words.strip(), tuple(call for _, calls in chosen for call in calls)
    calls = tuple(_of_json(text))
    return ("", calls) if _all_offered(calls, offered) else (text, ())


def is_unread_call(text: str) -> bool:
    """Does a text that held no call for `written_calls` look as if one was meant?"""
    return _SIGNS.search(text) is not None


def _all_offered(calls: Iterable[ModelCall], offered: Collection[str]) -> bool:
    names = [call.name for call in calls]
    return bool(names) and all(name in offered for name in names)


def _signed(found: re.Match[str]) -> Iterator[ModelCall]:
    if found.re is _FUNCTION:
        yield _of_parameters(found[1], found[2])
        return
    inner = [_of_parameters(*inner) for inner in _FUNCTION.findall(found[1])]
    yield from inner or _of_json(found[1])


def _of_parameters(name: str, body: str) -> ModelCall:
    """A call whose arguments are JSON or tags; a tag's value is JSON where it can be and a text where not."""
    arguments = {key: _value(value.strip()) for key, value in _PARAMETER.findall(body)}
    return ModelCall(name=name, arguments=json.dumps(arguments, ensure_ascii=False) if arguments else body.strip())


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _of_json(text: str) -> Iterator[ModelCall]:
    """The calls of one JSON value at the beginning of the text; none where it is no such JSON."""
    body = text.strip()
    if not body.startswith(("{", "[")):
        return
    try:
        found, end = json.JSONDecoder().raw_decode(body)
    except (ValueError, RecursionError):
        return
    if not body[end:].strip():
        yield from _of_value(found)


def _of_value(found: object) -> Iterator[ModelCall]:
    if isinstance(found, list):
        for part in found:
            yield from _of_value(part)
    elif isinstance(found, dict) and isinstance(found.get("tool_calls"), list):
        yield from _of_value(found["tool_calls"])
    elif isinstance(found, dict) and isinstance(found.get("function"), dict):
        yield from _of_value(found["function"])
    elif isinstance(found, dict) and isinstance(found.get("name"), str):
        arguments = found.get("arguments", found.get("parameters", {}))
        text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        yield ModelCall(name=found["name"][:100], arguments=text)

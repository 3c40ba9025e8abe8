"""Rows as they are written: conversion to trainable chat, prompts, labels, and their canonical bytes.

Readers take any mapping decoded from JSON. Nothing here changes its argument.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from .facts import ConversionKind
from .rows import Kind, completion_keys, join_parts, read_row, truth_labels, with_tool_calls

ALL_CONVERSIONS: tuple[ConversionKind, ...] = (
    "completion_to_messages",
    "ground_truth_to_assistant",
    "tool_turns",
    "developer_role",
    "text_parts",
    "trailing_turns",
    "drop_unanswered",
    "bom",
    "crlf",
)
_KEPT_KEYS = ("ground_truth", "tools", "weight", "id")

Row = Mapping[str, Any]


def kind_of(row: Row) -> Kind:
    """The form of one row, checked in full. Raises rows.RowError when it is none of them, or a faulty one."""
    return read_row(dump_row(row)).kind


def prompt_of(row: Row) -> list[dict[str, Any]]:
    """The messages that a model is asked to continue: all before the final assistant turn, or the preference prompt."""
    if isinstance(row.get("input"), Mapping):
        return [dict(message) for message in row["input"]["messages"]]
    messages = [dict(message) for message in row["messages"]]
    if messages and messages[-1].get("role") == "assistant":
        messages.pop()
    return messages


def labels_of(row: Row) -> tuple[str, ...]:
    """The labels of a row: `ground_truth` (a string, a number or a list of strings), else the last assistant turn, trimmed."""
    truth = truth_labels(row.get("ground_truth"))
    if truth:
        return truth
    for message in reversed(row.get("messages") or ()):
        if message.get("role") == "assistant" and isinstance(message.get("content"), str):
            return (message["content"].strip(),)
    return ()


def to_chat(row: Row, conversions: Collection[ConversionKind] = ALL_CONVERSIONS) -> dict[str, Any] | None:
    """The row as trainable chat with exactly the named conversions applied; None when it has no answer to learn.

    Keys that training understands (ground_truth, tools, weight, id) stay, others go. A row that would need a conversion
    that is not named is returned as far as the named ones bring it: the check afterwards is `kind_of`.
    """
    messages = _messages(row, conversions)
    if messages is None:
        return None
    truth = truth_labels(row.get("ground_truth"))
    if messages[-1]["role"] != "assistant":
        if truth and "ground_truth_to_assistant" in conversions:
            messages.append({"role": "assistant", "content": ", ".join(truth)})
        elif "trailing_turns" in conversions and any(message["role"] == "assistant" for message in messages):
            while messages[-1]["role"] != "assistant":
                messages.pop()
        elif "drop_unanswered" in conversions:
            return None
    return {"messages": messages, **{key: row[key] for key in _KEPT_KEYS if row.get(key) is not None}}


def _messages(row: Row, conversions: Collection[ConversionKind]) -> list[dict[str, Any]] | None:
    if not row.get("messages"):
        keys = completion_keys(dict(row))
        if keys is None or "completion_to_messages" not in conversions:
            return None
        prompt = str(row[keys[0]])
        if keys[0] == "instruction" and isinstance(row.get("input"), str) and row["input"].strip():
            prompt = f"{prompt}\n\n{row['input']}"
        return [{"role": "user", "content": prompt}, {"role": "assistant", "content": str(row[keys[1]])}]
    return [_message(message, conversions) for message in row["messages"]]


def _message(message: Row, conversions: Collection[ConversionKind]) -> dict[str, Any]:
    converted = {key: value for key, value in message.items() if value is not None}
    if isinstance(converted.get("content"), list) and "text_parts" in conversions:
        converted["content"] = join_parts(converted["content"])
    if converted["role"] == "developer" and "developer_role" in conversions:
        converted["role"] = "system"
    if "tool_turns" in conversions:
        _spell_out_tools(converted)
    return converted


def _spell_out_tools(message: dict[str, Any]) -> None:
    """Tool results become user turns and tool calls text: every chat template can render that, few render tools alike."""
    if message["role"] in ("tool", "function"):
        content = message.get("content", "")
        name = f" name={json.dumps(message['name'])}" if message.get("name") else ""
        message.clear()
        message.update(role="user", content=f"<tool_response{name}>{content}</tool_response>")
    elif message.get("tool_calls"):
        message["content"] = with_tool_calls(message.get("content", ""), message.pop("tool_calls"))


def dump_row(row: Row) -> bytes:
    """One row as canonical JSON without a line end: sorted keys, no spaces, UTF-8, no NaN.

    The same value gives the same bytes on every machine (Python prints floats by shortest round trip). Raises
    ValueError for NaN and infinities, UnicodeEncodeError for lone surrogates: neither is JSON.
    """
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()

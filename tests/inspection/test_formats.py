"""Conversion to trainable chat, kinds, labels, and bytes that are the same everywhere."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuning.formats import (
    dump_row,
    kind_of,
    labels_of,
    prompt_of,
    to_chat,
)
from tuning.inspection import inspect
from tuning.rows import RowError

from .rows_for_tests import chat, jsonl, pair


def test_kinds() -> None:
    assert kind_of(chat("a", "b")) == "chat"
    assert kind_of(chat("a", None)) == "prompts"
    assert kind_of(pair("a", "b", "c")) == "preference"
    assert kind_of({"prompt": "a", "completion": "b"}) == "completion"
    with pytest.raises(RowError, match=r"\$\.messages"):
        kind_of({"messages": []})


def test_prompt_of() -> None:
    assert prompt_of(chat("a", "b", "s")) == chat("a", None, "s")["messages"]
    assert prompt_of(chat("a", None)) == chat("a", None)["messages"]
    assert prompt_of(pair("a", "b", "c")) == chat("a", None)["messages"]


def test_labels_of() -> None:
    assert labels_of(chat("a", "b", ground_truth="x")) == ("x",)
    assert labels_of(chat("a", "b", ground_truth=["x", "y"])) == ("x", "y")
    assert labels_of(chat("a", " b\n")) == ("b",)
    assert labels_of(chat("a", "b", ground_truth=3)) == ("3",)
    assert labels_of(chat("a", None)) == ()


def test_a_trainable_row_stays_as_it_is() -> None:
    row = chat("a", "b", "s", ground_truth="b", extra=1)
    before = json.dumps(row)
    converted = to_chat(row)
    assert converted == {"messages": row["messages"], "ground_truth": "b"}
    assert json.dumps(row) == before


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (chat("a", None, ground_truth="yes"), chat("a", "yes", ground_truth="yes")),
        (chat("a", None, ground_truth=["x", "y"]), chat("a", "x, y", ground_truth=["x", "y"])),
        (chat("a", None), None),
        ({"prompt": "a", "completion": "b"}, chat("a", "b")),
        ({"instruction": "Do", "input": "this", "output": "done"}, chat("Do\n\nthis", "done")),
        ({"instruction": "Do", "input": "", "output": "done"}, chat("Do", "done")),
        ({"unknown": 1}, None),
        ({"messages": [*chat("a", "b")["messages"], {"role": "user", "content": "bye"}]}, chat("a", "b")),
        (
            {"messages": [{"role": "developer", "content": "s"}, *chat("a", "b")["messages"]]},
            chat("a", "b", "s"),
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]}]}
            | {"ground_truth": "z"},
            chat("xy", "z", ground_truth="z"),
        ),
    ],
)
def test_conversions(row: dict[str, Any], expected: dict[str, Any] | None) -> None:
    assert to_chat(row) == expected


def test_tool_turns_are_spelt_out() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    row = {
        "messages": [
            {"role": "user", "content": "1+1?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "name": "add", "tool_call_id": "1", "content": "2"},
            {"role": "assistant", "content": "2"},
        ]
    }
    converted = to_chat(row)
    assert converted is not None
    assert [message["role"] for message in converted["messages"]] == ["user", "assistant", "user", "assistant"]
    assert json.dumps(call["function"]) in converted["messages"][1]["content"]
    assert converted["messages"][2]["content"] == '<tool_response name="add">2</tool_response>'
    assert all(set(message) == {"role", "content"} for message in converted["messages"])


def test_only_named_conversions_are_done() -> None:
    row = {"messages": [{"role": "developer", "content": "s"}, {"role": "user", "content": "a"}], "ground_truth": "b"}
    converted = to_chat(row, ["ground_truth_to_assistant"])
    assert converted is not None
    assert [message["role"] for message in converted["messages"]] == ["developer", "user", "assistant"]


messages = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "tool", "function"])},
        optional={
            "content": st.text(max_size=5) | st.none() | st.just([{"type": "text", "text": "part"}]),
            "tool_calls": st.just([{"function": {"name": "f", "arguments": "{}"}}]),
        },
    ),
    max_size=5,
)


@given(st.fixed_dictionaries({"messages": messages}, optional={"ground_truth": st.sampled_from(["a", ["b"]])}))
def test_what_inspection_calls_trainable_is_trainable_once_converted(row: dict[str, Any]) -> None:
    """The facts' promise: after the proposed conversions, nothing is left to convert and nothing else is lost."""
    facts = inspect([jsonl(row)])
    if not facts.good_rows:
        return
    converted = to_chat(row, [conversion.kind for conversion in facts.conversions])
    if not facts.trainable_rows:
        assert to_chat(row) is None
        return
    assert converted is not None
    again = inspect([jsonl(converted)])
    assert (again.format, again.good_rows, again.conversions) == ("chat", 1, ())


def test_golden_bytes() -> None:
    rows = [chat("Zażółć \u2028 😀", 'line\n"two"', ground_truth=["b", "a"]), {"b": 1.0, "a": [True, None, 1e-7]}]
    data = b"".join(dump_row(row) + b"\n" for row in rows)
    assert data.splitlines()[1] == b'{"a":[true,null,1e-07],"b":1.0}'
    assert hashlib.sha256(data).hexdigest() == "a7772947073ec00affb7f01743927e04d6b35430e4e4da0b9d32e0f31951a898"
    assert [json.loads(line) for line in data.split(b"\n")[:-1]] == rows


@given(st.permutations([("a", 1), ("b", "x"), ("c", {"e": 2, "d": 3})]))
def test_the_order_of_keys_does_not_matter(items: list[tuple[str, Any]]) -> None:
    assert dump_row(dict(items)) == b'{"a":1,"b":"x","c":{"d":3,"e":2}}'


@pytest.mark.parametrize("value", [math.nan, math.inf, "\ud800"])
def test_what_is_no_json_is_not_written(value: object) -> None:
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        dump_row({"a": value})

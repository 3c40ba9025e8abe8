"""Preparing: splits, subsample, conversions and warnings, for every shape of request."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tools.conftest import Room, chat, chats, jsonl
from tools.base import ToolError
from tools.conversion import convert
from tools.download_dataset import TOOL as DOWNLOAD
from tools.estimate_cost import TOOL as ESTIMATE
from tools.facts import DatasetPrepared
from tools.list_resources import TOOL as LIST
from tools.prepare_dataset import TOOL as PREPARE
from tuning.material import Material


def material(room: Room) -> Material:
    assert room.known.material is not None
    return room.known.material


def rows_of(room: Room, role: str) -> list[dict[str, Any]]:
    part = material(room).part(role)
    assert part is not None
    data = (room.workspace / part.path).read_bytes()
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (part.sha256, part.bytes)
    rows = [json.loads(line) for line in data.splitlines()]
    assert len(rows) == part.rows
    return rows


async def prepared(room: Room, rows: list[Any], evaluation: Any = None, **slots: Any) -> Material:
    slots.setdefault("base_models", ("tiny-a",))
    room.put_dataset("mine", rows)
    room.ask(train_dataset="mine", eval_dataset="holdout" if evaluation is not None else None, **slots)
    await room.call(LIST, kind="models", names=room.known.request.base_models)
    await room.call(DOWNLOAD, name="mine")
    if evaluation is not None:
        room.put_dataset("holdout", evaluation)
        await room.call(DOWNLOAD, name="holdout", role="eval")
    await room.call(PREPARE)
    return material(room)


async def test_the_parts_of_a_plain_data_set(room: Room) -> None:
    made = await prepared(room, chats(200))
    assert [part.role for part in made.parts] == ["sweep", "validation", "full", "test"]
    sweep, validation, full, test = (rows_of(room, part.role) for part in made.parts)
    assert (len(test), len(validation), len(full), len(sweep)) == (20, 18, 180, 162)
    assert all(row in full for row in [*sweep, *validation])
    assert not any(row in full for row in test)
    assert (made.total_rows, made.validation_is_test, made.test_dataset, made.warnings) == (200, False, None, ())
    exact = [part.tokens for part in made.parts]
    assert all(tokens.low == tokens.high > 0 for tokens in exact)
    assert exact[0].low + exact[1].low == exact[2].low
    again = await room.again(PREPARE)
    assert again.facts == (DatasetPrepared(material=made),)
    assert not list((room.workspace / "datasets").glob(".*"))


async def test_the_sweep_is_subsampled_and_the_user_may_say_another_number(room: Room) -> None:
    made = await prepared(room, chats(1300))
    assert (made.part("sweep").rows, made.part("full").rows, made.part("test").rows) == (1000, 1170, 130)  # type: ignore[union-attr]
    first = rows_of(room, "sweep")
    room.ask(train_dataset="mine", base_models=("tiny-a",), subsample=500)
    await room.call(PREPARE)
    second = rows_of(room, "sweep")
    assert len(second) == 500 and all(row in first for row in second)


async def test_without_a_sweep_there_are_only_full_and_test(room: Room) -> None:
    made = await prepared(room, chats(100), skip_sweep=True)
    assert [part.role for part in made.parts] == ["full", "test"]
    assert made.part("full").rows == 90  # type: ignore[union-attr]


async def test_two_models_keep_the_sweep(room: Room) -> None:
    made = await prepared(room, chats(100), skip_sweep=True, base_models=("tiny-a", "tiny-b"))
    assert [part.role for part in made.parts] == ["sweep", "validation", "full", "test"]


async def test_training_on_all_rows_keeps_the_test_part(room: Room) -> None:
    made = await prepared(room, chats(100), train_on_all=True)
    assert (made.part("full").rows, made.part("test").rows) == (100, 10)  # type: ignore[union-attr]


@pytest.mark.parametrize(("rows", "validation"), [(6, 3), (12, 3), (49, 5)])
async def test_small_data_has_no_test_and_says_so(room: Room, rows: int, validation: int) -> None:
    made = await prepared(room, chats(rows))
    assert [part.role for part in made.parts] == ["sweep", "validation", "full"]
    assert len(rows_of(room, "validation")) == validation
    assert len(rows_of(room, "full")) == rows - validation
    assert made.validation_is_test and any("fewer than 50 rows" in warning for warning in made.warnings)


async def test_a_clean_platform_evaluation_set_is_used_as_it_is(room: Room) -> None:
    made = await prepared(room, chats(100), evaluation=chats(10, "other"))
    assert made.test_dataset == "accounts/local/datasets/holdout"
    assert [part.role for part in made.parts] == ["sweep", "validation", "full"]
    assert (made.part("full").rows, made.part("validation").rows) == (100, 10)  # type: ignore[union-attr]
    assert not made.validation_is_test


async def test_an_evaluation_set_in_another_form_becomes_a_test_part(room: Room) -> None:
    evaluation = [{"messages": [{"role": "user", "content": f"q {i}"}], "ground_truth": f"a {i}"} for i in range(5)]
    made = await prepared(room, chats(100), evaluation=evaluation)
    assert made.test_dataset is None
    assert [row["messages"][-1] for row in rows_of(room, "test")] == [
        {"role": "assistant", "content": f"a {i}"} for i in range(5)
    ]
    assert any("evaluation set, 5 rows" in note for note in made.notes)


async def test_leakage_between_train_and_the_evaluation_set_is_said(room: Room) -> None:
    made = await prepared(room, chats(100), evaluation=chats(10))
    assert any("evaluation set" in warning and "10 rows" in warning for warning in made.warnings)


async def test_an_evaluation_set_that_the_user_took_back_no_longer_counts(room: Room) -> None:
    made = await prepared(room, chats(100), evaluation=chats(10))
    assert made.warnings
    room.ask(train_dataset="mine", base_models=("tiny-a",))
    await room.call(PREPARE)
    assert material(room).warnings == () and material(room).part("test") is not None


async def test_conversions_are_named_with_their_counts(room: Room) -> None:
    rows = [{"messages": [{"role": "user", "content": f"q {i}"}], "ground_truth": "yes"} for i in range(60)]
    tool = [
        {"role": "user", "content": "time?"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "function": {"name": "t", "arguments": "{}"}}]},
        {"role": "tool", "content": "12:00", "name": "t"},
        {"role": "assistant", "content": "noon"},
    ]
    made = await prepared(room, [*rows, {"messages": tool}])
    assert any(note.startswith("60 rows: ") and "ground_truth" in note for note in made.notes)
    assert any("tool calls" in note for note in made.notes)
    roles = {m["role"] for role in ("full", "test") for row in rows_of(room, role) for m in row["messages"]}
    assert roles == {"user", "assistant"}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (chats(3), "3 usable rows and at least 6"),
        ([{"messages": [{"role": "user", "content": f"q {i}"}]} for i in range(9)], "no answers"),
        (
            [
                {
                    "input": {"messages": [{"role": "user", "content": f"q {i}"}]},
                    "preferred_output": [{"role": "assistant", "content": "a"}],
                    "non_preferred_output": [{"role": "assistant", "content": "b"}],
                }
                for i in range(9)
            ],
            "preference pairs",
        ),
    ],
)
async def test_data_that_cannot_train_is_refused_with_the_reason(room: Room, rows: list[Any], words: str) -> None:
    with pytest.raises(ToolError, match=words) as caught:
        await prepared(room, rows)
    assert caught.value.owner == "yours"


@pytest.mark.parametrize(
    ("rows", "slots", "words"),
    [
        (chats(30), {"train_fraction": 0.05}, "sweep part would have 0 rows .* a share of 5% of 30 rows"),
        (chats(60), {"subsample": 2}, "sweep part would have 2 rows .* you asked for 2 rows"),
        ([chat("Same?", f"a {i}") for i in range(60)], {}, "validation part would have 0 rows .* the same prompt"),
    ],
)
async def test_a_part_too_small_for_a_data_set_is_refused_with_the_reason(
    room: Room, rows: list[Any], slots: dict[str, Any], words: str
) -> None:
    with pytest.raises(ToolError, match=words) as caught:
        await prepared(room, rows, **slots)
    assert caught.value.owner == "yours" and caught.value.next_step


async def test_no_test_set_at_the_users_word_is_not_called_small_data(room: Room) -> None:
    made = await prepared(room, chats(200), train_fraction=1.0)
    assert made.part("test") is None and made.validation_is_test
    assert any(w.startswith("With a share of 100% for training there is no test set") for w in made.warnings)
    assert not any("fewer than" in warning for warning in made.warnings)


async def test_preparing_needs_the_staged_set_of_this_request(room: Room) -> None:
    room.ask(train_dataset="mine")
    with pytest.raises(ToolError, match="not staged"):
        await room.call(PREPARE)
    await prepared(room, chats(60))
    room.ask(train_dataset="another", base_models=("tiny-a",))
    with pytest.raises(ToolError, match="not staged"):
        await room.call(PREPARE)


async def test_bom_crlf_and_bad_lines_are_read_and_counted(room: Room, tmp_path: Path) -> None:
    lines = [json.dumps(row).encode() for row in chats(8)]
    path = tmp_path / "dos.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join([*lines, b"{broken", b'{"messages": "\xff"}']) + b"\r\n")
    room.ask(train_dataset=str(path), base_models=("tiny-a",))
    await room.call(DOWNLOAD, name=str(path))
    await room.call(PREPARE)
    assert material(room).total_rows == 8
    assert any("byte order mark" in note for note in material(room).notes)
    assert any("2 rows" in warning and "line 9" in warning for warning in material(room).warnings)
    assert {row["messages"][1]["content"] for role in ("validation", "full") for row in rows_of(room, role)} == {
        f"It is thing {i}." for i in range(8)
    }


async def test_a_plan_needs_the_parts_of_the_request_as_it_is_now(room: Room) -> None:
    await prepared(room, chats(60), skip_sweep=True)
    await room.call(ESTIMATE)
    room.ask(train_dataset="mine", base_models=("tiny-a",))
    with pytest.raises(ToolError, match="no data prepared for this request"):
        await room.call(ESTIMATE)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=9)), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_conversion_gives_the_same_bytes_whatever_the_order_of_keys(
    tmp_path: Path, pairs: list[tuple[str, str]]
) -> None:
    rows = [chat(question, answer, id=str(i)) for i, (question, answer) in enumerate(pairs)]
    turned = [dict(reversed(row.items())) for row in rows]
    found = []
    for name, version in (("one", rows), ("two", turned)):
        (tmp_path / name).write_bytes(jsonl(version))
        result = convert(tmp_path / name, [], tmp_path / f"{name}.out")
        assert list(result.lines(range(result.rows))) == (tmp_path / f"{name}.out").read_bytes().splitlines(True)
        found.append((tmp_path / f"{name}.out").read_bytes())
    assert found[0] == found[1]

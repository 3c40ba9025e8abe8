"""Pages of the list of sessions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.server.listing import filtered, ordered, page
from agent.server.problems import Problem

ROWS: list[dict[str, Any]] = [
    {"session_id": f"{n}-a", "status": status, "create_time": f"2026-01-0{n}", "workflow": "sft", "account": "a b"}
    for n, status in enumerate(("running", "waiting", "waiting", "succeeded"), start=1)
]


@given(st.integers(1, 10), st.sampled_from(["create_time", "create_time desc", "status asc", ""]))
def test_pages_together_are_the_list(size: int, order: str) -> None:
    token, found = "", []
    while True:
        rows, token, total = page(ROWS, "", order, size, token)
        found += rows
        if not token:
            break
    assert found == ordered(ROWS, order)
    assert total == len(ROWS)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("status=waiting", ["2-a", "3-a"]),
        ('status = "waiting" AND session_id!=2-a', ["3-a"]),
        ("account='a b' AND status=succeeded", ["4-a"]),
        ("", ["1-a", "2-a", "3-a", "4-a"]),
        ("status=failed", []),
    ],
)
def test_filters(text: str, ids: list[str]) -> None:
    assert [row["session_id"] for row in filtered(ROWS, text)] == ids


@given(st.text())
def test_any_filter_is_read_or_refused_in_words(text: str) -> None:
    try:
        filtered(ROWS, text)
    except Problem as problem:
        assert problem.status == 400
        assert problem.next_step

"""Filters, orders and pages of the list routes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_platform.api.errors import ApiError
from local_platform.api.listing import ListQuery, list_page, order, parse_filter

JOB = {
    "name": "accounts/local/jobs/a-1",
    "state": "RUNNING",
    "displayName": 'the "first" one',
    "exampleCount": "12",
    "epochs": 2,
    "public": False,
    "createTime": "2026-11-21T10:00:00.000000Z",
    "status": {"code": "OK"},
    "tags": ["red", "blue"],
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "state=RUNNING",
        'state = "RUNNING" AND epochs >= 2',
        "example_count > 9",
        "exampleCount < 100",
        "status.code = OK",
        "public = false",
        "tags:red",
        'display_name = "the \\"first\\" one"',
        "displayName:first",
        'name = "*/a-*"',
        "state != FAILED",
        "missing != x",
        "state:*",
        'create_time > "2026-11-21T09:59:59Z"',
    ],
)
def test_filters_that_hold(text: str) -> None:
    assert parse_filter(text)(JOB)


@pytest.mark.parametrize(
    "text",
    [
        "state=FAILED",
        "epochs > 2",
        "example_count > 100",
        "missing = x",
        "missing:*",
        "tags:green",
        "missing < 3",
        'name="[a]*"',
    ],
)
def test_filters_that_do_not_hold(text: str) -> None:
    assert not parse_filter(text)(JOB)


@pytest.mark.parametrize(
    "text", ["state", "state=A OR state=B", "(state=A)", "state==A=", "AND", "state=A AND", "a=b c=d"]
)
def test_a_filter_beyond_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match="filter"):
        parse_filter(text)


@given(
    st.lists(st.integers(0, 5), max_size=30), st.integers(1, 7), st.sampled_from(["", "rank", "rank desc, name desc"])
)
def test_pages_hold_every_document_once_in_order(ranks: list[int], size: int, by: str) -> None:
    documents: list[dict[str, Any]] = [{"name": f"n{i:02}", "rank": rank} for i, rank in enumerate(ranks)]
    seen: list[dict[str, Any]] = []
    token = ""
    while True:
        page = list_page("things", documents, ListQuery("", by, size, token))
        seen += page["things"]
        assert page["totalSize"] == len(documents)
        token = page["nextPageToken"]
        if not token:
            break
        assert len(page["things"]) == size
    assert seen == order(documents, by)
    assert sorted(item["name"] for item in seen) == sorted(item["name"] for item in documents)


def test_a_page_is_50_by_default_and_200_at_most() -> None:
    documents = [{"name": str(i)} for i in range(300)]
    assert len(list_page("x", documents, ListQuery("", "", 0, ""))["x"]) == 50
    assert len(list_page("x", documents, ListQuery("", "", 1000, ""))["x"]) == 200


def test_a_token_of_another_list_is_refused() -> None:
    documents = [{"name": str(i)} for i in range(60)]
    token = list_page("x", documents, ListQuery("", "", 0, ""))["nextPageToken"]
    for query in (ListQuery("name=1", "", 0, token), ListQuery("", "", 0, "nonsense")):
        with pytest.raises(ApiError, match="pageToken"):
            list_page("x", documents, query)

"""The log: gap-free, once per key, atomic, readable by others, honest about trouble."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.session.events import AgentSaid, SessionCreated, SessionEnded, Unknown, dump, load
from agent.session.state import SessionState, fold
from agent.session.store import SessionUnknown, Store, StoreError

CREATED = ("created", SessionCreated(instruction="train", account="local", platform_kind="local"))


@pytest.fixture
def store(tmp_path: Path):
    store = Store(tmp_path / "s.db")
    yield store
    store.close()


def said(text: str) -> AgentSaid:
    return AgentSaid(text=text)


def test_a_key_is_written_once_and_the_first_stands(store: Store) -> None:
    store.create("a", "r1", [CREATED])
    store.append("a", ("k", said("first")))
    after = store.append("a", ("k", said("second")), ("l", said("third")))
    texts = [r.event.text for r in store.records("a") if isinstance(r.event, AgentSaid)]
    assert texts == ["first", "third"] and after.last_seq == 3


def test_creating_twice_with_one_request_key_gives_one_session(store: Store) -> None:
    assert store.create("a", "r1", [CREATED]) == "a"
    assert store.create("b", "r1", [CREATED]) == "a"
    assert store.sessions() == ["a"]


def test_a_decision_that_raises_writes_nothing(store: Store) -> None:
    store.create("a", "r1", [CREATED])

    def decide(state: SessionState):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.transact("a", decide)
    assert store.state("a").last_seq == 1


def test_two_stores_on_one_file_see_each_other(tmp_path: Path) -> None:
    one, two = Store(tmp_path / "s.db"), Store(tmp_path / "s.db")
    one.create("a", "r1", [CREATED])
    two.append("a", ("k", said("from two")))
    one.append("a", ("k", said("late")), ("m", said("from one")))
    assert [r.seq for r in two.records("a")] == [1, 2, 3]
    assert one.transact("a", lambda s: ()) == fold(two.records("a"))
    one.close()
    two.close()


def test_a_stale_fence_is_refused(store: Store) -> None:
    store.create("a", "r1", [CREATED])
    with pytest.raises(StoreError, match="another worker"):
        store.transact("a", lambda s: [("k", said("x"))], fence=7)
    assert store.transact("a", lambda s: [("k", said("x"))], fence=0).last_seq == 2


def test_unknown_sessions_are_named(store: Store) -> None:
    for call in (lambda: store.state("nope"), lambda: store.records("nope"), lambda: store.append("nope", CREATED)):
        with pytest.raises(SessionUnknown, match="nope"):
            call()


def test_only_an_ended_session_is_deleted_and_leaves_a_tombstone(store: Store, tmp_path: Path) -> None:
    store.create("a", "r1", [CREATED])
    with pytest.raises(StoreError, match="cancel it first"):
        store.delete("a")
    store.append("a", ("ended", SessionEnded(status="cancelled")))
    store.delete("a")
    with pytest.raises(SessionUnknown):
        store.records("a")
    with sqlite3.connect(tmp_path / "s.db") as raw:
        assert raw.execute("select deleted from sessions").fetchone()[0] == '{"owned": []}'
    raw.close()
    assert store.create("b", "r1", [CREATED]) == "a", "the request key of a deleted session is not used twice"


def test_a_locked_database_is_told_and_loses_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db", busy_seconds=0.1)
    store.create("a", "r1", [CREATED])
    other = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        store.append("a", ("k", said("x")))
    assert [r.seq for r in store.records("a")] == [1], "reading needs no lock"
    other.execute("ROLLBACK")
    other.close()
    assert store.append("a", ("k", said("x"))).last_seq == 2
    store.close()


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    store.create("a", "r1", [CREATED])
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError, match="full"):
        store.append("a", ("k", said("x" * 100_000)))
    with store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    assert store.append("a", ("k", said("x"))).last_seq == 2
    store.close()


def test_listeners_hear_commits_only(store: Store) -> None:
    heard: list[str] = []
    store.on_append(heard.append)
    store.create("a", "r1", [CREATED])
    store.transact("a", lambda s: ())
    store.append("a", ("k", said("x")))
    store.append("a", ("k", said("x")))
    assert heard == ["a", "a"]


def test_events_of_a_newer_version_are_kept_and_change_nothing() -> None:
    event = load("session.teleported", 1, {"where": "mars"})
    assert isinstance(event, Unknown) and event.data == {"where": "mars"}
    assert isinstance(load("agent.message", 99, {"text": "x", "tone": "kind"}), Unknown)


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.text(max_size=20)), max_size=30))
@settings(max_examples=30, deadline=None)
def test_the_fold_of_the_log_is_the_state_however_it_is_cut(tmp_path_factory: pytest.TempPathFactory, writes) -> None:
    store = Store(tmp_path_factory.mktemp("s") / "s.db")
    store.create("a", "r1", [CREATED])
    for key, text in writes:
        store.append("a", (key, said(text)))
    records = store.records("a")
    assert [r.seq for r in records] == list(range(1, len(records) + 1))
    assert len({r.key for r in records}) == len(records)
    middle = len(records) // 2
    assert fold(records) == fold(records[middle:], fold(records[:middle])) == store.state("a")
    store.close()


def test_an_event_survives_its_way_to_the_disk() -> None:
    event = CREATED[1]
    assert load(*dump(event)) == event


async def test_appends_of_many_tasks_are_gap_free(store: Store) -> None:
    store.create("a", "r1", [CREATED])

    async def write(number: int) -> None:
        await asyncio.sleep(0)
        store.append("a", (f"k{number % 7}", said(str(number))))

    await asyncio.gather(*(write(i) for i in range(50)))
    assert [r.seq for r in store.records("a")] == list(range(1, 9))

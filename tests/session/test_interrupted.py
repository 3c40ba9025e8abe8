"""Cut off anywhere, a session goes on: same winner, same creations, no event twice. Without processes, so at every place."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.session.events import ToolCalled
from agent.session.state import SessionState, fold
from tests.house import House, house
from tests.platforms import Fault, ScriptedPlatform
from tests.session.steps import creates, made, to_end

SESSION = "1779157376-41e1"
ACROSS = 6
"""Homes that are driven at the same time."""


class Cut:
    """Ends the task that wrote the next event, right after the event is on the disk: what a power cut does."""

    def __init__(self, home: House) -> None:
        self.store = home.store
        self.done = asyncio.Event()
        home.store.on_append(self)

    def __call__(self, session: str) -> None:
        *_, last = self.store.records(session)
        again = isinstance(last.event, ToolCalled) and last.event.tries > 1
        if (
            not self.done.is_set() and not again
        ):  # a retried call is the same place: cut there for ever, nothing goes on
            self.done.set()
            raise asyncio.CancelledError


def outcome(state: SessionState) -> tuple[object, ...]:
    """What must not depend on where a session was cut."""
    return (
        state.ended,
        state.promoted,
        {name: job.output_model for name, job in state.known.jobs.items()},
        {item: (m.eval_loss, m.base_loss) for item, m in state.known.measured.items()},
        {name: (d.model, d.serving) for name, d in state.known.deployments.items()},
        sorted(state.known.uploads),
    )


def check(home: House, platform: ScriptedPlatform, session: str) -> None:
    records = home.records(session)
    assert [r.seq for r in records] == list(range(1, len(records) + 1))
    assert len({r.key for r in records}) == len(records)
    assert fold(records) == home.store.state(session)
    assert set(made(platform).values()) == {1}
    assert home.refusals == []
    returned = [r.event.call for r in records if r.event.type == "tool.returned"]
    assert len(returned) == len(set(returned)), "a call has one outcome"


@asynccontextmanager
async def reopened(path: Path, url: str) -> AsyncIterator[House]:
    """A new store, executor and runner on a home that others left."""
    home = House(path, url)
    await home.runner.start()
    try:
        yield home
    finally:
        await home.close()


def cut_copy(source: Path, target: Path, after: int) -> Path:
    """The home as a power cut after event number `after` would have left its log."""
    shutil.copytree(source, target)
    with sqlite3.connect(target / "sessions.db") as database:
        database.execute("DELETE FROM events WHERE seq > ?", (after,))
    database.close()
    return target


async def test_after_every_event_with_all_effects_already_done(tmp_path: Path) -> None:
    """The log ends after event n, the platform is as it was at the very end: each effect after n happened and is unknown."""
    async with house(tmp_path, rows=60) as (first, platform):
        first.create(session=SESSION)
        whole = outcome(await to_end(first, SESSION))
        check(first, platform, SESSION)
        resources, length = made(platform), first.store.state(SESSION).last_seq
        await first.runner.stop()
        slots = asyncio.Semaphore(ACROSS)

        async def one(after: int) -> None:
            async with slots:
                path = await asyncio.to_thread(cut_copy, tmp_path / "home", tmp_path / f"cut-{after}", after)
                async with reopened(path, platform.url) as home:
                    state = await to_end(home, SESSION)
                    assert outcome(state) == whole, f"cut after event {after}\n{home.log(SESSION)}"
                    check(home, platform, SESSION)
                await asyncio.to_thread(shutil.rmtree, path)

        await asyncio.gather(*(one(after) for after in range(1, length + 1)))
        assert made(platform) == resources


async def test_one_session_cut_after_each_of_its_events(tmp_path: Path) -> None:
    """Every event is the last one before a power cut: the next start writes the next event, and so on to the end."""
    async with house(tmp_path / "whole", rows=60) as (home, platform):
        home.create(session=SESSION)
        whole, kinds = outcome(await to_end(home, SESSION)), made(platform)
    async with house(tmp_path / "cut", rows=60) as (home, platform):
        home.create(session=SESSION)
        await home.close()
        starts = 0
        while True:
            again = House(tmp_path / "cut" / "home", platform.url)
            try:
                if again.store.state(SESSION).ended is not None:
                    check(again, platform, SESSION)
                    assert outcome(again.store.state(SESSION)) == whole and made(platform) == kinds
                    break
                await until_cut(again)
                starts += 1
            finally:
                await again.close()
        assert starts > 30


async def until_cut(home: House) -> None:
    """Drives the session, answering its gates, until it has written one more event."""
    cut = Cut(home)
    answering = asyncio.create_task(to_end(home, SESSION))
    await home.runner.start()
    try:
        await asyncio.wait_for(cut.done.wait(), 20)
    except TimeoutError:
        raise AssertionError(f"nothing more happens after\n{home.log(SESSION)}") from None
    await home.runner.stop()
    answering.cancel()
    await asyncio.gather(answering, return_exceptions=True)


EFFECTS = {
    "data set": r"/v1/accounts/local/datasets$",
    "upload address": ":getUploadEndpoint$",
    "check of an upload": ":validateUpload$",
    "job": "/supervisedFineTuningJobs$",
    "deployment": "/deployments$",
    "completion": "/chat/completions$",
}


@pytest.mark.parametrize("path", EFFECTS.values(), ids=EFFECTS.keys())
async def test_an_answer_that_is_lost_after_the_effect(tmp_path: Path, path: str) -> None:
    """The platform did it and the connection was cut before it could say so."""
    async with house(tmp_path, rows=60) as (home, platform):
        lost = Fault("POST", path, drop_after=True, times=1)
        platform.faults.append(lost)
        home.create(session=SESSION)
        state = await to_end(home, SESSION)
        assert lost.times == 0
        check(home, platform, SESSION)
        assert any(d.serving for d in state.known.deployments.values())
        assert creates(platform) == len(state.known.jobs) + len(state.known.deployments)


async def test_a_file_whose_upload_is_lost_on_the_way_is_sent_again(tmp_path: Path) -> None:
    async with house(tmp_path, rows=60) as (home, platform):
        platform.faults.append(Fault("PUT", "", drop_after=True, times=1))
        platform.faults.append(Fault("PUT", "", drop=True, times=1))
        home.create(session=SESSION)
        await to_end(home, SESSION)
        check(home, platform, SESSION)

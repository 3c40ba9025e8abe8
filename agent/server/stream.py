"""Following a session: the log from any point on, then what comes, as server-sent events.

`id:` is an event's seq, so a client that lost the connection continues with `Last-Event-ID` and misses nothing. As text, an
event that asks the user something is an `event: gate`, and one that only tells how far jobs are an `event: moved`. What passes has no id, for it is not stored: `event: progress` tells
what a tool is at, `event: jobs` how the running jobs are doing, `event: speech` a model's words while they come.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from agent.server.problems import as_problem
from agent.server.text import Transcript, inert
from agent.server.view import rfc3339
from agent.session.events import Observed, Record, dump
from agent.session.state import SessionState
from agent.session.store import SessionUnknown, Store, StoreError
from tools.facts import GateShown, JobSeen
from tools.known import TERMINAL

Style = Literal["json", "text"]
News = tuple[Literal["progress", "jobs", "speech"], str]
HEARTBEAT_SECONDS = 10.0
QUEUE = 100
"""News a slow reader may be behind before passing progress is dropped for it; events are never dropped, they are in the log."""


class Feed:
    """Tells those who follow a session that it has news. Used from the server's loop; `changed` from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queues: dict[str, set[asyncio.Queue[News | None]]] = {}
        self.closed = False

    def changed(self, session: str) -> None:
        """The log of the session has grown."""
        self._loop.call_soon_threadsafe(self._tell, session, None)

    async def progress(self, session: str, text: str) -> None:
        """What a tool is at, for those who look on."""
        self._tell(session, ("progress", text))

    async def jobs(self, session: str, text: str) -> None:
        """How the running jobs are doing; empty when none runs any more."""
        self._tell(session, ("jobs", text))

    async def speech(self, session: str, text: str) -> None:
        """A sentence of a model while it speaks; the whole is an event afterwards."""
        self._tell(session, ("speech", text))

    def close(self) -> None:
        """Ends every stream."""
        self.closed = True
        for session in list(self._queues):
            self._tell(session, None)

    @contextmanager
    def subscribe(self, session: str) -> Iterator[asyncio.Queue[News | None]]:
        queue: asyncio.Queue[News | None] = asyncio.Queue(QUEUE)
        self._queues.setdefault(session, set()).add(queue)
        try:
            yield queue
        finally:
            self._queues[session].discard(queue)
            if not self._queues[session]:
                del self._queues[session]

    def _tell(self, session: str, news: News | None) -> None:
        for queue in self._queues.get(session, ()):
            if not queue.full():
                queue.put_nowait(news)


def event_json(record: Record) -> dict[str, Any]:
    """{"seq", "at", "type", "data"}."""
    kind, version, data = dump(record.event)
    return {"seq": record.seq, "at": rfc3339(record.at), "type": kind, "v": version, "data": data}


async def follow(
    store: Store, feed: Feed, session: str, since: int, style: Style, *, until_settled: bool
) -> AsyncIterator[bytes]:
    """The stream's bytes. Ends with the session, when it is settled if so asked, or with the server."""
    transcript, last = Transcript(), since
    with feed.subscribe(session) as queue:
        while not feed.closed:
            try:
                records, state = store.records(session, last), store.state(session)
            except (SessionUnknown, StoreError) as error:
                yield frame("error", json.dumps(as_problem(error).body()))
                return
            for record in records:
                last = record.seq
                yield _event(record, transcript, style)
            if state.last_seq > last:
                continue
            if state.settled and (until_settled or state.ended is not None):
                yield _end(state, transcript, style)
                return
            try:
                news = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if news is not None:
                kind, text = news
                yield frame(kind, json.dumps({"text": text}) if style == "json" else inert(text))
    yield frame("stopped", "the server was stopped")


def frame(kind: str, data: str, number: int | None = None) -> bytes:
    """One server-sent event. Empty data is a bare id, which moves the client's place and shows nothing."""
    lines = [f"id: {number}"] if number is not None else []
    lines.append(f"event: {kind}")
    lines += [f"data: {line}" for line in data.split("\n")]
    return ("\n".join(lines) + "\n\n").encode()


def _event(record: Record, transcript: Transcript, style: Style) -> bytes:
    block = transcript.add(record)
    data = json.dumps(event_json(record), ensure_ascii=False) if style == "json" else block
    return frame(_kind(record, style) if data else "silent", data, record.seq)


def _kind(record: Record, style: Style) -> str:
    facts = getattr(record.event, "facts", ())
    if style == "text" and any(isinstance(fact, GateShown) for fact in facts):
        return "gate"
    moved = facts and all(isinstance(fact, JobSeen) and fact.state not in TERMINAL for fact in facts)
    return "moved" if style == "text" and moved and isinstance(record.event, Observed) else "event"


def _end(state: SessionState, transcript: Transcript, style: Style) -> bytes:
    gate = state.gate.shown.digest if state.gate is not None and state.status == "waiting" else ""
    status = {"status": state.status, "last_seq": state.last_seq, "gate": gate}
    words = transcript.close(state.status)
    return frame("done", json.dumps(status if style == "json" else {**status, "text": words}))

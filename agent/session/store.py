"""The log on disk: one table, one way to write, one way to read. SQLite in WAL mode with full synchronisation.

`transact` is the only writer: it reads the newest state, lets a pure function decide which events follow, and appends them
in the same transaction. An event with a key that exists is not written again; the first one stands.

Errors raised:
    StoreError           the log can't be written or read now: disk full, locked, damaged
    SessionUnknown       no such session
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import SQLAlchemyError

from agent.session.events import Event, Record, dump, load
from agent.session.state import SessionState, fold

SCHEMA = sa.MetaData()
EVENTS = sa.Table(
    "events",
    SCHEMA,
    sa.Column("session", sa.String, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.String, nullable=False),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("v", sa.Integer, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.UniqueConstraint("session", "key"),
)
SESSIONS = sa.Table(
    "sessions",
    SCHEMA,
    sa.Column("session", sa.String, primary_key=True),
    sa.Column("request_key", sa.String, unique=True),
    sa.Column("fence", sa.Integer, nullable=False, server_default="0"),
    sa.Column("deleted", sa.Text),
)

_ADD = insert(EVENTS).on_conflict_do_nothing(index_elements=["session", "key"]).returning(EVENTS.c.seq)
"""Get-or-create: an event whose key exists is not written again."""

Keyed = tuple[str, Event]
Decide = Callable[[SessionState], Sequence[Keyed]]


class StoreError(Exception):
    """The log can't be used now; nothing was written."""


class SessionUnknown(LookupError):
    """There is no session of this id."""


class Store:
    """The sessions of one home. Used from one event loop; the lock covers tools' threads."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time, busy_seconds: float = 5.0) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._states: dict[str, SessionState] = {}
        self._listeners: list[Callable[[str], None]] = []
        self._engine = sa.create_engine(
            f"sqlite:///{path}",
            poolclass=sa.StaticPool,
            connect_args={"check_same_thread": False, "timeout": busy_seconds},
        )
        sa.event.listen(self._engine, "connect", _configure)
        sa.event.listen(self._engine, "begin", _begin)
        self._reading = self._engine.execution_options(read_only=True)
        with self._transaction() as connection:
            SCHEMA.create_all(connection)

    def close(self) -> None:
        self._engine.dispose()

    def on_append(self, listener: Callable[[str], None]) -> None:
        """`listener(session)` is called after each commit that wrote events."""
        self._listeners.append(listener)

    def create(self, session: str, request_key: str, events: Sequence[Keyed]) -> str:
        """Begins a session, once per `request_key`: a repeated call returns the id of the first."""
        with self._transaction() as connection:
            row = connection.execute(sa.select(SESSIONS.c.session).where(SESSIONS.c.request_key == request_key)).first()
            if row is not None:
                return str(row.session)
            connection.execute(SESSIONS.insert().values(session=session, request_key=request_key))
            self._insert(connection, session, SessionState(), events)
        self._notify(session)
        return session

    def transact(self, session: str, decide: Decide, fence: int | None = None) -> SessionState:
        """Appends what `decide(newest state)` returns and gives the state after it.

        An exception raised by `decide` passes through and nothing is written. `fence`: refuses when another worker took
        the session since (for runners in other processes).
        """
        with self._transaction() as connection:
            row = connection.execute(sa.select(SESSIONS).where(SESSIONS.c.session == session)).first()
            if row is None or row.deleted is not None:
                raise SessionUnknown(session)
            if fence is not None and row.fence != fence:
                raise StoreError(f"another worker has taken session {session}")
            state = self._read_state(connection, session)
            after = self._insert(connection, session, state, decide(state))
        if after.last_seq > state.last_seq:
            self._notify(session)
        return after

    def append(self, session: str, *events: Keyed) -> SessionState:
        """Appends the events whose keys are new."""
        return self.transact(session, lambda _: events)

    def state(self, session: str) -> SessionState:
        """The newest state. Raises SessionUnknown."""
        with self._lock:
            cached = self._states.get(session)
        if cached is not None:
            return cached
        with self._transaction(read_only=True) as connection:
            _check_known(connection, session)
            state = self._states[session] = self._read_state(connection, session)
            return state

    def records(self, session: str, since: int = 0) -> list[Record]:
        """The events after `since`, in order. Raises SessionUnknown."""
        with self._transaction(read_only=True) as connection:
            _check_known(connection, session)
            return self._read(connection, session, since)

    def sessions(self) -> list[str]:
        """Ids of all sessions that were not deleted, in order of creation."""
        with self._transaction(read_only=True) as connection:
            rows = connection.execute(
                sa.select(SESSIONS.c.session).where(SESSIONS.c.deleted.is_(None)).order_by(SESSIONS.c.session)
            )
            return [str(row.session) for row in rows]

    def delete(self, session: str) -> None:
        """Drops the events of an ended session and leaves a tombstone with the ids that it owned on the platform."""
        state = self.state(session)
        if state.ended is None:
            raise StoreError(
                f"session {session} is {state.status}; only an ended session can be deleted: cancel it first"
            )
        owned = sorted({*state.known.jobs, *state.known.uploads, *state.known.deployments})
        with self._transaction() as connection:
            connection.execute(sa.delete(EVENTS).where(EVENTS.c.session == session))
            connection.execute(
                sa.update(SESSIONS).where(SESSIONS.c.session == session).values(deleted=json.dumps({"owned": owned}))
            )
            self._states.pop(session, None)

    def _insert(
        self, connection: sa.Connection, session: str, state: SessionState, events: Sequence[Keyed]
    ) -> SessionState:
        for key, event in events:
            kind, version, data = dump(event)
            seq, at = state.last_seq + 1, self._clock()
            text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
            row = {"session": session, "seq": seq, "key": key, "type": kind, "v": version, "data": text, "at": at}
            if connection.execute(_ADD, row).first() is None:
                continue
            record = Record(session=session, seq=seq, key=key, at=at, event=load(kind, version, json.loads(text)))
            state = fold([record], state)
        self._states[session] = state
        return state

    def _read_state(self, connection: sa.Connection, session: str) -> SessionState:
        cached = self._states.get(session, SessionState())
        return fold(self._read(connection, session, cached.last_seq), cached)

    def _read(self, connection: sa.Connection, session: str, since: int) -> list[Record]:
        rows = connection.execute(
            sa.select(EVENTS).where(EVENTS.c.session == session, EVENTS.c.seq > since).order_by(EVENTS.c.seq)
        )
        return [
            Record(session=r.session, seq=r.seq, key=r.key, at=r.at, event=load(r.type, r.v, json.loads(r.data)))
            for r in rows
        ]

    @contextmanager
    def _transaction(self, read_only: bool = False) -> Iterator[sa.Connection]:
        """A reader needs no write lock, so the log can be read while another program holds it."""
        with self._lock:
            try:
                with (self._reading if read_only else self._engine).begin() as connection:
                    yield connection
            except SQLAlchemyError as error:
                self._states.clear()
                cause = getattr(error, "orig", None) or error
                raise StoreError(
                    f"the session log can't be used now: {cause}. Nothing was lost; free disk space or stop the other program that holds the database, then try again."
                ) from error
            except BaseException:
                self._states.clear()
                raise

    def _notify(self, session: str) -> None:
        for listener in self._listeners:
            listener(session)


def _check_known(connection: sa.Connection, session: str) -> None:
    row = connection.execute(sa.select(SESSIONS.c.deleted).where(SESSIONS.c.session == session)).first()
    if row is None or row.deleted is not None:
        raise SessionUnknown(session)


def _begin(connection: sa.Connection) -> None:
    read_only = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _configure(connection: object, _: object) -> None:
    """Durable before fast; pysqlite's own transaction handling is off so that BEGIN IMMEDIATE is ours."""
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()

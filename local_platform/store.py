"""Resources of the platform on disk: JSON documents by name in SQLite, safe across a crash and a restart."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, Connection, MetaData, String, Table, create_engine, delete, event, insert, select
from sqlalchemy import update as sql_update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

Document = dict[str, Any]

_metadata = MetaData()
_resources = Table(
    "resources",
    _metadata,
    Column("name", String, primary_key=True),
    Column("collection", String, nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("create_time", String, nullable=False),
    Column("document", JSON, nullable=False),
    Column("private", JSON, nullable=False),
)


@dataclass(frozen=True)
class Resource:
    """One stored resource. `document` is what the API shows; `private` is the platform's own (paths, counters)."""

    name: str
    collection: str
    state: str
    create_time: str
    document: Document
    private: Document

    @property
    def id(self) -> str:
        return self.name.rpartition("/")[2]


class AlreadyExistsError(Exception):
    """A resource of that name exists."""


class ResourceNotFoundError(Exception):
    """No resource of that name exists."""


def now() -> str:
    """The current time as RFC 3339 in UTC with microseconds, the form of every timestamp on the wire."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Store:
    """Documents by full resource name (`accounts/local/datasets/d1`). Every method is one transaction."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = create_engine(f"sqlite:///{path}", json_serializer=json.dumps)
        event.listen(self._engine, "connect", _prepare_connection)
        event.listen(self._engine, "begin", _begin_immediate)
        _metadata.create_all(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    def create(self, collection: str, name: str, document: Document, private: Document | None = None) -> Resource:
        """Store a new resource; name, createTime and updateTime are set here. Raises AlreadyExistsError."""
        created = now()
        document = {"name": name, "createTime": created, "updateTime": created, **document}
        row = Resource(name, collection, str(document.get("state", "")), created, document, private or {})
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(_resources).values(**vars(row)))
        except IntegrityError as error:
            raise AlreadyExistsError(name) from error
        return row

    def get(self, name: str) -> Resource:
        """The resource of that name. Raises ResourceNotFoundError."""
        with self._engine.begin() as connection:
            return _load(connection, name)

    def list(self, collection: str, states: tuple[str, ...] = ()) -> list[Resource]:
        """All resources of a collection (those in `states`, if any are named), oldest first."""
        query = select(_resources).where(_resources.c.collection == collection)
        if states:
            query = query.where(_resources.c.state.in_(states))
        with self._engine.begin() as connection:
            rows = connection.execute(query.order_by(_resources.c.create_time, _resources.c.name)).mappings().all()
        return [_resource(row) for row in rows]

    def update(self, name: str, change: Callable[[Document, Document], None]) -> Resource:
        """Let `change(document, private)` edit the stored resource in place, atomically. Raises ResourceNotFoundError."""
        with self._engine.begin() as connection:
            old = _load(connection, name)
            before = json.dumps([old.document, old.private])
            change(old.document, old.private)
            if json.dumps([old.document, old.private]) == before:
                return old
            old.document["updateTime"] = now()
            state = str(old.document.get("state", ""))
            values = {"state": state, "document": old.document, "private": old.private}
            connection.execute(sql_update(_resources).where(_resources.c.name == name).values(**values))
        return Resource(old.name, old.collection, state, old.create_time, old.document, old.private)

    def delete(self, name: str) -> None:
        """Remove a resource. Raises ResourceNotFoundError."""
        with self._engine.begin() as connection:
            if not connection.execute(delete(_resources).where(_resources.c.name == name)).rowcount:
                raise ResourceNotFoundError(name)


def _prepare_connection(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails when another writer came in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _load(connection: Connection, name: str) -> Resource:
    row = connection.execute(select(_resources).where(_resources.c.name == name)).mappings().first()
    if row is None:
        raise ResourceNotFoundError(name)
    return _resource(row)


def _resource(row: RowMapping) -> Resource:
    return Resource(**dict(row))

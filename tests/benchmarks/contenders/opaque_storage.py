"""`OpaqueStorage`: one way to keep the records of the benchmarks' opaque table, and the bare drivers'."""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

import psycopg
from sqlalchemy import URL

Record = Mapping[str, Any]
COLUMNS = ("id", "name", "path", "count")
VALUES = itemgetter(*COLUMNS)
TABLE = "record"
STAGE = "CREATE TEMPORARY TABLE stage (id bigint, name varchar, path varchar, count bigint) ON COMMIT DROP"


class OpaqueStorage(ABC):
    """A table `record` (id bigint as the key, a unique name, a path, a count), each call a transaction of its own.

    Reads go through all rows and let go of them; they say how many there were.
    """

    def __init__(self, url: URL) -> None:
        self.url = url

    @abstractmethod
    def make(self) -> None:
        """Makes the table in an empty database."""

    @abstractmethod
    def insert(self, records: Sequence[Record]) -> object:
        """Inserts them."""

    @abstractmethod
    def ensure(self, records: Sequence[Record]) -> object:
        """Inserts those that are not there."""

    @abstractmethod
    def replace(self, records: Sequence[Record]) -> object:
        """Inserts them, over those with the same key."""

    @abstractmethod
    def fetch_all(self) -> int:
        """Reads all, each of their values; the sum of the numbers and of the lengths of texts."""

    @abstractmethod
    def fetch_ids(self, ids: Sequence[int]) -> int:
        """The same of those with these ids."""

    @abstractmethod
    def delete(self, keys: Sequence[Record]) -> object:
        """Deletes those with the ids of *keys*."""

    @abstractmethod
    def ask(self, sql: str) -> object:
        """The one value that *sql* gives, in a connection that writes."""

    @abstractmethod
    def close(self) -> None:
        """Gives its connections up."""


def read(rows: Iterable[tuple[Any, ...]]) -> int:
    """Every value of *rows*, looked at."""
    return sum(number + count + len(name) + len(path) for number, name, path, count in rows)


class SqliteStorage(OpaqueStorage):
    """`sqlite3`."""

    def make(self) -> None:
        self.connection = sqlite3.connect(str(self.url.database), isolation_level=None)
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.connection.execute(
            f"CREATE TABLE {TABLE} (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(32) NOT NULL UNIQUE, "
            "path VARCHAR(80) NOT NULL, count INTEGER NOT NULL)"
        )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that commits."""
        self.connection.execute("BEGIN IMMEDIATE")
        yield self.connection
        self.connection.commit()

    def insert(self, records: Sequence[Record]) -> object:
        with self.transaction() as connection:
            return connection.executemany(f"INSERT INTO {TABLE} VALUES (?, ?, ?, ?)", map(VALUES, records)).rowcount

    def ensure(self, records: Sequence[Record]) -> object:
        with self.transaction() as connection:
            sql = f"INSERT INTO {TABLE} VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            return connection.executemany(sql, map(VALUES, records)).rowcount

    def replace(self, records: Sequence[Record]) -> object:
        with self.transaction() as connection:
            sql = (
                f"INSERT INTO {TABLE} VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "name = excluded.name, path = excluded.path, count = excluded.count"
            )
            return connection.executemany(sql, map(VALUES, records)).rowcount

    def fetch_all(self) -> int:
        return read(self.connection.execute(f"SELECT id, name, path, count FROM {TABLE}"))

    def fetch_ids(self, ids: Sequence[int]) -> int:
        sql = f"SELECT id, name, path, count FROM {TABLE} WHERE id IN (SELECT value FROM json_each(?))"
        return read(self.connection.execute(sql, (json.dumps(ids),)))

    def delete(self, keys: Sequence[Record]) -> object:
        with self.transaction() as connection:
            sql = f"DELETE FROM {TABLE} WHERE id IN (SELECT value FROM json_each(?))"
            return connection.execute(sql, (json.dumps([key["id"] for key in keys]),)).rowcount

    def ask(self, sql: str) -> object:
        return self.connection.execute(sql).fetchone()[0]

    def close(self) -> None:
        self.connection.close()


class PostgresStorage(OpaqueStorage):
    """`psycopg`, with COPY into the table, or into a temporary one."""

    def make(self) -> None:
        conninfo = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.connection = psycopg.connect(conninfo, options="-c timezone=UTC")
        with self.connection.transaction():
            self.connection.execute(
                f"CREATE TABLE {TABLE} (id bigint NOT NULL PRIMARY KEY, name varchar(32) NOT NULL UNIQUE, "
                "path varchar(80) NOT NULL, count bigint NOT NULL)".encode()
            )

    def copy(self, table: str, records: Sequence[Record]) -> None:
        """Writes them by COPY."""
        with self.connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
            for record in records:
                copy.write_row(VALUES(record))

    def insert(self, records: Sequence[Record]) -> object:
        with self.connection.transaction():
            self.copy(TABLE, records)
        return len(records)

    def ensure(self, records: Sequence[Record]) -> object:
        return self._merge(records, "DO NOTHING")

    def replace(self, records: Sequence[Record]) -> object:
        return self._merge(
            records, "(id) DO UPDATE SET name = excluded.name, path = excluded.path, count = excluded.count"
        )

    def _merge(self, records: Sequence[Record], conflict: str) -> int:
        with self.connection.transaction():
            self.connection.execute(STAGE.encode())
            self.copy("stage", records)
            merged = f"INSERT INTO {TABLE} SELECT * FROM stage ON CONFLICT {conflict}"
            return self.connection.execute(merged.encode()).rowcount

    def fetch_all(self) -> int:
        with self.connection.transaction():
            return read(self.connection.execute(f"SELECT id, name, path, count FROM {TABLE}".encode()))

    def fetch_ids(self, ids: Sequence[int]) -> int:
        sql = f"SELECT id, name, path, count FROM {TABLE} WHERE id = ANY(%s)".encode()
        with self.connection.transaction():
            return read(self.connection.execute(sql, (ids,)))

    def delete(self, keys: Sequence[Record]) -> object:
        sql = f"DELETE FROM {TABLE} WHERE id = ANY(%s)".encode()
        with self.connection.transaction():
            return self.connection.execute(sql, ([key["id"] for key in keys],)).rowcount

    def ask(self, sql: str) -> object:
        with self.connection.transaction():
            found = self.connection.execute(sql.encode()).fetchone()
        return found and found[0]

    def close(self) -> None:
        self.connection.close()

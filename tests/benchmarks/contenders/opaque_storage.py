"""`OpaqueStorage`, the interface of contenders with opaque tables, and the bare drivers' implementations."""

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
    """A table `record`: a bigint id as the key, a unique name, a path, a count. Each call is its own transaction."""

    def __init__(self, url: URL) -> None:
        self.url = url

    @abstractmethod
    def create(self) -> None:
        """Create the table in an empty database."""

    @abstractmethod
    def insert(self, records: Sequence[Record]) -> object:
        """Insert records."""

    @abstractmethod
    def ensure(self, records: Sequence[Record]) -> object:
        """Insert the records that do not exist yet."""

    @abstractmethod
    def replace(self, records: Sequence[Record]) -> object:
        """Insert records, replacing those with the same key."""

    @abstractmethod
    def fetch_all(self) -> int:
        """Read every value of all records. Return the sum of numbers and text lengths."""

    @abstractmethod
    def fetch_ids(self, ids: Sequence[int]) -> int:
        """Read every value of the records with these ids. Return the sum of numbers and text lengths."""

    @abstractmethod
    def delete(self, keys: Sequence[Record]) -> object:
        """Delete the records with the ids in *keys*."""

    @abstractmethod
    def scalar(self, sql: str) -> object:
        """Execute *sql* in a connection that writes. Return its one value."""

    @abstractmethod
    def close(self) -> None:
        """Close all connections."""


def read(rows: Iterable[tuple[Any, ...]]) -> int:
    """Read every value of *rows*. Return the sum of numbers and text lengths."""
    return sum(number + count + len(name) + len(path) for number, name, path, count in rows)


class SqliteStorage(OpaqueStorage):
    """`sqlite3`."""

    def create(self) -> None:
        self.connection = sqlite3.connect(str(self.url.database), isolation_level=None)
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.connection.execute(
            f"CREATE TABLE {TABLE} (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(32) NOT NULL UNIQUE, "
            "path VARCHAR(80) NOT NULL, count INTEGER NOT NULL)"
        )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction, and commit it at the end."""
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

    def scalar(self, sql: str) -> object:
        return self.connection.execute(sql).fetchone()[0]

    def close(self) -> None:
        self.connection.close()


class PostgresStorage(OpaqueStorage):
    """`psycopg`, with COPY into the table or a temporary table."""

    def create(self) -> None:
        conninfo = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.connection = psycopg.connect(conninfo, options="-c timezone=UTC")
        with self.connection.transaction():
            self.connection.execute(
                f"CREATE TABLE {TABLE} (id bigint NOT NULL PRIMARY KEY, name varchar(32) NOT NULL UNIQUE, "
                "path varchar(80) NOT NULL, count bigint NOT NULL)".encode()
            )

    def copy(self, table: str, records: Sequence[Record]) -> None:
        """Write records with COPY."""
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

    def scalar(self, sql: str) -> object:
        with self.connection.transaction():
            row = self.connection.execute(sql.encode()).fetchone()
        return row and row[0]

    def close(self) -> None:
        self.connection.close()

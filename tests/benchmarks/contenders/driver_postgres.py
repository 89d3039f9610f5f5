"""Postgres's bare driver, as written by hand for these tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg.types.json import set_json_dumps, set_json_loads

from tests.benchmarks.contenders.contender import SPAN, Contender, Workload
from tests.benchmarks.targets import Target

GET = "SELECT id, name, title, rank, score, active, seen FROM plain WHERE id = %s"
FILTER = "SELECT id, name, title, rank, score, active, seen FROM plain WHERE id >= %s AND id < %s"
INSERT = """INSERT INTO plain (name, title, rank, score, active, seen) VALUES (%s, %s, %s, %s, %s, %s)
    RETURNING id, name, title, rank, score, active, seen"""
UPDATE = """UPDATE plain SET rank = %s, title = %s WHERE id = %s
    RETURNING id, name, title, rank, score, active, seen"""
DELETE = "DELETE FROM plain WHERE id = %s RETURNING id, name, title, rank, score, active, seen"
COPY = "COPY plain (name, title, rank, score, active, seen) FROM STDIN (FORMAT BINARY)"
COPY_TYPES = ("varchar", "varchar", "int4", "float8", "bool", "timestamp")
COPY_RICH = "COPY rich (price, token, details, genre, tags, made) FROM STDIN (FORMAT BINARY)"
COPY_RICH_TYPES = ("numeric", "uuid", "jsonb", "varchar", "text[]", "timestamptz")
STAGE = "CREATE TEMPORARY TABLE stage (LIKE plain) ON COMMIT DROP"
STAGE_RICH = "CREATE TEMPORARY TABLE stage (LIKE rich) ON COMMIT DROP"
UPSERT = """INSERT INTO plain SELECT * FROM stage ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, title = excluded.title, rank = excluded.rank, score = excluded.score,
    active = excluded.active, seen = excluded.seen"""
UPSERT_RICH = """INSERT INTO rich SELECT * FROM stage ON CONFLICT (id) DO UPDATE SET
    price = excluded.price, token = excluded.token, details = excluded.details, genre = excluded.genre,
    tags = excluded.tags, made = excluded.made"""


def plain_values(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the driver's parameters for a row of *plain*."""
    return row["name"], row["title"], row["rank"], row["score"], row["active"], row["seen"]


def rich_values(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the driver's parameters for a row of *rich*."""
    return row["price"], row["token"], row["details"], row["genre"].value, row["tags"], row["made"]


class PostgresDriver(Contender):
    """`psycopg`."""

    untyped = frozenset({"bulk_read"})

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.connection = psycopg.connect(target.conninfo, options="-c timezone=UTC")
        # JSON is decoded directly into the type of the row.
        set_json_loads(msgspec.json.Decoder(dict[str, str]).decode, self.connection)
        set_json_dumps(msgspec.json.encode, self.connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.connection.execute("SELECT 1")
        try:
            yield
        finally:
            self.connection.rollback()

    def scalar(self, sql: str) -> object:
        row = self.connection.execute(sql.encode()).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        self.connection.close()

    def content(self, table: str) -> Sequence[Any]:
        if table == "rich":
            return self.bulk_read_rich(Workload())
        return [self.target.package.PlainRow(*row) for row in self.bulk_read(Workload())]

    def bulk_read(self, workload: Workload) -> Sequence[Any]:
        return self.connection.execute("SELECT id, name, title, rank, score, active, seen FROM plain").fetchall()

    def bulk_read_rich(self, workload: Workload) -> Sequence[Any]:
        row, genres = self.target.package.RichRow, {genre.value: genre for genre in self.target.package.Genre}
        cursor = self.connection.execute("SELECT id, price, token, details, genre, tags, made FROM rich")
        return [
            row(id, price, token, details, genres[genre], tags, made)
            for id, price, token, details, genre, tags, made in cursor.fetchall()
        ]

    def _singles(self, sql: LiteralString, sets: Iterator[tuple[Any, ...]]) -> list[Any]:
        row, execute = self.target.package.PlainRow, self.connection.execute
        rows = []
        for values in sets:
            stored = execute(sql, values).fetchone()
            if stored is not None:
                rows.append(row(*stored))
        return rows

    def point_read(self, workload: Workload) -> Sequence[Any]:
        return self._singles(GET, ((key,) for key in workload.keys))

    def filtered_read(self, workload: Workload) -> Sequence[Any]:
        row, execute = self.target.package.PlainRow, self.connection.execute
        rows: list[Any] = []
        for key in workload.keys:
            rows += [row(*stored) for stored in execute(FILTER, (key, key + SPAN)).fetchall()]
        return rows

    def insert_returning(self, workload: Workload) -> Sequence[Any]:
        return self._singles(INSERT, map(plain_values, workload.rows))

    def update_by_key(self, workload: Workload) -> Sequence[Any]:
        return self._singles(UPDATE, ((changes["rank"], changes["title"], key) for key, changes in workload.changes))

    def delete_by_key(self, workload: Workload) -> Sequence[Any]:
        execute = self.connection.execute
        return [bool(execute(DELETE, (key,)).fetchall()) for key in workload.keys]

    def stream(self, workload: Workload) -> int:
        row = self.target.package.PlainRow
        count = 0
        with self.connection.cursor("streamed") as cursor:
            cursor.itersize = 1000
            cursor.execute("SELECT id, name, title, rank, score, active, seen FROM plain")
            for stored in cursor:
                row(*stored)
                count += 1
        return count

    def _copy(self, sql: LiteralString, types: tuple[str, ...], sets: Iterator[tuple[Any, ...]]) -> int:
        with self.connection.cursor() as cursor:
            with cursor.copy(sql) as copy:
                copy.set_types(types)
                write = copy.write_row
                for values in sets:
                    write(values)
            return cursor.rowcount

    def insert_many(self, workload: Workload) -> object:
        return self._copy(COPY, COPY_TYPES, map(plain_values, workload.rows))

    def insert_many_rich(self, workload: Workload) -> object:
        return self._copy(COPY_RICH, COPY_RICH_TYPES, map(rich_values, workload.rows))

    def upsert_many(self, workload: Workload) -> object:
        self.connection.execute(STAGE)
        sets = ((row["id"], *plain_values(row)) for row in workload.rows)
        self._copy("COPY stage FROM STDIN (FORMAT BINARY)", ("int8", *COPY_TYPES), sets)
        return self.connection.execute(UPSERT).rowcount

    def upsert_many_rich(self, workload: Workload) -> object:
        self.connection.execute(STAGE_RICH)
        sets = ((row["id"], *rich_values(row)) for row in workload.rows)
        self._copy("COPY stage FROM STDIN (FORMAT BINARY)", ("int8", *COPY_RICH_TYPES), sets)
        return self.connection.execute(UPSERT_RICH).rowcount

    def books_with_authors(self, workload: Workload) -> Sequence[tuple[int, str, str]]:
        execute = self.connection.execute
        book_row, author_row = self.target.package.BookRow, self.target.package.AuthorRow
        books = [book_row(*row) for row in execute("SELECT id, author_id, title, pages FROM book").fetchall()]
        wanted = list({book.author_id for book in books})
        found = execute("SELECT id, name FROM author WHERE id = ANY(%s)", (wanted,)).fetchall()
        authors = {row[0]: author_row(*row) for row in found}
        return [(book.id, book.title, authors[book.author_id].name) for book in books]

    def empty_sessions(self, workload: Workload) -> Sequence[Any]:
        for _ in range(workload.times):
            with self.connection.transaction():
                pass
        return ()

"""SQLite's bare driver, as written by hand for these tables, with only the conversions that they need."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from json import loads
from typing import Any
from uuid import UUID

import msgspec

from tests.benchmarks.contenders.contender import SPAN, Contender, Workload
from tests.benchmarks.targets import Target

PLAIN = "id, name, title, rank, score, active, seen"
RICH = "id, price, token, details, genre, tags, made"
GET = f"SELECT {PLAIN} FROM plain WHERE id = ?"
FILTER = f"SELECT {PLAIN} FROM plain WHERE id >= ? AND id < ?"
INSERT = "INSERT INTO plain (name, title, rank, score, active, seen) VALUES (?, ?, ?, ?, ?, ?)"
INSERT_RICH = "INSERT INTO rich (price, token, details, genre, tags, made) VALUES (?, ?, ?, ?, ?, ?)"
UPDATE = f"UPDATE plain SET rank = ?, title = ? WHERE id = ? RETURNING {PLAIN}"
DELETE = f"DELETE FROM plain WHERE id = ? RETURNING {PLAIN}"
UPSERT = f"""INSERT INTO plain ({PLAIN}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, title = excluded.title, rank = excluded.rank, score = excluded.score,
    active = excluded.active, seen = excluded.seen"""
UPSERT_RICH = f"""INSERT INTO rich ({RICH}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    price = excluded.price, token = excluded.token, details = excluded.details, genre = excluded.genre,
    tags = excluded.tags, made = excluded.made"""


def plain_values(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the driver's parameters for a row of *plain*."""
    seen = row["seen"].isoformat(" ", "microseconds")
    return row["name"], row["title"], row["rank"], row["score"], row["active"], seen


def rich_values(row: Mapping[str, Any], encode: Callable[[Any], bytes] = msgspec.json.encode) -> tuple[Any, ...]:
    """Return the driver's parameters for a row of *rich*."""
    return (
        float(row["price"]),
        row["token"].hex,
        msgspec.json.encode(row["details"], order="sorted").decode(),
        row["genre"].value,
        encode(row["tags"]).decode(),
        row["made"].astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds"),
    )


class SqliteDriver(Contender):
    """`sqlite3`."""

    untyped = frozenset({"bulk_read"})

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.connection = sqlite3.connect(str(target.url.database), isolation_level=None)
        self.connection.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            self.connection.rollback()

    def scalar(self, sql: str) -> object:
        return self.connection.execute(sql).fetchone()[0]

    def close(self) -> None:
        self.connection.close()

    def content(self, table: str) -> Sequence[Any]:
        if table == "rich":
            return self.bulk_read_rich(Workload())
        return self._plain(self.connection.execute(f"SELECT {PLAIN} FROM plain"))

    def _plain(self, cursor: sqlite3.Cursor) -> list[Any]:
        row, read = self.target.package.PlainRow, datetime.fromisoformat
        return [
            row(id, name, title, rank, score, bool(active), read(seen))
            for id, name, title, rank, score, active, seen in cursor.fetchall()
        ]

    def bulk_read(self, workload: Workload) -> Sequence[Any]:
        return self.connection.execute(f"SELECT {PLAIN} FROM plain").fetchall()

    def bulk_read_rich(self, workload: Workload) -> Sequence[Any]:
        row, genres = self.target.package.RichRow, {genre.value: genre for genre in self.target.package.Genre}
        details_of = msgspec.json.Decoder(dict[str, str]).decode
        read, utc = datetime.fromisoformat, UTC
        return [
            row(
                id,
                Decimal("%.2f" % price),  # noqa: UP031  # faster than an f-string
                UUID(token),
                details_of(details),
                genres[genre],
                loads(tags),
                read(made).replace(tzinfo=utc),
            )
            for id, price, token, details, genre, tags, made in self.connection.execute(
                f"SELECT {RICH} FROM rich"
            ).fetchall()
        ]

    def point_read(self, workload: Workload) -> Sequence[Any]:
        row, read, execute = self.target.package.PlainRow, datetime.fromisoformat, self.connection.execute
        rows = []
        for key in workload.keys:
            id, name, title, rank, score, active, seen = execute(GET, (key,)).fetchone()
            rows.append(row(id, name, title, rank, score, bool(active), read(seen)))
        return rows

    def filtered_read(self, workload: Workload) -> Sequence[Any]:
        rows: list[Any] = []
        for key in workload.keys:
            rows += self._plain(self.connection.execute(FILTER, (key, key + SPAN)))
        return rows

    def insert_returning(self, workload: Workload) -> Sequence[Any]:
        row, read, execute = self.target.package.PlainRow, datetime.fromisoformat, self.connection.execute
        insert = f"{INSERT} RETURNING {PLAIN}"
        rows = []
        for values in workload.rows:
            (stored,) = execute(insert, plain_values(values)).fetchall()
            id, name, title, rank, score, active, seen = stored
            rows.append(row(id, name, title, rank, score, bool(active), read(seen)))
        return rows

    def update_by_key(self, workload: Workload) -> Sequence[Any]:
        row, read, execute = self.target.package.PlainRow, datetime.fromisoformat, self.connection.execute
        rows = []
        for key, changes in workload.changes:
            (stored,) = execute(UPDATE, (changes["rank"], changes["title"], key)).fetchall()
            id, name, title, rank, score, active, seen = stored
            rows.append(row(id, name, title, rank, score, bool(active), read(seen)))
        return rows

    def delete_by_key(self, workload: Workload) -> Sequence[Any]:
        execute = self.connection.execute
        return [bool(execute(DELETE, (key,)).fetchall()) for key in workload.keys]

    def stream(self, workload: Workload) -> int:
        row, read = self.target.package.PlainRow, datetime.fromisoformat
        count = 0
        cursor = self.connection.execute(f"SELECT {PLAIN} FROM plain")
        for id, name, title, rank, score, active, seen in cursor:
            row(id, name, title, rank, score, bool(active), read(seen))
            count += 1
        return count

    def insert_many(self, workload: Workload) -> object:
        return self.connection.executemany(INSERT, map(plain_values, workload.rows)).rowcount

    def insert_many_rich(self, workload: Workload) -> object:
        return self.connection.executemany(INSERT_RICH, map(rich_values, workload.rows)).rowcount

    def upsert_many(self, workload: Workload) -> object:
        return self.connection.executemany(UPSERT, ((row["id"], *plain_values(row)) for row in workload.rows)).rowcount

    def upsert_many_rich(self, workload: Workload) -> object:
        return self.connection.executemany(
            UPSERT_RICH, ((row["id"], *rich_values(row)) for row in workload.rows)
        ).rowcount

    def books_with_authors(self, workload: Workload) -> Sequence[tuple[int, str, str]]:
        execute = self.connection.execute
        book_row, author_row = self.target.package.BookRow, self.target.package.AuthorRow
        books = [book_row(*row) for row in execute("SELECT id, author_id, title, pages FROM book").fetchall()]
        wanted = list({book.author_id for book in books})
        marks = ", ".join("?" * len(wanted))
        found = execute(f"SELECT id, name FROM author WHERE id IN ({marks})", wanted).fetchall()
        authors = {row[0]: author_row(*row) for row in found}
        return [(book.id, book.title, authors[book.author_id].name) for book in books]

    def empty_sessions(self, workload: Workload) -> Sequence[Any]:
        for _ in range(workload.times):
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.commit()
        return ()

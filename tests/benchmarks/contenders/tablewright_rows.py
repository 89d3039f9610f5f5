"""Tablewright's rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, text

from tests.benchmarks.contenders.contender import SPAN, Contender, Given
from tests.benchmarks.places import Place


class TablewrightRows(Contender):
    """`session.plain` and its sisters, in a session of the generated package."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.database = place.package.Database(place.url)
        self.session: Any = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.place.package.Session(self.database) as session:
            session.connection()
            self.session = session
            try:
                yield
            finally:
                self.session = None
                session.rollback()

    def ask(self, sql: str) -> object:
        return self.session.scalar(text(sql))

    def close(self) -> None:
        self.database.dispose()

    def bulk_read(self, given: Given) -> Sequence[Any]:
        rows: Sequence[Any] = self.session.plain.select()
        return rows

    def bulk_read_rich(self, given: Given) -> Sequence[Any]:
        rows: Sequence[Any] = self.session.rich.select()
        return rows

    def point_read(self, given: Given) -> Sequence[Any]:
        session = self.session
        return [session.plain.get(key) for key in given.keys]

    def filtered_read(self, given: Given) -> Sequence[Any]:
        table = self.session.plain
        rows: list[Any] = []
        for key in given.keys:
            rows += table.select(table.c.id >= key, table.c.id < key + SPAN)
        return rows

    def insert_returning(self, given: Given) -> Sequence[Any]:
        session = self.session
        return [session.plain.insert(**values) for values in given.rows]

    def update_by_key(self, given: Given) -> Sequence[Any]:
        session = self.session
        return [session.plain.update(key, **changes) for key, changes in given.changes]

    def delete_by_key(self, given: Given) -> Sequence[Any]:
        session = self.session
        return [session.plain.delete(key) for key in given.keys]

    def stream(self, given: Given) -> int:
        return sum(1 for _ in self.session.plain.stream())

    def insert_many(self, given: Given) -> object:
        return self.session.plain.insert_many(given.rows)

    def insert_many_rich(self, given: Given) -> object:
        return self.session.rich.insert_many(given.rows)

    def upsert_many(self, given: Given) -> object:
        return self.session.plain.upsert_many(given.rows)

    def upsert_many_rich(self, given: Given) -> object:
        return self.session.rich.upsert_many(given.rows)

    def books_with_authors(self, given: Given) -> Sequence[tuple[int, str, str]]:
        session = self.session
        books = session.book.select()
        authors = {author.id: author for author in session.author.get_many({book.author_id for book in books})}
        return [(book.id, book.title, authors[book.author_id].name) for book in books]

    def empty_sessions(self, given: Given) -> Sequence[Any]:
        for _ in range(given.times):
            with self.database.session():
                pass
        return ()


class TablewrightListened(TablewrightRows):
    """The same, with somebody listening to every statement."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.heard = 0
        event.listen(self.database.engine, "before_cursor_execute", self._hear)

    def _hear(self, *_: object) -> None:
        self.heard += 1

    def point_read(self, given: Given) -> Sequence[Any]:
        before = self.heard
        rows = super().point_read(given)
        assert self.heard - before == len(rows), "a listener missed statements"
        return rows

"""Tablewright's rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, text

from tests.benchmarks.contenders.contender import SPAN, Contender, Workload
from tests.benchmarks.targets import Target


class TablewrightRows(Contender):
    """`session.plain`, `session.rich` and so on, in a session of the generated package."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.database = target.package.Database(target.url)
        self.session: Any = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.target.package.Session(self.database) as session:
            session.connection()
            self.session = session
            try:
                yield
            finally:
                self.session = None
                session.rollback()

    def scalar(self, sql: str) -> object:
        return self.session.scalar(text(sql))

    def close(self) -> None:
        self.database.dispose()

    def bulk_read(self, workload: Workload) -> Sequence[Any]:
        rows: Sequence[Any] = self.session.plain.select()
        return rows

    def bulk_read_rich(self, workload: Workload) -> Sequence[Any]:
        rows: Sequence[Any] = self.session.rich.select()
        return rows

    def point_read(self, workload: Workload) -> Sequence[Any]:
        session = self.session
        return [session.plain.get(key) for key in workload.keys]

    def filtered_read(self, workload: Workload) -> Sequence[Any]:
        table = self.session.plain
        rows: list[Any] = []
        for key in workload.keys:
            rows += table.select(table.c.id >= key, table.c.id < key + SPAN)
        return rows

    def insert_returning(self, workload: Workload) -> Sequence[Any]:
        session = self.session
        return [session.plain.insert(**values) for values in workload.rows]

    def update_by_key(self, workload: Workload) -> Sequence[Any]:
        session = self.session
        return [session.plain.update(key, **changes) for key, changes in workload.changes]

    def delete_by_key(self, workload: Workload) -> Sequence[Any]:
        session = self.session
        return [session.plain.delete(key) for key in workload.keys]

    def stream(self, workload: Workload) -> int:
        return sum(1 for _ in self.session.plain.stream())

    def insert_many(self, workload: Workload) -> object:
        return self.session.plain.insert_many(workload.rows)

    def insert_many_rich(self, workload: Workload) -> object:
        return self.session.rich.insert_many(workload.rows)

    def upsert_many(self, workload: Workload) -> object:
        return self.session.plain.upsert_many(workload.rows)

    def upsert_many_rich(self, workload: Workload) -> object:
        return self.session.rich.upsert_many(workload.rows)

    def books_with_authors(self, workload: Workload) -> Sequence[tuple[int, str, str]]:
        session = self.session
        books = session.book.select()
        authors = {author.id: author for author in session.author.get_many({book.author_id for book in books})}
        return [(book.id, book.title, authors[book.author_id].name) for book in books]

    def empty_sessions(self, workload: Workload) -> Sequence[Any]:
        for _ in range(workload.times):
            with self.database.session():
                pass
        return ()


class TablewrightListened(TablewrightRows):
    """The same, with a listener on every statement."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.heard = 0
        event.listen(self.database.engine, "before_cursor_execute", self._listener)

    def _listener(self, *_: object) -> None:
        self.heard += 1

    def point_read(self, workload: Workload) -> Sequence[Any]:
        before = self.heard
        rows = super().point_read(workload)
        assert self.heard - before == len(rows), "a listener missed statements"
        return rows

"""peewee."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import peewee
from playhouse.postgres_ext import Psycopg3Database

from tests.benchmarks.contenders.contender import SPAN, Contender, Workload
from tests.benchmarks.targets import Target

BATCH = 500
"""Rows in an INSERT, limited by the parameters that SQLite allows."""


class PeeweeOrm(Contender):
    """`peewee.Model`."""

    unsupported = {"bulk_read_rich": "no types for arrays and enums that both engines know"}

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        if target.engine == "sqlite":
            self.database: Any = peewee.SqliteDatabase(target.url.database, pragmas={"foreign_keys": 1})
        else:
            self.database = Psycopg3Database(
                target.url.database,
                user=target.url.username,
                password=target.url.password,
                host=target.url.query.get("host") or target.url.host,
                port=target.url.port,
                options="-c timezone=UTC",
            )
        database = self.database

        class Plain(peewee.Model):
            id = peewee.BigAutoField() if target.engine == "postgresql" else peewee.AutoField()
            name = peewee.CharField(100)
            title = peewee.CharField(200)
            rank = peewee.IntegerField()
            score = peewee.DoubleField()
            active = peewee.BooleanField()
            seen = peewee.DateTimeField()

            class Meta:
                table_name = "plain"

        class Author(peewee.Model):
            name = peewee.CharField(200)

            class Meta:
                table_name = "author"

        class Book(peewee.Model):
            author = peewee.ForeignKeyField(Author)
            title = peewee.CharField(300)
            pages = peewee.IntegerField()

            class Meta:
                table_name = "book"

        Plain._meta.database = Author._meta.database = Book._meta.database = database
        self.plain: Any = Plain
        self.author: Any = Author
        self.book: Any = Book
        self.database.connect()

    def _atomic(self) -> Any:
        return self.database.atomic("IMMEDIATE") if self.target.engine == "sqlite" else self.database.atomic()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._atomic() as transaction:
            try:
                yield
            finally:
                transaction.rollback()

    def scalar(self, sql: str) -> object:
        return self.database.execute_sql(sql).fetchone()[0]

    def close(self) -> None:
        self.database.close()

    def bulk_read(self, workload: Workload) -> Sequence[Any]:
        return list(self.plain.select())

    def point_read(self, workload: Workload) -> Sequence[Any]:
        get = self.plain.get_by_id
        return [get(key) for key in workload.keys]

    def filtered_read(self, workload: Workload) -> Sequence[Any]:
        plain = self.plain
        rows: list[Any] = []
        for key in workload.keys:
            rows += list(plain.select().where((plain.id >= key) & (plain.id < key + SPAN)))
        return rows

    def insert_returning(self, workload: Workload) -> Sequence[Any]:
        return [self.plain.create(**values) for values in workload.rows]

    def update_by_key(self, workload: Workload) -> Sequence[Any]:
        plain = self.plain
        return [
            next(iter(plain.update(**changes).where(plain.id == key).returning(plain).execute()))
            for key, changes in workload.changes
        ]

    def delete_by_key(self, workload: Workload) -> Sequence[Any]:
        return [bool(self.plain.delete_by_id(key)) for key in workload.keys]

    def insert_many(self, workload: Workload) -> object:
        for batch in peewee.chunked(workload.rows, BATCH):
            self.plain.insert_many(batch).execute()
        return len(workload.rows)

    def upsert_many(self, workload: Workload) -> object:
        plain = self.plain
        others = [plain.name, plain.title, plain.rank, plain.score, plain.active, plain.seen]
        for batch in peewee.chunked(workload.rows, BATCH):
            plain.insert_many(batch).on_conflict(conflict_target=[plain.id], preserve=others).execute()
        return len(workload.rows)

    def books_with_authors(self, workload: Workload) -> Sequence[tuple[int, str, str]]:
        books = peewee.prefetch(self.book.select(), self.author.select())
        return [(book.id, book.title, book.author.name) for book in books]

    def empty_sessions(self, workload: Workload) -> Sequence[Any]:
        for _ in range(workload.times):
            with self._atomic():
                pass
        return ()

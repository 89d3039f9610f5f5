"""SQLAlchemy's ORM: classes mapped by hand, in a plain `Session`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session, selectinload

from tests.benchmarks.contenders.contender import SPAN, Contender, Workload
from tests.benchmarks.contenders.sqlalchemy_core import upsert
from tests.benchmarks.contenders.sqlalchemy_engine import plain_engine
from tests.benchmarks.contenders.stock_models import StockModels
from tests.benchmarks.targets import Target


class SqlalchemyOrm(Contender):
    """`sqlalchemy.orm.Session` and declarative classes with SQLAlchemy's own types."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.engine = plain_engine(target)
        self.models = self.map_models()
        self.session: Any = None
        self.loaded: Sequence[Any] = ()

    def map_models(self) -> Any:
        """Return an object with the mapped classes as attributes."""
        return StockModels(self.target.package.Genre)

    def open_session(self) -> Session:
        """Return a session that has not begun."""
        return Session(self.engine)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.open_session() as session:
            session.connection()
            self.session = session
            try:
                yield
            finally:
                self.session = None
                session.rollback()

    def scalar(self, sql: str) -> object:
        return self.session.connection().scalar(text(sql))

    def content(self, table: str) -> Sequence[Any]:
        # From the database, not from the identity map.
        self.session.expunge_all()
        return super().content(table)

    def prepare(self, work: str, workload: Workload) -> None:
        if work == "change_entities":
            self.loaded = self.query_entities(workload)

    def close(self) -> None:
        self.engine.dispose()

    def bulk_read(self, workload: Workload) -> Sequence[Any]:
        entities: Sequence[Any] = self.session.scalars(select(self.models.Plain)).all()
        return entities

    def bulk_read_rich(self, workload: Workload) -> Sequence[Any]:
        entities: Sequence[Any] = self.session.scalars(select(self.models.Rich)).all()
        return entities

    def point_read(self, workload: Workload) -> Sequence[Any]:
        # Each key once, so that none is in the identity map.
        session, plain = self.session, self.models.Plain
        return [session.get(plain, key) for key in workload.keys]

    def filtered_read(self, workload: Workload) -> Sequence[Any]:
        session, plain = self.session, self.models.Plain
        rows: list[Any] = []
        for key in workload.keys:
            rows += session.scalars(select(plain).where(plain.id >= key, plain.id < key + SPAN)).all()
        return rows

    def insert_returning(self, workload: Workload) -> Sequence[Any]:
        session, plain = self.session, self.models.Plain
        entities = []
        for values in workload.rows:
            entity = plain(**values)
            session.add(entity)
            session.flush()
            entities.append(entity)
        return entities

    def update_by_key(self, workload: Workload) -> Sequence[Any]:
        session, plain = self.session, self.models.Plain
        return [
            session.scalars(update(plain).where(plain.id == key).values(**changes).returning(plain)).one()
            for key, changes in workload.changes
        ]

    def delete_by_key(self, workload: Workload) -> Sequence[Any]:
        session, plain = self.session, self.models.Plain
        return [bool(session.execute(delete(plain).where(plain.id == key)).rowcount) for key in workload.keys]

    def stream(self, workload: Workload) -> int:
        streamed = self.session.scalars(select(self.models.Plain).execution_options(yield_per=1000))
        return sum(1 for _ in streamed)

    def insert_many(self, workload: Workload) -> object:
        self.session.execute(insert(self.models.Plain), workload.rows)
        return len(workload.rows)

    def insert_many_rich(self, workload: Workload) -> object:
        self.session.execute(insert(self.models.Rich), workload.rows)
        return len(workload.rows)

    def upsert_many(self, workload: Workload) -> object:
        self.session.execute(upsert(self.models.Plain, self.target.engine), workload.rows)
        return len(workload.rows)

    def upsert_many_rich(self, workload: Workload) -> object:
        self.session.execute(upsert(self.models.Rich, self.target.engine), workload.rows)
        return len(workload.rows)

    def books_with_authors(self, workload: Workload) -> Sequence[tuple[int, str, str]]:
        book = self.models.Book
        books = self.session.scalars(select(book).options(selectinload(book.author))).all()
        return [(book.id, book.title, book.author.name) for book in books]

    def empty_sessions(self, workload: Workload) -> Sequence[Any]:
        for _ in range(workload.times):
            with self.open_session() as session, session.begin():
                session.connection()
        return ()

    def query_entities(self, workload: Workload) -> Sequence[Any]:
        plain = self.models.Plain
        entities: Sequence[Any] = self.session.scalars(select(plain).where(plain.id <= workload.times)).all()
        return entities

    def get_entities(self, workload: Workload) -> Sequence[Any]:
        return self.point_read(workload)

    def add_entities(self, workload: Workload) -> Sequence[Any]:
        plain = self.models.Plain
        entities = [plain(**values) for values in workload.rows]
        self.session.add_all(entities)
        self.session.flush()
        return entities

    def change_entities(self, workload: Workload) -> Sequence[Any]:
        entities, self.loaded = self.loaded, ()
        for entity, (_, changes) in zip(entities, workload.changes, strict=True):
            for name, value in changes.items():
                setattr(entity, name, value)
        self.session.flush()
        return entities

"""SQLAlchemy's ORM: classes mapped by hand, in a plain `Session`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session, selectinload

from tests.benchmarks.contenders.contender import SPAN, Contender, Given
from tests.benchmarks.contenders.sqlalchemy_core import upsert
from tests.benchmarks.contenders.sqlalchemy_engine import plain_engine
from tests.benchmarks.contenders.stock_models import StockModels
from tests.benchmarks.places import Place


class SqlalchemyOrm(Contender):
    """`sqlalchemy.orm.Session` and declarative classes with SQLAlchemy's own types."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.engine = plain_engine(place)
        self.models = self.map_models()
        self.session: Any = None
        self.loaded: Sequence[Any] = ()

    def map_models(self) -> Any:
        """The mapped classes, as attributes."""
        return StockModels(self.place.package.Genre)

    def open_session(self) -> Session:
        """A session that has not begun."""
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

    def ask(self, sql: str) -> object:
        return self.session.connection().scalar(text(sql))

    def content(self, table: str) -> Sequence[Any]:
        # What the database has, not what the session remembers.
        self.session.expunge_all()
        return super().content(table)

    def prepare(self, work: str, given: Given) -> None:
        if work == "change_entities":
            self.loaded = self.query_entities(given)

    def close(self) -> None:
        self.engine.dispose()

    def bulk_read(self, given: Given) -> Sequence[Any]:
        entities: Sequence[Any] = self.session.scalars(select(self.models.Plain)).all()
        return entities

    def bulk_read_rich(self, given: Given) -> Sequence[Any]:
        entities: Sequence[Any] = self.session.scalars(select(self.models.Rich)).all()
        return entities

    def point_read(self, given: Given) -> Sequence[Any]:
        # Each key once: none of them is in the identity map before.
        session, plain = self.session, self.models.Plain
        return [session.get(plain, key) for key in given.keys]

    def filtered_read(self, given: Given) -> Sequence[Any]:
        session, plain = self.session, self.models.Plain
        rows: list[Any] = []
        for key in given.keys:
            rows += session.scalars(select(plain).where(plain.id >= key, plain.id < key + SPAN)).all()
        return rows

    def insert_returning(self, given: Given) -> Sequence[Any]:
        session, plain = self.session, self.models.Plain
        entities = []
        for values in given.rows:
            entity = plain(**values)
            session.add(entity)
            session.flush()
            entities.append(entity)
        return entities

    def update_by_key(self, given: Given) -> Sequence[Any]:
        session, plain = self.session, self.models.Plain
        return [
            session.scalars(update(plain).where(plain.id == key).values(**changes).returning(plain)).one()
            for key, changes in given.changes
        ]

    def delete_by_key(self, given: Given) -> Sequence[Any]:
        session, plain = self.session, self.models.Plain
        return [bool(session.execute(delete(plain).where(plain.id == key)).rowcount) for key in given.keys]

    def stream(self, given: Given) -> int:
        streamed = self.session.scalars(select(self.models.Plain).execution_options(yield_per=1000))
        return sum(1 for _ in streamed)

    def insert_many(self, given: Given) -> object:
        self.session.execute(insert(self.models.Plain), given.rows)
        return len(given.rows)

    def insert_many_rich(self, given: Given) -> object:
        self.session.execute(insert(self.models.Rich), given.rows)
        return len(given.rows)

    def upsert_many(self, given: Given) -> object:
        self.session.execute(upsert(self.models.Plain, self.place.engine), given.rows)
        return len(given.rows)

    def upsert_many_rich(self, given: Given) -> object:
        self.session.execute(upsert(self.models.Rich, self.place.engine), given.rows)
        return len(given.rows)

    def books_with_authors(self, given: Given) -> Sequence[tuple[int, str, str]]:
        book = self.models.Book
        books = self.session.scalars(select(book).options(selectinload(book.author))).all()
        return [(book.id, book.title, book.author.name) for book in books]

    def empty_sessions(self, given: Given) -> Sequence[Any]:
        for _ in range(given.times):
            with self.open_session() as session, session.begin():
                session.connection()
        return ()

    def query_entities(self, given: Given) -> Sequence[Any]:
        plain = self.models.Plain
        entities: Sequence[Any] = self.session.scalars(select(plain).where(plain.id <= given.times)).all()
        return entities

    def get_entities(self, given: Given) -> Sequence[Any]:
        return self.point_read(given)

    def add_entities(self, given: Given) -> Sequence[Any]:
        plain = self.models.Plain
        entities = [plain(**values) for values in given.rows]
        self.session.add_all(entities)
        self.session.flush()
        return entities

    def change_entities(self, given: Given) -> Sequence[Any]:
        entities, self.loaded = self.loaded, ()
        for entity, (_, changes) in zip(entities, given.changes, strict=True):
            for name, value in changes.items():
                setattr(entity, name, value)
        self.session.flush()
        return entities

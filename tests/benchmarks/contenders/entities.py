"""Entities of the generated tables: generated ones in tablewright's session, and the same classes mapped by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.orm import Mapped, Session, declarative_base, relationship

from tests.benchmarks.contenders.sqlalchemy_orm import SqlalchemyOrm
from tests.benchmarks.targets import Target


class EntitiesByHand(SqlalchemyOrm):
    """Classes that map the generated tables, in a plain `Session` on a plain engine."""

    def map_models(self) -> Any:
        # Copies of the tables: SQLAlchemy warns if the relationships of two classes write to one table.
        metadata = MetaData()
        tables = {name: table.to_metadata(metadata) for name, table in self.target.package.metadata.tables.items()}
        base: Any = declarative_base()

        class Plain(base):
            __table__ = tables["plain"]

        class Author(base):
            __table__ = tables["author"]
            books: Mapped[list[Any]] = relationship("Book", back_populates="author")

        class Book(base):
            __table__ = tables["book"]
            author: Mapped[Any] = relationship("Author", back_populates="books")

        return SimpleNamespace(Plain=Plain, Author=Author, Book=Book)


class TablewrightEntities(SqlalchemyOrm):
    """The generated entities."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.database = target.package.Database(target.url)

    def map_models(self) -> Any:
        return self.target.package

    def open_session(self) -> Session:
        session: Session = self.target.package.Session(self.database)
        return session

    def close(self) -> None:
        super().close()
        self.database.dispose()

"""A small package written by hand, for the tests of sessions: parents and children."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, MetaData, select
from sqlalchemy.orm import DeclarativeBase, Mapped, relationship

from tablewright.runtime.database import Database as RuntimeDatabase
from tablewright.runtime.package import SchemaInfo
from tablewright.runtime.session import Session as RuntimeSession
from tablewright.schema import types
from tablewright.schema.tables import check, column, foreign_key, primary_key, table, unique

sample_metadata = MetaData()


class ParentColumns:
    id: Column[int] = column(types.BigInteger(), autoincrement=True)
    name: Column[str] = column(types.String(40))
    size: Column[int] = column(types.Integer(), default=0)


class ChildColumns:
    id: Column[int] = column(types.BigInteger(), autoincrement=True)
    parent_id: Column[int] = column(types.BigInteger())


parent = table(
    "parent",
    sample_metadata,
    ParentColumns,
    primary_key("id"),
    unique("name"),
    check("size >= 0", name="parent_size_not_negative"),
)
child = table(
    "child",
    sample_metadata,
    ChildColumns,
    primary_key("id"),
    foreign_key("parent_id", "parent.id", on_delete="cascade", deferrable=True),
)


class Base(DeclarativeBase):
    metadata = sample_metadata


class Parent(Base):
    __table__ = parent

    id: Mapped[int]
    name: Mapped[str]
    size: Mapped[int]
    children: Mapped[list[Child]] = relationship(back_populates="parent", passive_deletes="all")


class Child(Base):
    __table__ = child

    id: Mapped[int]
    parent_id: Mapped[int]
    parent: Mapped[Parent] = relationship(back_populates="children")


class ParentAccessor:
    """The part of a row tier that the tests of sessions use."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def insert(self, name: str) -> None:
        with self.session.gate as connection:
            connection.execute(parent.insert().values(name=name))
            self.session.gate.record_write()

    def set_size(self, name: str, size: int) -> None:
        with self.session.gate as connection:
            connection.execute(parent.update().where(parent.c.name == name).values(size=size))
            self.session.gate.record_write()

    def names(self) -> list[str]:
        with self.session.gate as connection:
            return [name for (name,) in connection.execute(select(parent.c.name).order_by(parent.c.id))]


class SamplePackage:
    schema = SchemaInfo(name="sample", version="1.0.0", digest="1:0")

    def accessor(self, name: str) -> Any:
        return {"parent": ParentAccessor}.get(name)

    def accessors(self) -> list[str]:
        return ["parent"]

    def load_tables(self) -> MetaData:
        return sample_metadata


class Session(RuntimeSession):
    package = SamplePackage()  # type: ignore[assignment]  # only the part of a package that sessions use
    parent: ParentAccessor


class Database(RuntimeDatabase[Session]):
    session_class = Session


def names(database: Database) -> list[str]:
    """Return the names of all stored parents, sorted."""
    with database.engine.connect() as connection:
        return sorted(name for (name,) in connection.execute(select(parent.c.name)))

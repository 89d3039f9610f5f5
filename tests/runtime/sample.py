"""A small package written by hand: every kind of column, a self reference, a table without a key."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, relationship

from tablewright.runtime.database import Database as RuntimeDatabase
from tablewright.runtime.package import SchemaInfo
from tablewright.runtime.row import Row
from tablewright.runtime.session import Session as RuntimeSession
from tablewright.runtime.table import KeyedTable, Table
from tablewright.schema import types
from tablewright.schema.range import Range
from tablewright.schema.tables import column, foreign_key, primary_key, table, unique

sample_metadata = MetaData()


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class ThingColumns:
    id: Column[uuid.UUID] = column(types.Uuid(), default_sql="uuid4")
    name: Column[str] = column(types.String(10))
    rank: Column[int | None] = column(types.Integer(), nullable=True)
    small: Column[int] = column(types.SmallInteger(), default=1)
    weight: Column[float | None] = column(types.Real(), nullable=True)
    price: Column[Decimal] = column(types.Decimal(8, 2), default=Decimal("1.00"))
    tags: Column[list[str]] = column(types.ArrayOf(types.Text()), default=[])
    doc: Column[dict[str, int] | None] = column(types.Json(dict[str, int]), nullable=True)
    span: Column[Range[int] | None] = column(types.RangeOf(types.Integer()), nullable=True)
    blob: Column[bytes | None] = column(types.Bytes(), nullable=True)
    colour: Column[Colour] = column(types.Enum(Colour, native="colour"), default=Colour.RED)
    seen: Column[datetime | None] = column(types.TimestampTz(), nullable=True)
    wait: Column[timedelta | None] = column(types.Interval(), nullable=True)
    doubled: Column[int | None] = column(types.Integer(), nullable=True, computed="rank * 2")


thing = table("thing", sample_metadata, ThingColumns, primary_key("id"), unique("name"))


class ThingRow(Row, frozen=True, gc=False):
    id: uuid.UUID
    name: str
    rank: int | None
    small: int
    weight: float | None
    price: Decimal
    tags: list[str]
    doc: dict[str, int] | None
    span: Range[int] | None
    blob: bytes | None
    colour: Colour
    seen: datetime | None
    wait: timedelta | None
    doubled: int | None


class ThingTable(KeyedTable[ThingRow, dict[str, Any], uuid.UUID]):
    table = thing
    row = ThingRow
    c = ThingColumns

    def find(self, /, **equal: Any) -> list[ThingRow]:
        return self._find(equal)

    def insert(self, /, **values: Any) -> ThingRow:
        return self._insert(values)

    def update(self, id: uuid.UUID, /, **values: Any) -> ThingRow | None:
        return self._update((id,), values)


class NodeColumns:
    id: Column[int] = column(types.BigInteger())
    up_id: Column[int | None] = column(types.BigInteger(), name="up", nullable=True)
    name: Column[str] = column(types.String(10), default="")


node = table(
    "node", sample_metadata, NodeColumns, primary_key("id"), foreign_key("up_id", "node.id", on_delete="cascade")
)


class NodeRow(Row, frozen=True, gc=False):
    id: int
    up_id: int | None
    name: str


class NodeTable(KeyedTable[NodeRow, dict[str, Any], int]):
    table = node
    row = NodeRow
    c = NodeColumns

    def insert(self, /, **values: Any) -> NodeRow:
        return self._insert(values)

    def update(self, id: int, /, **values: Any) -> NodeRow | None:
        return self._update((id,), values)


class NoteColumns:
    text: Column[str] = column(types.Text(), default="nothing")
    rank: Column[int | None] = column(types.Integer(), nullable=True)


note = table("note", sample_metadata, NoteColumns)


class NoteRow(Row, frozen=True, gc=False):
    text: str
    rank: int | None


class NoteTable(Table[NoteRow, dict[str, Any]]):
    table = note
    row = NoteRow
    c = NoteColumns

    def insert(self, /, **values: Any) -> NoteRow:
        return self._insert(values)

    def find(self, /, **equal: Any) -> list[NoteRow]:
        return self._find(equal)


class Base(DeclarativeBase):
    metadata = sample_metadata


class Node(Base):
    __table__ = node

    id: Mapped[int]
    up_id: Mapped[int | None]
    name: Mapped[str]
    up: Mapped[Node | None] = relationship(back_populates="below", foreign_keys=[node.c.up_id], remote_side=[node.c.id])
    below: Mapped[list[Node]] = relationship(back_populates="up", passive_deletes="all")


class Thing(Base):
    __table__ = thing

    id: Mapped[uuid.UUID]
    name: Mapped[str]
    tags: Mapped[list[str]]


class SamplePackage:
    """The part of a Package that sessions use."""

    schema = SchemaInfo(name="sample", version="1.0.0", digest="1:0")

    def load_tables(self) -> MetaData:
        return sample_metadata

    def accessor(self, name: str) -> type[Table[Any, Any]] | None:
        tables: dict[str, type[Table[Any, Any]]] = {"thing": ThingTable, "node": NodeTable, "note": NoteTable}
        return tables.get(name)

    def accessors(self) -> list[str]:
        return ["node", "note", "thing"]


class Session(RuntimeSession):
    package = SamplePackage()  # type: ignore[assignment]  # stands in for the generated one

    thing: ThingTable
    node: NodeTable
    note: NoteTable


class Database(RuntimeDatabase[Session]):
    session_class = Session

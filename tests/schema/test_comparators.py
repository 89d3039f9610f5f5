"""Comparators: one class for all types of a kind, which can be pickled."""

from __future__ import annotations

import pickle

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, TypeDecorator

from tablewright.schema import types

TYPES = [
    types.Integer(),
    types.String(5),
    types.Decimal(5, 2),
    types.TimestampTz(),
    types.Uuid(),
    types.Json(dict[str, int]),
    types.ArrayOf(types.Integer()),
    types.RangeOf(types.Date()),
    types.Text().with_ddl(postgresql="citext"),
]


class Wrapped(TypeDecorator[int]):
    """A user's type around one of ours."""

    impl = types.Integer
    cache_ok = True


def columns(column_type: types.ColumnType[object]) -> tuple[Column[object], Column[object]]:
    """Return two columns of equal types."""
    table = Table("t", MetaData(), Column("a", column_type), Column("b", column_type.copy()))
    return table.c.a, table.c.b


@pytest.mark.parametrize("column_type", TYPES, ids=repr)
def test_columns_share_a_comparator(column_type: types.ColumnType[object]) -> None:
    """All types of a kind share one comparator class, which behaves like SQLAlchemy's."""
    one, other = columns(column_type)
    assert one.type is not other.type
    assert type(one.comparator) is type(other.comparator)
    assert isinstance(one.comparator, TypeDecorator.Comparator)
    assert isinstance(one.comparator, column_type.impl_instance.comparator_factory)  # type: ignore[arg-type]  # a class
    assert str(one == other) == "t.a = t.b"


@pytest.mark.parametrize("column_type", TYPES, ids=repr)
def test_expressions_survive_pickling(column_type: types.ColumnType[object]) -> None:
    """A pickled column and its comparator compare as before."""
    one, other = columns(column_type)
    comparator = one.comparator
    for found in (pickle.loads(pickle.dumps(one)).comparator, pickle.loads(pickle.dumps(comparator))):
        assert type(found) is type(comparator)
    assert str(pickle.loads(pickle.dumps(one == other))) == "t.a = t.b"


def test_a_type_around_ours_compares() -> None:
    """A user's `TypeDecorator` may have one of our types inside."""
    table = Table("t", MetaData(), Column("a", Wrapped()), Column("b", Integer()))
    assert str((table.c.a + 1) > table.c.b) == "t.a + :a_1 > t.b"

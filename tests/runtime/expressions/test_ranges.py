"""Conditions on ranges: both databases agree with Python's comparison of the values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    create_engine,
    exc,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column

from tablewright.runtime.expressions.ranges import after, before, contains, is_empty, lower, overlaps, upper
from tablewright.schema import types
from tablewright.schema.range import Bounds, Range
from tablewright.schema.tables import column, index, make_table, primary_key

NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MOMENTS = [NEW_YEAR + dt.timedelta(microseconds=n) for n in (0, 1, 10**9)]
BOUNDS: dict[str, tuple[types.ColumnType[Any], list[Any]]] = {
    "integer": (types.Integer(), [-1, 1, 2]),
    "smallint": (types.SmallInteger(), [-1, 1, 2]),
    "bigint": (types.BigInteger(), [2, 10, 2**63 - 2]),
    "date": (types.Date(), [dt.date(1, 1, 1), dt.date(2026, 1, 1), dt.date(2026, 1, 2)]),
    "datetime": (types.DateTime(3), [dt.datetime(999, 1, 1), dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, 1)]),
    "timestamptz": (types.TimestampTz(), MOMENTS),
    "decimal": (types.Decimal(15, 7), [Decimal("-0.5"), Decimal("12345678.0000003"), Decimal("12345678.0000004")]),
    "scaled": (types.Decimal(18, 9, scaled=True), [Decimal("-0.5"), Decimal("1.000000001"), Decimal("9.999999999")]),
}


def every_range(ends: list[Any]) -> list[Range[Any] | None]:
    """Ranges with each of *ends* or none at either end, the empty one, and NULL."""
    pairs = [(low, high) for low, high in product([None, *ends], repeat=2) if None in (low, high) or low <= high]
    return [Range(low, high, bounds) for low, high in pairs for bounds in get_args(Bounds)] + [Range(empty=True), None]


def make(element: types.ColumnType[Any], *, indexed: bool = False) -> Table:
    """A table of two ranges, `a` and `b`, and a value, `x`."""
    made: dict[str, Column[Any]] = {"id": column(types.BigInteger(), autoincrement=True)}
    made |= {name: column(types.RangeOf(element), nullable=True) for name in ("a", "b")}
    made["x"] = column(element, nullable=True)
    for name, item in made.items():
        item.key = item.name = name
    return make_table("t", MetaData(), made, [primary_key("id"), *([index("a", using="gist")] if indexed else [])])


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize("bounds", BOUNDS)
def test_columns_with_columns(bounds: str, connection: Connection) -> None:
    """Two columns of ranges, all pairs: NULL gives NULL, the empty range is contained in all and overlaps none."""
    element, ends = BOUNDS[bounds]
    t = make(element)
    t.create(connection)
    every = every_range(ends)
    connection.execute(insert(t), [{"a": a, "b": b} for a, b in product(every, repeat=2)])
    a, b = t.c.a, t.c.b
    asked = select(a, b, overlaps(a, b), ~overlaps(a, b), contains(a, b), before(a, b), after(a, b))
    found = connection.execute(asked).all()
    assert len(found) == len(every) ** 2
    for one, other, *answers in found:
        right: list[bool | None] = [None] * 5
        if one is not None and other is not None:
            meet = one.overlaps(other)
            right = [meet, not meet, one.contains(other), one.before(other), one.after(other)]
        assert answers == right, f"{one} and {other}"


@pytest.mark.parametrize("bounds", BOUNDS)
def test_columns_with_values(bounds: str, connection: Connection) -> None:
    """A column of ranges and a value, all pairs: as a column, and as a parameter."""
    element, ends = BOUNDS[bounds]
    t = make(element)
    t.create(connection)
    every = every_range(ends)
    connection.execute(insert(t), [{"a": a, "x": x} for a, x in product(every, [*ends, None])])
    a, x = t.c.a, t.c.x
    found = connection.execute(select(a, x, contains(a, x), before(a, x), after(a, x))).all()
    for one, value, *answers in found:
        none = one is None or value is None
        right = [None] * 3 if none else [one.contains(value), one.before(value), one.after(value)]
        assert answers == right, f"{one} and {value}"
    for value in ends:
        asked = select(a, contains(a, value), before(a, value), after(a, value)).where(x.is_(None))
        for one, *answers in connection.execute(asked).all():
            right = [None] * 3 if one is None else [one.contains(value), one.before(value), one.after(value)]
            assert answers == right, f"{one} and {value}"
        assert set(connection.execute(select(contains(Range(value, None), x)).where(x == value)).scalars()) == {True}


@pytest.mark.parametrize("bounds", ["integer", "date", "timestamptz", "decimal"])
def test_columns_with_literals(bounds: str, connection: Connection) -> None:
    """A column of ranges and a `Range`, on either side, as a parameter and written into the SQL."""
    element, ends = BOUNDS[bounds]
    t = make(element)
    t.create(connection)
    every = every_range(ends[:2])
    connection.execute(insert(t), [{"a": a} for a in every])
    a = t.c.a
    for given_ in filter(None, every):
        asked = select(a, overlaps(a, given_), overlaps(given_, a), contains(a, given_), contains(given_, a))
        found = connection.execute(asked).all()
        for one, *answers in found:
            meet = one and one.overlaps(given_)
            right = [None] * 4 if one is None else [meet, meet, one.contains(given_), given_.contains(one)]
            assert answers == right, f"{one} and {given_}"
        written = str(asked.compile(connection, compile_kwargs={"literal_binds": True}))
        raw = connection.exec_driver_sql(written).all()
        assert [tuple(row[1:]) for row in raw] == [tuple(row[1:]) for row in found]


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_any_ranges(url: str) -> None:
    """For any ranges, the database agrees with Python."""
    engine = create_engine(url)
    t = make(types.Decimal(15, 5))
    numbers = st.none() | st.decimals(-(10**9), 10**9, places=5)
    with engine.begin() as connection:
        t.create(connection)

        @settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
        @given(st.lists(numbers, min_size=4, max_size=4), st.lists(st.sampled_from(get_args(Bounds)), min_size=2))
        def hold(ends: list[Decimal | None], bounds: list[Bounds]) -> None:
            one, other = (
                Range(*((low, high) if low is None or high is None or low <= high else (high, low)), brackets)
                for low, high, brackets in zip(ends[::2], ends[1::2], bounds[:2], strict=True)
            )
            connection.execute(t.delete())
            connection.execute(insert(t).values(a=one, b=other, x=ends[0]))
            asked = select(overlaps(t.c.a, t.c.b), contains(t.c.a, t.c.b), before(t.c.a, t.c.b), contains(t.c.b, t.c.x))
            within = None if ends[0] is None else other.contains(ends[0])
            right = (one.overlaps(other), one.contains(other), one.before(other), within)
            assert connection.execute(asked).one() == right

        hold()
    engine.dispose()


@pytest.mark.parametrize("bounds", BOUNDS)
def test_bounds(bounds: str, connection: Connection) -> None:
    """`lower`, `upper` and `is_empty` agree with the attributes of the range."""
    element, ends = BOUNDS[bounds]
    t = make(element)
    t.create(connection)
    connection.execute(insert(t), [{"a": a} for a in every_range(ends)])
    for one, *answers in connection.execute(select(t.c.a, lower(t.c.a), upper(t.c.a), is_empty(t.c.a))):
        assert answers == ([None] * 3 if one is None else [one.lower, one.upper, one.empty]), one


def test_null_as_a_value(connection: Connection) -> None:
    """None is NULL, whatever it is compared with."""
    t = make(types.Integer())
    t.create(connection)
    connection.execute(insert(t), [{"a": Range(1, 5)}, {"a": Range(empty=True)}])
    asked = select(overlaps(t.c.a, None), contains(t.c.a, None), before(t.c.a, None), after(t.c.a, None))
    assert list[object](map(tuple, connection.execute(asked))) == [(None,) * 4] * 2
    assert list[object](connection.execute(select(contains(t.c.a, null()))).scalars()) == [None, None]


class Base(DeclarativeBase):
    """Entities of this module."""


class Stay(Base):
    """A guest in a room for some days."""

    __tablename__ = "stay"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    days: Mapped[Range[int]] = mapped_column(types.RangeOf(types.Integer()))


def test_entities(connection: Connection) -> None:
    """Attributes, aliases, subqueries and expressions are operands like columns; equal statements are compiled once."""
    Base.metadata.create_all(connection)
    other = aliased(Stay)
    with Session(connection) as session:
        session.add_all([Stay(id=1, days=Range(1, 5)), Stay(id=2, days=Range(4, 9)), Stay(id=3, days=Range(9, None))])
        session.flush()
        met = select(Stay.id, other.id).join(other, overlaps(Stay.days, other.days)).where(Stay.id < other.id)
        assert session.execute(met).all() == [(1, 2)]
        assert session.scalars(select(Stay.id).where(contains(Stay.days, 4), Stay.id > 0)).all() == [1, 2]
        for day, ids in ((4, [1, 2]), (9, [3])):
            assert session.scalars(select(Stay.id).where(contains(Stay.days, day)).order_by(Stay.id)).all() == ids
        inner = select(func.coalesce(Stay.days, literal(Range(0, 1), Stay.days.type)).label("days")).subquery()
        assert session.scalar(select(func.count()).where(before(inner.c.days, Range(9, None)))) == 2
        assert session.scalars(select(upper(Stay.days) + 1).order_by(Stay.id)).all() == [6, 10, None]
        assert session.scalars(select(Stay.id).where(contains(Stay.days, Stay.id * 4)).order_by(Stay.id)).all() == [
            1,
            2,
            3,
        ]


class Span:
    """A range class of another library."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last


class SpanCodec:
    """Spans, stored as ranges."""

    def encode(self, value: Span) -> Range[int]:
        return Range(value.first, value.last, "[]")

    def decode(self, stored: Range[int]) -> Span:
        assert stored.lower is not None
        assert stored.upper is not None
        return Span(stored.lower, stored.upper - 1)


def test_codecs_and_types_spelt_otherwise(connection: Connection) -> None:
    """A column of ranges can have a codec, with whose values it is compared, and DDL of its own."""
    coded: types.ColumnType[Any] = types.CodecType(SpanCodec(), types.RangeOf(types.Integer()).with_ddl(sqlite="BLOB"))
    made: dict[str, Column[Any]] = {"a": column(coded)}
    made["a"].key = made["a"].name = "a"
    t = make_table("t", MetaData(), made, [])
    t.create(connection)
    connection.execute(insert(t).values(a=Span(3, 5)))
    span: Any = Span(5, 9)
    asked = select(overlaps(t.c.a, span), overlaps(t.c.a, Range(6, 9)), contains(t.c.a, literal(5)))
    assert connection.execute(asked).one() == (True, False, True)


def test_what_does_not_compare() -> None:
    """Operands that the databases would treat differently, or refuse, are refused in Python."""
    days, whole = make(types.Date()), make(types.Integer())
    for wrong in (
        lambda: overlaps(Range(1, 2), Range(2, 3)),
        lambda: contains(Range(1, 2), 1),
        lambda: overlaps(days.c.a, whole.c.a),
        lambda: overlaps(whole.c.a, make(types.BigInteger()).c.a),
        lambda: overlaps(make(types.TimestampTz(3)).c.a, make(types.TimestampTz()).c.a),
        lambda: overlaps(whole.c.x, whole.c.a),
        lambda: contains(whole.c.x, whole.c.a),
        lambda: contains(days.c.a, whole.c.x),
        lambda: contains(make(types.Decimal(9, 2)).c.a, make(types.Decimal(9, 2, scaled=True)).c.x),
        lambda: contains(Range(1, 2), literal_column("x")),
        lambda: lower(Range(1, 2)),  # type: ignore[arg-type]  # what is refused
    ):
        with pytest.raises(exc.ArgumentError):
            wrong()
    assert contains(Range(1, 2), type_coerce(literal_column("x"), types.Integer())) is not None


def test_a_value_that_does_not_fit(connection: Connection) -> None:
    """A bound that the column cannot store is a DataError on both databases, before it is sent."""
    t = make(types.Integer())
    t.create(connection)
    for wrong in (
        overlaps(t.c.a, Range(2**31, None)),
        contains(t.c.a, "1"),
        overlaps(t.c.a, Range(1, 2**31 - 1, "[]")),
    ):
        with pytest.raises(exc.DataError):
            connection.execute(select(t.c.id).where(wrong))


@pytest.mark.parametrize("element", [types.Integer(), types.BigInteger(), types.Date()], ids=repr)
def test_the_last_of_all_values(element: types.ColumnType[Any], connection: Connection) -> None:
    """The greatest value of a type is compared as others are."""
    last: Any = {types.Integer: 2**31 - 1, types.BigInteger: 2**63 - 1, types.Date: dt.date.max}[type(element)]
    t = make(element)
    t.create(connection)
    connection.execute(insert(t), [{"a": Range(last, None)}, {"a": Range(None, last)}])
    asked = select(contains(t.c.a, last), before(t.c.a, last), after(t.c.a, last)).order_by(t.c.id)
    assert list[object](map(tuple, connection.execute(asked))) == [(True, False, False), (False, True, False)]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_an_index_by_gist_serves_sqlite_too(connection: Connection) -> None:
    """SQLite replaces a `gist` index by one over the bounds, which Alembic ignores."""
    t = make(types.Integer(), indexed=True)
    t.create(connection)
    for condition in (overlaps(t.c.a, Range(1, 5)), contains(t.c.a, 3), contains(t.c.a, Range(1, 2))):
        written = select(t.c.id).where(condition).compile(connection, compile_kwargs={"literal_binds": True})
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {written}".replace(":", "\\:"))).all()
        assert "t_a_idx_bounds" in str(plan)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_text_that_is_no_range(connection: Connection) -> None:
    """SQLite enforces the canonical JSON of ranges for every write to the table."""
    t = make(types.Integer())
    t.create(connection)
    for wrong in ("", "[1,2]", "{}", "5", "null", '[1,2,"[]"]', ' "empty"', "[1,2,"):
        with pytest.raises(exc.IntegrityError, match="t_a_type_check"):
            connection.execute(text("INSERT INTO t (a) VALUES (:a)"), {"a": wrong})
    connection.execute(text("INSERT INTO t (a) VALUES (:a)"), [{"a": '"empty"'}, {"a": '[1, 2, "[)"]'}, {"a": None}])
    assert connection.execute(select(t.c.a)).scalars().all() == [Range(empty=True), Range(1, 2), None]

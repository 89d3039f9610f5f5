"""Butler's tests of timespans, restated for ranges: in the database, and as Python values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import combinations, combinations_with_replacement, pairwise, product
from typing import Any

import msgspec
import pytest
from sqlalchemy import Column, Connection, MetaData, Table, create_engine, exc, insert, literal, select, true

from tablewright.runtime.expressions.ranges import after, before, contains, overlaps
from tablewright.schema import types
from tablewright.schema.range import Range
from tablewright.schema.tables import column, exclusion, make_table, primary_key

START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
MINUTES = [START + n * dt.timedelta(minutes=1) for n in range(3)]
NANOSECONDS = [int(moment.timestamp()) * 10**9 for moment in MINUTES]
KINDS: dict[str, tuple[types.ColumnType[Any], list[Any]]] = {
    "nanoseconds": (types.BigInteger(), NANOSECONDS),
    "timestamptz": (types.TimestampTz(), MINUTES),
}

Compare = Callable[[Any, Any], Any]
SQL_OPERATIONS: tuple[Compare, ...] = (overlaps, contains, before, after)
RANGE_METHODS: tuple[Compare, ...] = (Range[Any].overlaps, Range[Any].contains, Range[Any].before, Range[Any].after)


def instant(at: Any) -> Range[Any]:
    """Return the range that contains only *at*."""
    return Range(at, at, "[]").canonical()


def without_ends(times: list[Any]) -> list[Range[Any]]:
    """Return the range of everything, the ranges that end with one of *times*, and those that begin with one."""
    return [Range(), *(Range(None, time) for time in times), *(Range(time, None) for time in times)]


def fourteen(times: list[Any]) -> list[Range[Any]]:
    """Return ranges in every relation that two ranges can have."""
    spans = [Range(a, b) for a, b in combinations(times, 2)]
    return [*without_ends(times), *map(instant, times), Range[Any].nothing(), *spans]


def make(name: str, **columns: Column[Any]) -> Table:
    """Return a table of *columns* and an id."""
    made: dict[str, Column[Any]] = {"id": column(types.Integer()), **columns}
    for attribute, item in made.items():
        item.key = item.name = attribute
    return make_table(name, MetaData(), made, [primary_key("id")])


@pytest.fixture
def connection(place: str) -> Iterator[Connection]:
    engine = create_engine(place)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> tuple[types.ColumnType[Any], list[Any]]:
    """Return the type of the bounds, and three times."""
    return KINDS[request.param]


def stored(kind: tuple[types.ColumnType[Any], list[Any]], connection: Connection) -> tuple[Table, list[Any]]:
    """Create a table of the fourteen ranges and two NULLs, one of them by default. Return it and its values by id."""
    element, times = kind
    table = make("a", timespan=column(types.RangeOf(element), nullable=True))
    table.create(connection)
    rows = [*fourteen(times), None]
    assert len(rows) == 15
    connection.execute(insert(table), {"id": 0, "timespan": rows[0]})
    connection.execute(insert(table), [{"id": n, "timespan": row} for n, row in enumerate(rows) if n])
    connection.execute(insert(table).values(id=15))
    return table, [*rows, None]


Kind = tuple[types.ColumnType[Any], list[Any]]


def test_round_trip_and_null(kind: Kind, connection: Connection) -> None:
    """testTimespanDatabaseRepresentation: ranges are read as written; NULL is the default, and can be selected."""
    table, rows = stored(kind, connection)
    assert connection.execute(select(table.c.timespan).order_by(table.c.id)).scalars().all() == rows
    nulls = connection.execute(select(table.c.timespan.is_(None)).order_by(table.c.id)).scalars().all()
    assert nulls == [row is None for row in rows]


def test_not_null(kind: Kind, connection: Connection) -> None:
    """testTimespanDatabaseRepresentation: a NOT NULL column may default to the full range, and refuses NULL."""
    element, times = kind
    table = make("b", timespan=column(types.RangeOf(element), default=Range()))
    table.create(connection)
    rows = [Range(None, times[0]), *(Range(a, b) for a, b in pairwise(times)), Range(times[-1], None)]
    connection.execute(insert(table), [{"id": n, "timespan": row} for n, row in enumerate(rows)])
    connection.execute(insert(table).values(id=4))
    assert connection.execute(select(table.c.timespan).order_by(table.c.id)).scalars().all() == [*rows, Range()]
    assert connection.execute(select(table.c.timespan.is_(None))).scalars().all() == [False] * 5
    with pytest.raises(exc.IntegrityError), connection.begin_nested():
        connection.execute(insert(table).values(id=5, timespan=None))


def test_literals(kind: Kind, connection: Connection) -> None:
    """testTimespanDatabaseRepresentation: columns compare with literals as in Python; NULL results in NULL."""
    table, rows = stored(kind, connection)
    for literally in fourteen(kind[1]):
        statement = select(table.c.id, *(operation(table.c.timespan, literally) for operation in SQL_OPERATIONS))
        for number, *row in connection.execute(statement):
            right = [None if rows[number] is None else method(rows[number], literally) for method in RANGE_METHODS]
            assert row == right, f"{rows[number]} and {literally}"


def test_columns(kind: Kind, connection: Connection) -> None:
    """testTimespanDatabaseRepresentation: columns compare with columns as in Python; NULL results in NULL."""
    table, rows = stored(kind, connection)
    one, other = table.alias("lhs"), table.alias("rhs")
    columns = [operation(one.c.timespan, other.c.timespan) for operation in SQL_OPERATIONS]
    results = connection.execute(select(one.c.id, other.c.id, *columns).select_from(one.join(other, true()))).all()
    assert len(results) == len(rows) ** 2
    for a, b, *row in results:
        none = rows[a] is None or rows[b] is None
        assert row == [None if none else method(rows[a], rows[b]) for method in RANGE_METHODS], (
            f"{rows[a]} and {rows[b]}"
        )


def test_instants(kind: Kind, connection: Connection) -> None:
    """testTimespanDatabaseRepresentation: columns compare with times, values and SQL, as ranges do in Python."""
    table, rows = stored(kind, connection)
    element, times = kind
    for time in times:
        for operand in (time, literal(time, element)):
            statement = select(table.c.id, *(operation(table.c.timespan, operand) for operation in SQL_OPERATIONS[1:]))
            for number, *answers in connection.execute(statement):
                right = [None if rows[number] is None else method(rows[number], time) for method in RANGE_METHODS[1:]]
                assert answers == right, f"{rows[number]} and {time}"


def test_exclusion(kind: Kind, connection: Connection) -> None:
    """Not in Butler: an exclusion constraint prevents overlaps of ranges with the same key."""
    element, times = kind
    columns: dict[str, Column[Any]] = {
        "id": column(types.Integer()),
        # The key is a range too, because Postgres compares scalars by gist only with an extension.
        "key": column(types.RangeOf(types.Integer())),
        "timespan": column(types.RangeOf(element), default=Range()),
    }
    for attribute, item in columns.items():
        item.key = item.name = attribute
    once = exclusion(("key", "="), ("timespan", "&&"), using="gist")
    table = make_table("b", MetaData(), columns, [primary_key("id"), once])
    table.create(connection)
    spans = [Range(None, times[0]), *(Range(a, b) for a, b in pairwise(times)), Range(times[-1], None)]
    rows = [{"key": instant(key), "timespan": span} for key in (1, 2) for span in spans]
    connection.execute(insert(table), [{"id": n, **row} for n, row in enumerate(rows)])
    connection.execute(insert(table).values(id=8, key=instant(3)))
    for span in (Range(None, times[1]), Range(times[0], times[2]), Range(times[2], None)):
        with pytest.raises(exc.IntegrityError, match="b_key_timespan_excl"), connection.begin_nested():
            connection.execute(insert(table).values(id=9, key=instant(1), timespan=span))


def test_the_matrix_of_ten(kind: Kind, connection: Connection) -> None:
    """test_RangeTimespanType: ten ranges are read as written, and overlap as they do in Python."""
    element, times = kind
    table = make("tbl", timespan=column(types.RangeOf(element)))
    table.create(connection)
    ten = [*without_ends(times), *(Range(a, b) for a, b in combinations(times, 2))]
    connection.execute(insert(table), [{"id": n, "timespan": span} for n, span in enumerate(ten)])
    assert connection.execute(select(table.c.timespan).order_by(table.c.id)).scalars().all() == ten
    one, other = table.alias(), table.alias()
    meeting = select(one.c.id, other.c.id).where(overlaps(one.c.timespan, other.c.timespan))
    met = {(a, b) for (a, first), (b, second) in product(enumerate(ten), repeat=2) if first.overlaps(second)}
    assert set(map(tuple, connection.execute(meeting))) == met


# The tests of test_timespan.py, except testTimescales, testFuture and test_day_obs, which are about astropy.


THIRTEEN = [span for span in fourteen(NANOSECONDS) if not span.empty]


def test_empty() -> None:
    """testEmpty: all empty ranges are equal, relate to no value or range, and are contained in every range."""
    empty = Range[int].nothing()
    assert Range(1, 1).canonical() == Range(1, 2, "()").canonical() == empty
    for time in NANOSECONDS:
        assert [empty.before(time), empty.after(time), empty.contains(time)] == [False] * 3
    for span in (*THIRTEEN, empty):
        assert span.contains(empty)
        assert empty.contains(span) == span.empty
        for method in (Range[int].overlaps, Range[int].before, Range[int].after):
            assert [method(span, empty), method(empty, span)] == [False, False]


def test_from_an_instant() -> None:
    """testFromInstant: the range of one nanosecond ends at the next nanosecond."""
    assert instant(5) == Range(5, 6)


def test_invalid() -> None:
    """testInvalid: ends in the wrong order (silently empty in Butler) and ends past the last are refused."""
    with pytest.raises(ValueError, match="greater"):
        Range(2, 1)
    engine = create_engine("sqlite://")
    encode = types.RangeOf(types.BigInteger()).encoder(engine.dialect)
    for wrong in (Range(2**63, None), instant(2**63 - 1), Range(None, -(2**63) - 1)):
        with pytest.raises(engine.dialect.loaded_dbapi.DataError):
            encode(wrong)


def test_strings() -> None:
    """testStrings: `str` of a range is Postgres's notation; `repr` is the Python expression that creates it."""
    assert [str(span) for span in (Range[int].nothing(), Range(), Range(1), Range(None, 1))] == [
        "empty",
        "[,)",
        "[1,)",
        "[,1)",
    ]
    for span in fourteen(MINUTES):
        assert eval(repr(span), {"Range": Range, "datetime": dt}) == span


def test_operations_are_consistent() -> None:
    """testOperationConsistency: overlaps, contains, intersection and difference agree."""
    for a, b in combinations_with_replacement(THIRTEEN, 2):
        common, ours, theirs = a.intersection(b), a.difference(b), b.difference(a)
        assert common == b.intersection(a)
        if a == b:
            assert a.contains(b)
            assert ours == theirs == []
        if a.contains(b):
            assert a.overlaps(b)
            assert theirs == []
        assert all(a.overlaps(part) and not b.overlaps(part) for part in ours)
        assert all(b.overlaps(part) and not a.overlaps(part) for part in theirs)
        assert a.overlaps(b) == b.overlaps(a) == (not common.empty)
        if not a.overlaps(b):
            assert a.before(b) or a.after(b)
            assert (ours, theirs) == ([a], [b])


def test_precision() -> None:
    """testPrecision: ranges compare to the nanosecond, which integers represent exactly."""
    span = Range(NANOSECONDS[0], NANOSECONDS[1])
    assert span == Range(NANOSECONDS[0], NANOSECONDS[1])
    assert span != Range(NANOSECONDS[0] + 1, NANOSECONDS[1])
    assert span != Range(None, NANOSECONDS[1])


def test_serialization() -> None:
    """test_serialization: ranges convert to JSON and back; invalid input is refused."""
    span = Range(MINUTES[0], MINUTES[1])
    decode = msgspec.json.Decoder(Range[dt.datetime]).decode
    assert decode(msgspec.json.encode(span)) == span
    for wrong in (b"12", b'{"lower": 5}'):
        with pytest.raises(msgspec.ValidationError):
            decode(wrong)

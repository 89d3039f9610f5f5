"""Every column type on both databases: stored values, refused values, comparisons."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from msgspec import Struct
from sqlalchemy import Column, Connection, MetaData, create_engine, exc, func, insert, literal_column, select

from tablewright.schema import types
from tablewright.schema.range import Range
from tablewright.schema.tables import column, make_table, primary_key

CET = dt.timezone(dt.timedelta(hours=1))


class Genre(enum.StrEnum):
    """An enum of values that need quoting in SQL."""

    PLAIN = "plain"
    ODD = "o'd%d \\ é"


class Point(Struct):
    """A value inside JSON."""

    x: int
    y: int


class Celsius:
    """A codec: degrees with a unit, stored as hundredths."""

    def encode(self, value: str) -> int:
        return int(value.removesuffix("°C")) * 100

    def decode(self, stored: int) -> str:
        return f"{stored // 100}°C"


class Case(NamedTuple):
    """A type, the values that it stores, and the values that it refuses."""

    name: str
    type: types.ColumnType[Any]
    kept: list[Any]
    refused: list[Any]
    default: Any


class Kept(NamedTuple):
    """A value that is read in another form than it was written."""

    written: Any
    read: Any


NAIVE = dt.datetime(2024, 2, 29, 12, 30, 15, 123456)
AWARE = NAIVE.replace(tzinfo=dt.UTC)
CASES = [
    Case("smallint", types.SmallInteger(), [0, -(2**15), 2**15 - 1], [2**15, -(2**15) - 1, True, "1", 1.5, 1.0], 7),
    Case("integer", types.Integer(), [0, -(2**31), 2**31 - 1], [2**31, -(2**31) - 1, 2**40 + 7, b"1", []], -7),
    Case("bigint", types.BigInteger(), [0, -(2**63), 2**63 - 1], [2**63, -(2**63) - 1, Decimal(1), 1j], 2**40),
    Case(
        "float",
        types.Float(),
        [0.0, 0.1, -1e308, 5e-324, float("inf"), float("-inf"), Kept(3, 3.0)],
        [float("nan"), "1.5", True, Decimal("1.5"), 10**400, b""],
        1.5,
    ),
    Case(
        "real",
        types.Real(),
        [0.5, float("inf"), Kept(0.1, 0.10000000149011612)],
        [1e300, -1e39, float("nan"), "x", True],
        0.25,
    ),
    Case(
        "decimal",
        types.Decimal(12, 2),
        [
            Decimal("0.00"),
            Decimal("9999999999.99"),
            Decimal("-9999999999.99"),
            Kept(3, Decimal("3.00")),
            Kept(Decimal("1.5"), Decimal("1.50")),
            Kept(Decimal("1E+3"), Decimal("1000.00")),
        ],
        [Decimal("0.001"), Decimal("10000000000"), Decimal("NaN"), Decimal("Infinity"), 1.5, "1.5", True],
        Decimal("9.99"),
    ),
    Case("decimal_whole", types.Decimal(15), [Decimal(999999999999999)], [Decimal(10**15), Decimal("0.5")], Decimal(3)),
    Case(
        "decimal_scaled",
        types.Decimal(18, 6, scaled=True),
        [Decimal("123456789012.345678"), Decimal("-0.000001")],
        [Decimal("0.0000001"), Decimal("1000000000000"), Decimal("sNaN")],
        Decimal("1.000001"),
    ),
    Case("boolean", types.Boolean(), [True, False], [0, 1, "true", 1.0], True),
    Case(
        "string",
        types.String(5),
        ["", "abcde", "éé%'\\", "\n\t\x01", "日本語🎉x"],
        ["abcdef", "日本語🎉xx", "a\0b", "\ud800", 5, b"abc"],
        "'%s:",
    ),
    Case("text", types.Text(), ["", "x" * 100_000, ":a %(b)s {{c}}"], ["\0", 5, None.__class__], "a:b"),
    Case("bytes", types.Bytes(), [b"", b"\0\xff'%"], ["abc", 5, [1]], b"\x00%'"),
    Case("hash", types.Hash(4), [b"\0\0\0\0", b"abcd"], [b"abc", b"abcde", "abcd"], b"wxyz"),
    Case(
        "date", types.Date(), [dt.date(1, 1, 1), dt.date(9999, 12, 31)], [NAIVE, "2024-01-01", 5], dt.date(2024, 2, 29)
    ),
    Case(
        "time",
        types.Time(),
        [dt.time(0), dt.time(23, 59, 59, 999999)],
        [dt.time(1, tzinfo=CET), "12:00", NAIVE],
        dt.time(12, 30),
    ),
    Case("time_to_seconds", types.Time(0), [dt.time(1, 2, 3)], [dt.time(1, 2, 3, 4)], dt.time(1)),
    Case(
        "datetime",
        types.DateTime(),
        [NAIVE, dt.datetime(1, 1, 1), dt.datetime.max],
        [AWARE, dt.date(2024, 1, 1), "2024-01-01"],
        NAIVE,
    ),
    Case(
        "datetime_to_millis", types.DateTime(3), [NAIVE.replace(microsecond=123000)], [NAIVE], dt.datetime(2024, 1, 1)
    ),
    Case(
        "timestamptz",
        types.TimestampTz(),
        [AWARE, Kept(dt.datetime(2024, 1, 1, tzinfo=CET), dt.datetime(2023, 12, 31, 23, tzinfo=dt.UTC))],
        [NAIVE, dt.date(2024, 1, 1), "2024-01-01T00:00:00Z"],
        AWARE,
    ),
    Case(
        "interval",
        types.Interval(),
        [dt.timedelta(0), dt.timedelta(days=400, microseconds=1), dt.timedelta(days=-3, seconds=5)],
        [5, "1 day"],
        dt.timedelta(days=45, seconds=1),
    ),
    Case(
        "uuid",
        types.Uuid(),
        [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)],
        [str(uuid.UUID(int=1)), 5],
        uuid.UUID(int=5),
    ),
    Case("enum", types.Enum(Genre), [Genre.PLAIN, Genre.ODD, Kept("plain", Genre.PLAIN)], ["nope", 5, [1]], Genre.ODD),
    Case(
        "enum_native",
        types.Enum(Genre, native="genre_native"),
        [Genre.PLAIN, Genre.ODD],
        ["nope", None.__class__],
        Genre.ODD,
    ),
    Case(
        "json",
        types.Json(dict[str, str]),
        [{}, {"a'": 'b"', "é": "%s\\"}],
        [{"a": 1}, [], {"a": "\0"}, {1: "a"}, {"a": object()}],
        {"it's": "%s"},
    ),
    Case("json_struct", types.Json(Point), [Point(1, 2)], [{"x": 1}, {"x": "a", "y": 2}], Point(3, 4)),
    Case("array", types.ArrayOf(types.Integer()), [[], [1, 2, 1]], [[None], ["a"], [2**31], 5, {1}], [3]),
    Case("array_of_enum", types.ArrayOf(types.Enum(Genre)), [[], [Genre.ODD, Genre.PLAIN]], [["nope"]], []),
    Case("array_of_native_enum", types.ArrayOf(types.Enum(Genre, native="g")), [[Genre.ODD]], [["x"]], [Genre.PLAIN]),
    Case("array_of_text", types.ArrayOf(types.Text()), [["", 'a"b', "c,d", "{}", "NULL", "\\"]], [["\0"]], ["it's"]),
    Case("array_of_decimal", types.ArrayOf(types.Decimal(5, 2)), [[Decimal("1.50")]], [[Decimal("1.555")]], []),
    Case("array_of_timestamptz", types.ArrayOf(types.TimestampTz()), [[AWARE]], [[NAIVE]], [AWARE]),
    Case("array_of_uuid", types.ArrayOf(types.Uuid()), [[uuid.UUID(int=7)]], [["x"]], []),
    Case(
        "range_of_bigint",
        types.RangeOf(types.BigInteger()),
        [
            Range(1, 5),
            Range(None, 5),
            Range(-5, None),
            Range(),
            Range(empty=True),
            Kept(Range(1, 4, "[]"), Range(1, 5)),
            Kept(Range(0, 5, "(]"), Range(1, 6)),
            Kept(Range(3, 3), Range(empty=True)),
        ],
        [Range(2**63, None), Range("a", "b"), (1, 5), "[1,5)"],
        Range(1, 5),
    ),
    Case("range_of_integer", types.RangeOf(types.Integer()), [Range(1, 2)], [Range(1, 2**31)], Range(None, 3)),
    Case(
        "range_of_decimal",
        types.RangeOf(types.Decimal(5, 2)),
        [Range(Decimal("1.50"), Decimal("2.00"), "(]")],
        [Range(1.5, 2.0)],
        Range(),
    ),
    Case(
        "range_of_timestamptz",
        types.RangeOf(types.TimestampTz()),
        [Range(AWARE, None), Range(AWARE, AWARE, "[]"), Kept(Range(AWARE, AWARE), Range(empty=True))],
        [Range(NAIVE, None)],
        Range(AWARE, None),
    ),
    Case(
        "range_of_date",
        types.RangeOf(types.Date()),
        [Range(dt.date(2024, 1, 1), dt.date(2024, 2, 1))],
        [Range(NAIVE, None), Range(dt.date(2024, 1, 1), dt.date.max, "[]"), Range(dt.date.max, None, "(]")],
        Range(),
    ),
    Case("codec", types.CodecType(Celsius(), types.Integer()), ["21°C", "-3°C"], ["warm", 5], "4°C"),
    Case("spelt", types.Text().with_ddl(sqlite="TEXT COLLATE NOCASE"), ["", "Abc"], ["\0"], "x"),
]


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def make(connection: Connection, made: Column[Any]) -> Any:
    """Create a table with an id and the column `v`."""
    made.key = made.name = "v"
    identifier = column(types.BigInteger(), autoincrement=True)
    identifier.key = identifier.name = "id"
    metadata = MetaData()
    table = make_table("t", metadata, {"id": identifier, "v": made}, [primary_key("id")])
    metadata.create_all(connection)
    return table


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values(case: Case, connection: Connection) -> None:
    """A stored value is read back equal, of the same class, and found by comparison."""
    table = make(connection, column(case.type, nullable=True))
    for value in case.kept:
        written, read = value if isinstance(value, Kept) else (value, value)
        with connection.begin_nested():
            connection.execute(insert(table).values(v=written))
            got = connection.execute(select(table.c.v)).scalar_one()
            assert got == read
            assert type(got) is type(read)
            assert connection.execute(select(func.count()).where(table.c.v == written)).scalar_one() == 1
            connection.execute(table.delete())
    connection.execute(insert(table).values(v=None))
    assert connection.execute(select(table.c.v)).scalar_one() is None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_misfits(case: Case, connection: Connection) -> None:
    """A value that does not fit is a DataError on both databases, and no row is written."""
    table = make(connection, column(case.type, nullable=True))
    for value in case.refused:
        with pytest.raises(exc.DataError, match="is not"):
            connection.execute(insert(table), {"v": value})
    assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_defaults(case: Case, connection: Connection) -> None:
    """A literal default is a default of the database, and exact."""
    table = make(connection, column(case.type, default=case.default))
    connection.execute(insert(table))
    assert connection.execute(select(table.c.v)).scalar_one() == case.default


RAW_MISFITS = [
    (types.SmallInteger(), "70000"),
    (types.Integer(), "3000000000"),
    (types.Boolean(), "2"),
    (types.String(3), "'abcd'"),
    (types.Hash(4), "X'00'"),
    (types.Enum(Genre), "'nope'"),
    (types.Decimal(4, 2), "123.45"),
    (types.Json(dict[str, str]), "'{'"),
    (types.Uuid(), "'x'"),
    (types.ArrayOf(types.Enum(Genre)), "'{nope}'"),
]


@pytest.mark.parametrize(("kind", "raw"), RAW_MISFITS, ids=lambda value: str(value)[:12])
def test_raw_sql_is_held_too(kind: types.ColumnType[Any], raw: str, connection: Connection) -> None:
    """The database refuses invalid values of raw SQL."""
    table = make(connection, column(kind, nullable=True))
    if connection.dialect.name == "postgresql":
        raw = raw.replace("X'00'", "'\\x00'::bytea")
    with pytest.raises(exc.DBAPIError):
        connection.execute(insert(table).values(v=literal_column(raw)))


def test_months_are_refused(connection: Connection) -> None:
    """An interval of months, which the driver would read as thirty days each, cannot be stored."""
    if connection.dialect.name != "postgresql":
        return
    table = make(connection, column(types.Interval(), nullable=True))
    with pytest.raises(exc.IntegrityError):
        connection.execute(insert(table).values(v=literal_column("interval '1 month'")))


def test_comparisons_take_what_the_column_could_not_hold(connection: Connection) -> None:
    """Comparing with a longer string, a bigger number or a finer decimal is false, not an error."""
    for kind, value, other in (
        (types.String(3), "abc", "abcd"),
        (types.SmallInteger(), 5, 70_000),
        (types.Decimal(5, 2), Decimal("1.50"), Decimal("1.501")),
        (types.Decimal(12, 4, scaled=True), Decimal("1.5000"), Decimal("1.50001")),
        (types.Enum(Genre), Genre.PLAIN, "other"),
        (types.Hash(2), b"ab", b"abc"),
    ):
        with connection.begin_nested() as savepoint:
            table = make(connection, column(kind))
            connection.execute(insert(table).values(v=value))
            count = select(func.count()).select_from(table)
            assert connection.execute(count.where(table.c.v == other)).scalar_one() == 0
            assert connection.execute(count.where(table.c.v < other)).scalar_one() + (kind.__class__ is types.Enum) >= 1
            savepoint.rollback()


def test_decimal_arithmetic(connection: Connection) -> None:
    """Numbers multiply and add the same for plain and for scaled decimals."""
    for kind in (types.Decimal(12, 2), types.Decimal(12, 2, scaled=True)):
        with connection.begin_nested() as savepoint:
            table = make(connection, column(kind))
            connection.execute(insert(table).values(v=Decimal("2.50")))
            where = (table.c.v * 2 == 5, table.c.v + 1 == Decimal("3.5"), table.c.v > 2, table.c.v <= 2.5)
            assert connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one() == 1
            savepoint.rollback()


def test_now_is_as_wide_as_the_column(connection: Connection) -> None:
    """The portable default `now` fits every time type at every precision."""
    kinds: list[types.ColumnType[Any]] = [types.Date()]
    kinds += [kind(digits) for kind in (types.Time, types.DateTime, types.TimestampTz) for digits in range(7)]
    for kind in kinds:
        with connection.begin_nested() as savepoint:
            table = make(connection, column(kind, default_sql="now"))
            connection.execute(insert(table))
            got = connection.execute(select(table.c.v)).scalar_one()
            now = dt.datetime.now(dt.UTC)
            if isinstance(got, dt.datetime):
                assert abs(now - got.replace(tzinfo=dt.UTC)) < dt.timedelta(minutes=1)
            connection.execute(insert(table).values(v=got))
            savepoint.rollback()


@pytest.mark.parametrize(("name", "version"), [("uuid4", 4), ("uuid7", 7)])
def test_uuid_defaults(name: str, version: int, connection: Connection) -> None:
    """`uuid4` and `uuid7` give distinct UUIDs of their version; version 7 carries the time."""
    table = make(connection, column(types.Uuid(), default_sql=name))
    for _ in range(20):
        connection.execute(insert(table))
    made = connection.execute(select(table.c.v)).scalars().all()
    assert len(set(made)) == 20
    assert {value.version for value in made} == {version}
    assert {value.variant for value in made} == {uuid.RFC_4122}
    if version == 7:
        written = dt.datetime.fromtimestamp((made[0].int >> 80) / 1000, dt.UTC)
        assert abs(dt.datetime.now(dt.UTC) - written) < dt.timedelta(minutes=1)


def test_text_sorts_by_time(connection: Connection) -> None:
    """Timestamps sort by time on both databases, whatever their zone."""
    table = make(connection, column(types.TimestampTz()))
    moments = [AWARE + dt.timedelta(seconds=step) for step in (3, -1, 2, 0)]
    for step, moment in enumerate(moments):
        connection.execute(insert(table).values(v=moment.astimezone(dt.timezone(dt.timedelta(hours=step)))))
    assert connection.execute(select(table.c.v).order_by(table.c.v)).scalars().all() == sorted(moments)

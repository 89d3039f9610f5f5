"""Exclusion constraints: Postgres's own, and triggers with the same effect on SQLite."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    Table,
    create_engine,
    delete,
    exc,
    insert,
    inspect,
    select,
    text,
    update,
)

from observatory import Database
from tablewright.schema import types
from tablewright.schema.range import Range
from tablewright.schema.tables import Element, column, exclusion, make_table, primary_key

NOON = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def make(*elements: Element, name: str = "stay", metadata: MetaData | None = None, **options: Any) -> Table:
    """Return a table of stays in rooms."""
    made: dict[str, Column[Any]] = {
        "id": column(types.BigInteger(), autoincrement=True),
        "room": column(types.Integer(), nullable=True),
        "days": column(types.RangeOf(types.Integer()), nullable=True),
        "state": column(types.Text(), default="booked"),
    }
    for attribute, item in made.items():
        item.key = item.name = attribute
    return make_table(name, metadata or MetaData(), made, [primary_key("id"), *elements], **options)


ONCE = exclusion(("room", "="), ("days", "&&"), using="gist")


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    with engine.begin() as connection:
        add_extension(connection)
        yield connection
    engine.dispose()


def add_extension(connection: Connection) -> None:
    """Create the extension with which Postgres compares scalars by `=` in a GiST index."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("CREATE EXTENSION btree_gist"))


def refused(connection: Connection, statement: Any, rows: list[dict[str, Any]] | None = None) -> bool:
    """Whether the constraint refuses *statement*, which leaves nothing behind then."""
    return conflicts(lambda: connection.execute(statement, rows), connection.begin_nested)


def conflicts(act: Callable[[], object], savepoint: Callable[[], AbstractContextManager[object]]) -> bool:
    """Whether a constraint refuses *act*, done within a savepoint."""
    try:
        with savepoint():
            act()
    except exc.IntegrityError as error:
        if 'conflicting key value violates exclusion constraint "' not in str(error.orig):
            raise
        return True
    return False


def test_what_conflicts(connection: Connection) -> None:
    """A row that is the same, and overlaps, is refused; NULL and the empty range conflict with nothing."""
    t = make(ONCE)
    t.create(connection)
    connection.execute(insert(t).values(room=1, days=Range(10, 20)))
    message = 'conflicting key value violates exclusion constraint "stay_room_days_excl"'
    with pytest.raises(exc.IntegrityError, match=message), connection.begin_nested():
        connection.execute(insert(t).values(room=1, days=Range(19, 30)))
    for days in (Range(10, 20), Range(12, 13), Range(), Range(None, 11), Range(19, None), Range(5, 10, "[]")):
        assert refused(connection, insert(t).values(room=1, days=days)), days
    for number, days in ((1, Range(20, 30)), (1, Range(5, 10)), (2, Range(10, 20)), (1, Range(empty=True))):
        assert not refused(connection, insert(t).values(room=number, days=days)), days
    nulls: list[dict[str, Any]] = [{"room": 1, "days": None}, {"room": None, "days": Range(10, 20)}]
    assert not refused(connection, insert(t), nulls * 2)


def test_neighbours_that_touch(connection: Connection) -> None:
    """Rows may end and begin at one moment, which the first, the last or one between them has."""
    made: dict[str, Column[Any]] = {
        "id": column(types.BigInteger(), autoincrement=True),
        "turn": column(types.RangeOf(types.TimestampTz())),
    }
    for attribute, item in made.items():
        item.key = item.name = attribute
    t = make_table("t", MetaData(), made, [primary_key("id"), exclusion(("turn", "&&"), using="gist")])
    t.create(connection)
    one, two, three = (NOON + n * HOUR for n in (1, 2, 3))
    for turn in (Range(one, two), Range(two, two, "[]"), Range(two, three, "()"), Range(three, None)):
        assert not refused(connection, insert(t).values(turn=turn))
    for turn in (
        Range(two, two + HOUR / 2, "()"),
        Range(two, None, "()"),
        Range(two, two, "[]"),
        Range(one, two, "()"),
    ):
        assert refused(connection, insert(t).values(turn=turn)), turn
    assert not refused(connection, insert(t).values(turn=Range(None, one)))


def test_rows_of_one_statement(connection: Connection) -> None:
    """Rows that come together are compared with each other; if one is refused, so are all."""
    t = make(ONCE)
    t.create(connection)
    rows = [{"room": 1, "days": Range(n, n + 2)} for n in (0, 2, 4, 5)]
    assert refused(connection, insert(t), rows)
    assert refused(connection, insert(t).values(rows))
    assert connection.execute(select(t)).all() == []
    assert not refused(connection, insert(t).values(rows[:3]))


def test_updates(connection: Connection) -> None:
    """A row does not conflict with itself as it was, nor where nothing compared is changed."""
    t = make(ONCE)
    t.create(connection)
    connection.execute(insert(t), [{"id": n, "room": 1, "days": Range(10 * n, 10 * n + 10)} for n in (1, 2, 3)])
    assert not refused(connection, update(t).where(t.c.id == 1).values(days=Range(12, 15)))
    assert not refused(connection, update(t).where(t.c.id == 1).values(days=Range(12, 15), id=7))
    assert not refused(connection, update(t).values(state="paid"))
    assert refused(connection, update(t).where(t.c.id == 2).values(days=Range(29, 31)))
    assert refused(connection, update(t).values(days=Range(1, 2)))
    assert not refused(connection, update(t).where(t.c.id == 2).values(room=2, days=Range(29, 31)))
    assert refused(connection, update(t).where(t.c.id == 2).values(room=1))


def test_a_condition(connection: Connection) -> None:
    """With `where` only rows that meet it are compared, also where a row comes to meet it."""
    t = make(exclusion(("days", "&&"), using="gist", name="stay_paid", where="state = 'paid'"))
    t.create(connection)
    days = Range(1, 5)
    connection.execute(insert(t), [{"id": n, "days": days, "state": "booked"} for n in (1, 2)])
    assert not refused(connection, insert(t).values(id=3, days=days, state="paid"))
    assert refused(connection, insert(t).values(id=4, days=days, state="paid"))
    assert refused(connection, update(t).where(t.c.id == 1).values(state="paid"))
    assert not refused(connection, insert(t).values(id=5, days=days, state="booked"))
    connection.execute(update(t).where(t.c.id == 3).values(state="booked"))
    assert not refused(connection, update(t).where(t.c.id == 1).values(state="paid"))


def test_ranges_that_are_equal(connection: Connection) -> None:
    """Ranges are compared by `=` as well."""
    made: dict[str, Column[Any]] = {
        "id": column(types.BigInteger(), autoincrement=True),
        "floors": column(types.RangeOf(types.Integer())),
        "days": column(types.RangeOf(types.Integer())),
    }
    for attribute, item in made.items():
        item.key = item.name = attribute
    once = exclusion(("floors", "="), ("days", "&&"), using="gist")
    t = make_table("t", MetaData(), made, [primary_key("id"), once])
    t.create(connection)
    connection.execute(insert(t).values(floors=Range(1, 3), days=Range(1, 5)))
    assert refused(connection, insert(t).values(floors=Range(1, 2, "[]"), days=Range(2, 3)))
    assert not refused(connection, insert(t).values(floors=Range(1, 4), days=Range(2, 3)))


def test_two_ranges(connection: Connection) -> None:
    """Rows conflict that overlap in both ranges."""
    made: dict[str, Column[Any]] = {
        "id": column(types.BigInteger(), autoincrement=True),
        "rooms": column(types.RangeOf(types.Integer())),
        "days": column(types.RangeOf(types.Integer())),
    }
    for attribute, item in made.items():
        item.key = item.name = attribute
    both = exclusion(("rooms", "&&"), ("days", "&&"), using="gist")
    t = make_table("t", MetaData(), made, [primary_key("id"), both])
    t.create(connection)
    connection.execute(insert(t), [{"rooms": Range(n, n + 3), "days": Range(5 * n, 5 * n + 5)} for n in range(9)])
    assert refused(connection, insert(t).values(rooms=Range(10, 12), days=Range(42, 43)))
    assert not refused(connection, insert(t).values(rooms=Range(3, 6), days=Range(40, 41)))


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_any_writes(url: str) -> None:
    """Whatever is inserted, moved and deleted, a write is refused if and only if it conflicts with a row there."""
    engine = create_engine(url)
    moments = [NOON + n * HOUR for n in range(5)]
    made: dict[str, Column[Any]] = {
        "id": column(types.Integer()),
        "room": column(types.Integer()),
        "days": column(types.RangeOf(types.TimestampTz())),
    }
    for attribute, item in made.items():
        item.key = item.name = attribute
    t = make_table("t", MetaData(), made, [primary_key("id"), ONCE])

    ends = st.none() | st.sampled_from(moments)
    brackets = st.sampled_from(["[)", "[]", "(]", "()"])
    ranges = st.builds(
        lambda a, b, bounds: Range(*((a, b) if a is None or b is None or a <= b else (b, a)), bounds),
        ends,
        ends,
        brackets,
    )
    writes = st.lists(
        st.tuples(st.sampled_from(["write", "write", "write", "delete"]), st.integers(1, 6), st.integers(1, 2), ranges),
        max_size=20,
    )

    with engine.begin() as connection:
        add_extension(connection)
        t.create(connection)

        @settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
        @given(writes)
        def hold(said: list[tuple[str, int, int, Range[Any]]]) -> None:
            connection.execute(delete(t))
            rows: dict[int, tuple[int, Range[Any]]] = {}
            for verb, key, number, days in said:
                if verb == "delete":
                    rows.pop(key, None)
                    connection.execute(delete(t).where(t.c.id == key))
                    continue
                others = [its for other, (at, its) in rows.items() if other != key and at == number]
                values = {"id": key, "room": number, "days": days}
                write: Any = update(t).where(t.c.id == key).values(values) if key in rows else insert(t).values(values)
                assert refused(connection, write) == any(days.overlaps(its) for its in others)
                if not any(days.overlaps(its) for its in others):
                    rows[key] = number, days
            assert len(connection.execute(select(t)).all()) == len(rows)

        hold()
    engine.dispose()


def test_tables_that_are_alike(connection: Connection) -> None:
    """Two tables of the same columns, and one made a second time: each holds its own."""
    metadata = MetaData()
    tables = [make(ONCE, name=name, metadata=metadata) for name in ("stay", "other_stay", "Odd 'name'")]
    metadata.create_all(connection)
    tables[0].drop(connection)
    tables[0].create(connection)
    for t in tables:
        assert not refused(connection, insert(t).values(room=1, days=Range(1, 5)))
        assert refused(connection, insert(t).values(room=1, days=Range(1, 5)))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_copy(connection: Connection) -> None:
    """A table that is copied to other metadata takes its constraint along."""
    copy = make(ONCE).to_metadata(MetaData())
    copy.create(connection)
    assert refused(connection, insert(copy), [{"room": 1, "days": Range(1, 5)}] * 2)


def test_temporary_tables(connection: Connection) -> None:
    """A temporary table has its constraint, and leaves nothing of it behind."""
    t = make(ONCE, prefixes=["TEMPORARY"])
    for _ in range(2):
        t.create(connection)
        connection.execute(insert(t).values(room=1, days=Range(1, 5)))
        assert refused(connection, insert(t).values(room=1, days=Range(1, 5)))
        t.drop(connection)


def test_scalars_and_odd_names(connection: Connection) -> None:
    """Text compares by `=`, whatever the column is called; a long name is cut."""
    made: dict[str, Column[Any]] = {
        "key": column(types.BigInteger(), autoincrement=True),
        "row": column(types.Text(), name="rowid"),
        "group": column(types.RangeOf(types.Date()), name='a "range" of days'),
    }
    for attribute, item in made.items():
        item.key, item.name = attribute, item.name or attribute
    t = make_table(
        "t" * 60, MetaData(), made, [primary_key("key"), exclusion(("row", "="), ("group", "&&"), using="gist")]
    )
    t.create(connection)
    days = Range(NOON.date(), None)
    rows = [{"row": name, "group": days} for name in ("a", "b")]
    assert not refused(connection, insert(t), rows)
    assert refused(connection, insert(t), rows)
    assert not refused(connection, update(t).where(t.c.row == "a").values(group=Range(NOON.date(), NOON.date(), "[]")))


def test_computed_columns(connection: Connection) -> None:
    """A computed column is compared, though an update never names it."""
    made: dict[str, Column[Any]] = {
        "id": column(types.BigInteger(), autoincrement=True),
        "name": column(types.Text()),
        "initial": column(types.Text(), nullable=True, computed="substr(name, 1, 1)"),
        "days": column(types.RangeOf(types.Date())),
    }
    for attribute, item in made.items():
        item.key = item.name = attribute
    once = exclusion(("initial", "="), ("days", "&&"), using="gist")
    t = make_table("t", MetaData(), made, [primary_key("id"), once])
    t.create(connection)
    connection.execute(insert(t), [{"name": name, "days": Range[dt.date]()} for name in ("Vera", "Annie")])
    assert not refused(connection, update(t).where(t.c.name == "Annie").values(name="Antonia"))
    assert refused(connection, update(t).where(t.c.name == "Antonia").values(name="Venetia"))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_what_sqlite_cannot_hold(connection: Connection) -> None:
    """Other operators are refused before the table is made."""
    t = make(exclusion(("days", "-|-"), using="gist"))
    with pytest.raises(exc.CompileError, match="SQLite cannot enforce the exclusion constraint stay_days_excl"):
        t.create(connection)
    assert inspect(connection).get_table_names() == []


def test_the_verbs_of_rows(url: str) -> None:
    """Rows meet the constraint in every verb, and keep their own turn in those that find them there already."""
    turns = [{"id": n, "observer": "Vera", "turn": Range(NOON + n * HOUR, NOON + (n + 1) * HOUR)} for n in range(300)]
    with Database(url) as db:
        db.create()
        with db.session() as session:
            shift: Any = session.shift
            assert shift.insert_many(turns) == 300
            assert shift.upsert_many(turns) == 300
            assert shift.replace(turns) == 300
            assert shift.ensure(turns) == 0
            row = shift.upsert(**turns[7] | {"observer": "Cecilia"})
            assert shift.sync(row, keys=["id"]).changed == {}
            assert shift.update(row.id, turn=Range(NOON + 7 * HOUR, NOON + 7.5 * HOUR)).observer == "Cecilia"
            early = Range(NOON - HOUR, NOON)
            nobodys = {"observer": None, "turn": Range(NOON - 2 * HOUR, NOON - 1.5 * HOUR)}
            late = {"observer": "Henrietta", "turn": Range(NOON, None)}
            for act in (
                lambda: shift.insert(**late),
                lambda: shift.insert_many([turns[0] | {"id": 999}]),
                lambda: shift.upsert(id=1000, **late),
                lambda: shift.upsert_many([{"id": 1001, **late}]),
                lambda: shift.replace([{"id": 3, **late}]),
                lambda: shift.sync({"id": 1002, **late}, keys=["id"]),
                lambda: shift.update(3, turn=late["turn"]),
            ):
                assert conflicts(act, session.nested)
            assert shift.ensure([{"id": 1003, **late}, {"id": 4, **late}, *turns]) == 0
            assert shift.ensure([{"observer": "Annie", "turn": turn} for turn in (early, early)]) == 1
            with pytest.raises(exc.DataError, match="row 1"), session.nested():
                shift.ensure([{"id": "x", **late}])
            with pytest.raises(exc.IntegrityError, match="row 2"), session.nested():
                shift.ensure([{"id": 1004, "observer": "Annie", "turn": Range(None, NOON - 2 * HOUR)}, nobodys])
            assert shift.count() == 301

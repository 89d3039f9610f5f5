"""The rows of opaque tables: inserts, fetches by any number of values, deletes."""

from __future__ import annotations

import datetime as dt
import gc
import tracemalloc
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, InvalidRequestError, ResourceClosedError

from bookstore import Author, Database, Genre
from tablewright.runtime.errors import UnknownColumnError
from tablewright.runtime.expressions.prefix import Prefix
from tablewright.spec.models import ColumnSpec, TableSpec
from tests.runtime.opaque.records import ids, row

MANY = 300_000


@contextmanager
def statements(db: Database) -> Generator[list[str], None, None]:
    """Yield the list of the statements that are executed in the block."""
    seen: list[str] = []

    def record_statement(_connection: Any, _cursor: Any, sql: str, *_: object) -> None:
        seen.append(sql)

    engines = {db.engine, db._reading_engine() if db.engine.dialect.name == "sqlite" else db.engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", record_statement)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", record_statement)


# Writing.


def test_rows_and_mappings_are_inserted(records: Any) -> None:
    """Fetched rows can be inserted; columns that a mapping omits get their defaults."""
    assert records.insert({"id": 1, "name": "a"}, {"id": 2, "name": "b", "path": "p", "size": 5}) == 2
    first, second = sorted(records.fetch(), key=lambda one: one.id)
    assert (first.path, first.size, second.path, second.size) == ("", None, "p", 5)
    records.delete_all()
    assert records.insert(first, second) == 2
    assert ids(records.fetch()) == [1, 2]


@pytest.mark.parametrize("verb", ["insert", "ensure", "replace"])
def test_writing_no_rows_executes_no_statement(db: Database, records: Any, verb: str) -> None:
    """Writing no rows executes no statement."""
    with statements(db) as seen:
        assert getattr(records, verb)() == 0
        assert records.delete(["id"]) == 0
    assert seen == []


def test_an_insert_is_all_or_none(records: Any) -> None:
    """A row in conflict undoes the whole call, and the error names the row."""
    records.insert(row(5))
    with pytest.raises(IntegrityError):
        records.insert(*(row(number) for number in range(10)))
    assert ids(records.fetch()) == [5]


def test_an_unknown_column_is_refused(records: Any) -> None:
    """A misspelt column of a row or of `fetch` is an error at the call."""
    with pytest.raises(UnknownColumnError, match="Did you mean 'size'"):
        records.insert({**row(1), "sise": 1})
    with pytest.raises(UnknownColumnError, match="Did you mean 'size'"):
        records.fetch(sise=1)
    with pytest.raises(UnknownColumnError):
        records.fetch_batches(sise=[])
    with pytest.raises(UnknownColumnError):
        records.delete(["sise"], {"sise": 1})


def test_ensure_leaves_existing_rows(records: Any) -> None:
    """Rows that conflict with a primary or unique key, also within one call, are neither inserted nor counted."""
    records.insert(row(1, size=1))
    assert records.ensure(row(1, size=2), row(2), row(2, size=9), row(3, name="n1")) == 1
    assert {one.id: one.size for one in records.fetch()} == {1: 1, 2: None}


def test_replace_overwrites_the_whole_row(records: Any) -> None:
    """Omitted columns get their default; the last row of a key wins; a conflict with another key is an error."""
    records.insert(row(1, path="old", size=1), row(2))
    assert records.replace({"id": 1, "name": "n1"}, row(3, size=1), row(3, size=2)) == 3
    assert {one.id: (one.path, one.size) for one in records.fetch(id=[1, 3])} == {1: ("", None), 3: ("p/3", 2)}
    with pytest.raises(IntegrityError):
        records.replace(row(1, size=5), row(4, name="n2"))
    assert ids(records.fetch()) == [1, 2, 3]
    assert [one.size for one in records.fetch(id=1)] == [None]


def test_a_call_joins_the_given_session(db: Database, records: Any) -> None:
    """With `session=` a call sees the session's earlier writes, and is committed or rolled back with them."""
    with pytest.raises(RuntimeError, match="no"), db.session() as session:
        records.insert(row(1), row(2), session=session)
        assert records.ensure(row(2), row(3), session=session) == 1
        assert records.replace(row(3, size=3), session=session) == 1
        assert records.delete(["id"], {"id": 1}, session=session) == 1
        assert ids(records.fetch(session=session)) == [2, 3]
        assert [len(batch) for batch in records.fetch_batches(session=session, batch_size=1)] == [1, 1]
        assert records.count(session=session) == 2
        assert records.delete_all(session=session) == 2
        raise RuntimeError("no")
    assert records.count() == 0


# Fetching.


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"id": 3}, [3]),
        ({"size": None}, [1, 4]),
        ({"size": 10, "id": 5}, [5]),
        ({"size": [10, None]}, [1, 2, 4, 5]),
        ({"size": [None]}, [1, 4]),
        ({"size": [None, 5]}, [1, 4]),
        ({"size": []}, []),
        ({"id": range(2, 4)}, [2, 3]),
        ({"id": range(2, 2)}, []),
        ({"id": frozenset({1, 5, 9})}, [1, 5]),
        ({"id": {1: "a", 2: "b"}.keys()}, [1, 2]),
        ({"id": iter(())}, []),
        ({"id": [1, 2, 3], "name": ["n3", "n2", "n7"]}, [2, 3]),
        ({"id": [1], "name": ["n2"]}, []),
        ({"id": [1, 2], "size": [], "name": "n1"}, []),
        ({"name": "n%"}, []),
        ({"name": ["n%", "n1"]}, [1]),
        ({"name": Prefix("n")}, [1, 2, 3, 4, 5]),
        ({"name": Prefix("n1"), "id": [1, 2]}, [1]),
        ({"size": Genre}, None),
    ],
)
def test_rows_are_fetched_by_their_values(filled: Any, where: dict[str, Any], expected: list[int] | None) -> None:
    """Conditions are combined with AND. None means NULL, an iterable any of its values, an empty one no row."""
    if expected is None:
        with pytest.raises(DataError):
            list(filled.fetch(**where))
    else:
        assert ids(filled.fetch(**where)) == expected


def test_a_generator_is_a_collection(filled: Any) -> None:
    """A generator is read at the call, and may contain duplicates."""
    fetched = filled.fetch(id=(number for number in (4, 4, 5)), name=map("n{}".format, range(5)))
    assert ids(fetched) == [4]


def test_an_empty_list_executes_no_statement(db: Database, filled: Any) -> None:
    """An empty list executes no statement, whatever the other conditions are."""
    with statements(db) as seen:
        assert list(filled.fetch(id=[], name="n1")) == []
        assert list(filled.fetch_batches(id=range(0))) == []
    assert seen == []


def test_hundreds_of_thousands_of_values_need_one_statement(db: Database, records: Any) -> None:
    """Several lists of any size and type, which may contain None, result in one statement."""
    records.insert(*(row(number, size=number if number % 2 else None) for number in range(1, 1001)))
    names = [f"n{number}" for number in range(500, MANY)]
    with statements(db) as seen:
        fetched = list(records.fetch(id=range(MANY), name=names, size=[None, *range(MANY)]))
    assert ids(iter(fetched)) == [*range(500, 1001)]
    assert len([sql for sql in seen if "record" in sql]) == 1


def test_every_type_can_be_listed(db: Database) -> None:
    """Values of every type, including unusual text, are found by long lists."""
    types = {
        "id": ColumnSpec(type="integer", primary_key=True),
        "text": ColumnSpec(type="text"),
        "uuid": ColumnSpec(type="uuid"),
        "hash": ColumnSpec(type="hash", nbytes=2),
        "genre": ColumnSpec(type="genre"),
        "price": ColumnSpec(type="decimal", precision=9, scale=3),
        "flag": ColumnSpec(type="boolean"),
        "day": ColumnSpec(type="date"),
        "moment": ColumnSpec(type="timestamptz"),
        "ratio": ColumnSpec(type="float"),
    }
    storage: Any = db.opaque.register("kind", TableSpec(name="kind", columns=types))
    texts = ["", "a,b", 'say "x"', "back\\slash", "{}", "NULL", "null", " x ", "é😀", "%", "_", "'", "\n\t"]
    stored = [
        {
            "id": number,
            "text": content,
            "uuid": UUID(int=number),
            "hash": bytes([0, number]),
            "genre": [*Genre][number % 3],
            "price": Decimal(number) / 8,
            "flag": bool(number % 2),
            "day": dt.date(2026, 1, 1 + number),
            "moment": dt.datetime(2026, 1, 1 + number, 12, tzinfo=dt.UTC),
            "ratio": number / 7,
        }
        for number, content in enumerate(texts)
    ]
    storage.insert(*stored)
    for name in types:
        for value in {one[name] for one in stored}:
            expected = [one["id"] for one in stored if one[name] == value]
            assert ids(storage.fetch(**{name: [value] * 60})) == expected, (name, value)
            columns = ["id", name] if name != "id" else ["id"]
            keys = [{"id": one["id"], name: one[name]} for one in stored if one[name] == value] * 60
            assert storage.delete(columns, *keys) == len(expected), (name, value)
            storage.insert(*(one for one in stored if one[name] == value))


def test_an_invalid_value_is_an_error(filled: Any) -> None:
    """A value of the wrong type is a DataError on both databases, alone, in a short and in a long list."""
    for wrong in ("x", ["x"], [1, "x"], [*range(100), "x"]):
        with pytest.raises(DataError):
            list(filled.fetch(size=wrong))


def test_rows_come_in_batches(filled: Any) -> None:
    """Batches have the requested size; the last may be smaller."""
    assert [len(batch) for batch in filled.fetch_batches(batch_size=2)] == [2, 2, 1]
    assert [one.id for batch in filled.fetch_batches(id=[2], batch_size=2) for one in batch] == [2]
    with pytest.raises(ValueError, match="at least one row"):
        filled.fetch_batches(batch_size=0)


def test_a_fetch_needs_constant_memory(records: Any) -> None:
    """The memory of a fetch does not grow with the number of rows."""
    records.insert(*(row(number, path="x" * 500) for number in range(30_000)))
    gc.collect()
    tracemalloc.start()
    try:
        assert sum(1 for _ in records.fetch()) == 30_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


def test_a_dropped_fetch_releases_its_connection(db: Database, filled: Any) -> None:
    """An iterator that is dropped, or was never started, leaves no transaction open."""

    def checked_out() -> int:
        engines: list[Any] = [db.engine, db._reader]
        return sum(engine.pool.checkedout() for engine in engines if engine is not None)

    unbegun = filled.fetch()
    assert checked_out() == 0
    begun = filled.fetch()
    next(begun)
    assert checked_out() == 1
    del begun, unbegun
    gc.collect()
    assert checked_out() == 0
    assert ids(filled.fetch()) == [1, 2, 3, 4, 5]
    assert checked_out() == 0
    filled.insert(row(6))


def test_reading_waits_for_no_writer(db: Database, filled: Any) -> None:
    """While another transaction writes, rows and tables are read in their previous state."""
    with db.session() as session:
        filled.insert(row(6), session=session)
        assert ids(filled.fetch()) == [1, 2, 3, 4, 5]
        assert filled.count() == 5
        assert db.opaque["record"].name == "record"
        assert ids(filled.fetch(session=session)) == [1, 2, 3, 4, 5, 6]


def test_a_fetch_ends_with_the_session_it_reads_in(db: Database, filled: Any) -> None:
    """After the end of the caller's transaction the next row is an error, never a silent end."""
    with db.session() as session:
        batches = filled.fetch_batches(session=session, batch_size=2)
        next(batches)
    with pytest.raises(ResourceClosedError):
        next(batches)


def test_a_fetch_sees_pending_entities(db: Database) -> None:
    """Pending entities of the session are flushed before rows are read."""
    spec = TableSpec(
        name="note",
        columns={
            "id": ColumnSpec(type="bigint", primary_key=True, autoincrement=True),
            "author_id": ColumnSpec(type="bigint", references="author.id"),
        },
    )
    storage: Any = db.opaque.register("note", spec)
    with db.session() as session:
        author = Author(id=7, name="Someone")
        session.add(author)
        assert storage.insert({"author_id": 7}, session=session) == 1
        assert [one.author_id for one in storage.fetch(session=session)] == [7]


def test_a_prefix_is_for_text(filled: Any) -> None:
    """`Prefix` of a number, and of a numeric column, is an error."""
    with pytest.raises(ArgumentError, match="is not text"):
        filled.fetch(id=Prefix("1"))
    with pytest.raises(TypeError):
        Prefix(1)  # type: ignore[arg-type]  # what is tested
    with pytest.raises((DataError, InvalidRequestError)):
        list(filled.fetch(name=[Prefix("n")]))

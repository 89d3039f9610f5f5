"""Butler's cases of tables: static and dynamic tables, names, types, automatic ids."""

from __future__ import annotations

import datetime as dt
import traceback
import uuid
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DataError, IntegrityError

from tablewright.runtime.errors import (
    MissingTablesError,
    ReadOnlyDatabaseError,
    SchemaAlreadyExistsError,
    TableConflictError,
)
from tablewright.schema import names
from tablewright.spec.diagnostic import SpecError
from tablewright.spec.models import ColumnSpec, TableSpec, UniqueSpec

IDS = ColumnSpec(type="bigint", primary_key=True, autoincrement=True)
NAME = ColumnSpec(type="string", length=16)
TEMP = TableSpec(
    name="temp",
    columns={
        "a_name": NAME.model_copy(update={"primary_key": True, "references": "a.name"}),
        "b_id": ColumnSpec(type="bigint", primary_key=True, references="b.id"),
    },
)
STATIC = {
    "b2": TableSpec(name="b2", columns={"id": IDS, "c_id": ColumnSpec(type="bigint", references="c2.id")}),
    "c2": TableSpec(name="c2", columns={"id": IDS, "a_name": NAME.model_copy(update={"references": "a.name"})}),
}


def columns(db: Any, table: str) -> set[str]:
    """Return the columns of a table in the database."""
    with db.engine.connect() as connection:
        return {column["name"] for column in inspect(connection).get_columns(table)}


def reopened(case: Any, place: str, db: Any) -> Any:
    """Yield the same database read only; in memory, which only one connection can open, the same object."""
    return db if place == "sqlite://" else case.Database(place, read_only=True)


def test_declare_static_tables(case: Any, place: str) -> None:
    """testDeclareStaticTables: tables are created as declared, and a read-only client finds them."""
    with case.Database(place) as db:
        db.create()
        with db.declare_static_tables(create=True) as context:
            tables = {name: context.add_table(name, spec) for name, spec in STATIC.items()}
        reader = reopened(case, place, db)
        assert reader.check() == []
        for name in ("a", "b", "c", "d"):
            assert columns(reader, name) == set(case.metadata.tables[name].columns.keys())
        with reader.declare_static_tables(create=False) as context:
            for name, spec in STATIC.items():
                assert context.add_table(name, spec).columns.keys() == tables[name].columns.keys()
                assert columns(reader, name) == set(spec.columns)
        reader.dispose()


def test_declare_static_tables_twice(case: Any, place: str) -> None:
    """testDeclareStaticTablesTwice: a second creation is an error and leaves the tables unchanged."""
    with case.Database(place) as db:
        db.create()
        with db.session() as session:
            session.a.insert(name="kept")
        with pytest.raises(SchemaAlreadyExistsError):
            db.create()
        with db.declare_static_tables(create=True) as context:
            context.add_table("b2", STATIC["b2"])
            context.add_table("c2", STATIC["c2"])
        with pytest.raises(SchemaAlreadyExistsError), db.declare_static_tables(create=True) as context:
            context.add_table("c2", STATIC["c2"])
        assert db.check() == []
        with db.session() as session:
            assert [row.name for row in session.a.select()] == ["kept"]


def test_opening_a_database_without_tables(case: Any, place: str) -> None:
    """Not in Butler: `check` names the missing tables, and the error of the first statement names the command."""
    with case.Database(place) as db:
        assert db.missing_tables() == ["a", "b", "c", "d"]
        with pytest.raises(MissingTablesError, match="b2, c2"), db.declare_static_tables(create=False) as context:
            for name, spec in STATIC.items():
                context.add_table(name, spec)
        with pytest.raises(Exception, match="a") as caught, db.session() as session:
            session.a.count()
        assert "Database.create()" in "".join(traceback.format_exception_only(caught.value))


def test_dynamic_tables(case: Any, place: str) -> None:
    """testDynamicTables: a reader finds no table, then the created one; equal definitions match, others conflict."""
    with case.Database(place) as db:
        db.create()
        reader = reopened(case, place, db)
        if reader is not db:
            with pytest.raises(ReadOnlyDatabaseError):
                reader.ensure_table("temp", TEMP)
        assert reader.get_table("temp", TEMP) is None
        table = db.ensure_table("temp", TEMP)
        assert db.ensure_table("temp", TEMP) is table
        assert columns(db, "temp") == set(TEMP.columns)
        for find in (reader.get_table, reader.ensure_table):
            assert find("temp", TEMP).columns.keys() == table.columns.keys()
        other = TableSpec(name="temp", columns={**TEMP.columns, "more": ColumnSpec(type="text")})
        for handle in (db, reader):
            with pytest.raises(TableConflictError, match="The column more is missing"):
                handle.ensure_table("temp", other)
        reader.dispose()


def test_dynamic_tables_in_a_transaction(case: Any, place: str) -> None:
    """testDynamicTables forbids it; here a table is created in a transaction, and is rolled back with it."""
    with case.Database(place) as db:
        db.create()
        with pytest.raises(RuntimeError), db.session() as session:
            session.ensure_table("temp", TEMP)
            raise RuntimeError
        assert db.get_table("temp", TEMP) is None
        with db.session() as session:
            session.a.insert(name="a1")
            b = session.b.insert(name="b1")
            table = session.ensure_table("temp", TEMP)
            session.table(table).insert(a_name="a1", b_id=b.id)
        with db.session() as session:
            assert session.ensure_table("temp", TEMP) is table
            assert session.table(table).count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"value": ColumnSpec(type="integer", nullable=True)},
        {"value": ColumnSpec(type="text", nullable=True)},
        {"value": ColumnSpec(type="bigint")},
        {"name": ColumnSpec(type="string", length=17)},
        {"name": NAME.model_copy(update={"unique": True})},
        {"value": ColumnSpec(type="bigint", nullable=True, references="b.id")},
    ],
    ids=["width", "type", "nullability", "length", "unique key", "foreign key"],
)
def test_drift_of_types_and_constraints(case: Any, place: str, changed: dict[str, ColumnSpec]) -> None:
    """Not in Butler: types, nullability and keys are compared, not only names."""
    spec = TableSpec(name="t", columns={"id": IDS, "name": NAME, "value": ColumnSpec(type="bigint", nullable=True)})
    other = spec.model_copy(update={"columns": {**spec.columns, **changed}})
    with case.Database(place) as db:
        db.create()
        db.ensure_table("t", spec)
        with pytest.raises(TableConflictError):
            db.ensure_table("t", other)


def test_schema_separation(case: Any, postgres_url: str, sqlite_url: str) -> None:
    """testSchemaSeparation: tables of one name are independent in two databases, and in two namespaces of one."""
    one = TableSpec(name="t", columns={"id": IDS, "x": ColumnSpec(type="integer")})
    two = TableSpec(name="t", columns={"id": IDS, "y": ColumnSpec(type="text")})
    handles = [
        case.Database(sqlite_url),
        case.Database("sqlite://"),
        case.Database(postgres_url, namespace="one"),
        case.Database(postgres_url, namespace="two"),
    ]
    for first, second in (handles[:2], handles[2:]):
        for handle in (first, second):
            handle.create()
        tables = [first.ensure_table("t", one), second.ensure_table("t", two)]
        for handle, table, values in ((first, tables[0], {"x": 5}), (second, tables[1], {"y": "five"})):
            with handle.session() as session:
                assert session.table(table).insert(**values).id == 1
        assert (columns_of(tables[0]), columns_of(tables[1])) == ({"id", "x"}, {"id", "y"})
        with first.session() as session:
            session.a.insert(name="first")
        with second.session() as session:
            assert session.a.count() == 0
    for handle in handles:
        handle.dispose()


def columns_of(table: Any) -> set[str]:
    """Return the declared columns of a table."""
    return set(table.columns.keys())


def test_name_shrinking(case: Any, place: str) -> None:
    """testNameShrinking: long names of a table and its columns result in constraint names that the database accepts."""
    long, b_id, a_name = "a" * 42, "b" * 43, "c" * 49
    spec = TableSpec(
        name=long,
        columns={
            "id": IDS,
            b_id: ColumnSpec(type="bigint", references="b.id"),
            a_name: NAME.model_copy(update={"references": "a.name", "index": True}),
        },
        unique=[UniqueSpec(columns=[b_id, a_name])],
    )
    with case.Database(place) as db:
        db.create()
        table = db.ensure_table(long, spec)
        with db.session() as session:
            session.a.insert(name="a1")
            b = session.b.insert(name="b1")
            rows = session.table(table)
            assert rows.insert(**{b_id: b.id, a_name: "a1"}).id == 1
            with pytest.raises(IntegrityError), session.nested():
                rows.insert(**{b_id: b.id, a_name: "a1"})
        assert db.ensure_table(long, spec) is table


def test_the_name_shrinker() -> None:
    """NameShrinker: short names are unchanged; long ones are cut to 63 bytes, and stay different."""
    assert names.shortened("x" * 63) == "x" * 63
    long = [f"{'x' * 80}_{number}" for number in range(1000)]
    short = [names.shortened(name) for name in long]
    assert short == [names.shortened(name) for name in long]
    assert len(set(short)) == 1000
    assert {len(name.encode()) for name in short} == {63}
    beyond_ascii = names.shortened("ü" * 50)
    assert len(beyond_ascii.encode()) <= 63
    assert beyond_ascii.startswith("ü" * 26)


def test_specs_of_every_type(case: Any, place: str) -> None:
    """fromConfig of any spec: each of Butler's nine types, defined as data, is created, written and read."""
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    values: dict[str, tuple[dict[str, Any], Any]] = {
        "string": ({"type": "string", "length": 40}, "x" * 40),
        "int": ({"type": "bigint"}, 2**40),
        "float": ({"type": "float"}, 0.1),
        "region": ({"type": "bytes"}, b"\0\xff"),
        "bool": ({"type": "boolean"}, True),
        "blob": ({"type": "bytes"}, b""),
        "datetime": ({"type": "timestamptz"}, moment),
        "hash": ({"type": "hash", "nbytes": 4}, b"abcd"),
        "uuid": ({"type": "uuid"}, uuid.UUID(int=7)),
    }
    columns = {f"the_{name}": {**config, "nullable": True, "doc": "A value."} for name, (config, _) in values.items()}
    spec = TableSpec.model_validate({"name": "every", "columns": {"id": IDS, **columns}})
    with case.Database(place) as db:
        db.create()
        table = db.ensure_table("every", spec)
        with db.session() as session:
            row = session.table(table).insert(**{f"the_{name}": value for name, (_, value) in values.items()})
            assert {name: getattr(row, f"the_{name}") for name in values} == {n: v for n, (_, v) in values.items()}
            empty = session.table(table).insert()
            assert {getattr(empty, f"the_{name}") for name in values} == {None}


@pytest.mark.parametrize(
    "config",
    [
        {"type": "string", "length": -1},
        {"type": "bigint", "length": 5},
        {"type": "strin", "length": 5},
        {"type": "string", "length": 5, "nbytes": 5},
        {"type": "bigint", "default": "five"},
        {"type": "bigint", "references": "a.nam"},
        {"type": "bigint", "references": "a.name"},
        {"type": "string", "length": 16, "references": "a.name", "on_delete": "set null"},
    ],
    ids=["length", "length of a number", "type", "length and bytes", "default", "column", "type of a key", "rule"],
)
def test_invalid_specs(case: Any, place: str, config: dict[str, Any]) -> None:
    """An invalid definition that Butler's fromConfig accepts silently is an error before any table is created."""
    spec = TableSpec(name="t", columns={"id": IDS, "x": ColumnSpec.model_validate(config)})
    with case.Database(place) as db:
        db.create()
        with pytest.raises(SpecError):
            db.ensure_table("t", spec)


def test_lengths_of_strings(case: Any, place: str) -> None:
    """Trap 51: both databases enforce any length of a string; the empty string is stored as such."""
    spec = TableSpec(
        name="t",
        columns={"id": IDS, "short": NAME, "long": ColumnSpec(type="string", length=300, default="")},
    )
    with case.Database(place) as db:
        db.create()
        table = db.ensure_table("t", spec)
        with db.session() as session:
            rows = session.table(table)
            assert rows.insert(short="").short == ""
            assert rows.insert(short="é" * 16, long="é" * 300).long == "é" * 300
            for name, value in (("short", "x" * 17), ("long", "x" * 301)):
                with pytest.raises(DataError):
                    rows.insert(**{"short": "", name: value})
                with pytest.raises((DataError, IntegrityError)), session.nested():
                    session.execute(text(f"UPDATE t SET {name} = '{value}'"))
            assert rows.count(table.c.long == "") == 1
            assert rows.count(table.c.long.is_(None)) == 0


def test_automatic_ids(case: Any, place: str) -> None:
    """Trap 52: only declared columns have automatic ids; explicit ids advance the sequence; no id is used twice."""
    plain = TableSpec(name="plain", columns={"id": ColumnSpec(type="bigint", primary_key=True), "name": NAME})
    pair = TableSpec(
        name="pair",
        columns={
            "origin": ColumnSpec(type="integer", primary_key=True),
            "id": ColumnSpec(type="bigint", primary_key=True),
        },
    )
    with case.Database(place) as db:
        db.create()
        table, pairs = db.ensure_table("plain", plain), db.ensure_table("pair", pair)
        with db.session() as session:
            with pytest.raises(IntegrityError), session.nested():
                session.table(table).insert(name="x")
            with pytest.raises(IntegrityError), session.nested():
                session.table(pairs).insert(origin=1)
            assert session.table(table).insert(id=7, name="x").id == 7
            assert session.b.insert(name="first").id == 1
            session.b.insert_many({"id": n, "name": f"many {n}"} for n in range(2, 52))
            assert session.b.insert(name="next").id == 52
            session.b.ensure([{"id": 60, "name": "ensured"}])
            assert session.b.insert(name="after").id == 61
            session.b.delete(61)
            assert session.b.insert(name="not again").id == 62

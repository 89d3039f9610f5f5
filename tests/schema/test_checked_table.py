"""The checks of column types, created when a table's constraints are first read."""

from __future__ import annotations

import pickle
import threading
from typing import Any

from sqlalchemy import CheckConstraint, Column, Integer, MetaData, Table, create_engine, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from tablewright.runtime.rows.mapper import RowMapper
from tablewright.schema import types
from tablewright.schema.tables import check, column, make_table, primary_key

CHECKS = {"shelf_wide", "shelf_name_type_check", "shelf_key_type_check"}


def shelf(metadata: MetaData | None = None) -> Table:
    """Return a table with a check, and two checks of its types on SQLite."""
    columns: dict[str, Column[Any]] = {
        "key": column(types.Hash(3)),
        "name": column(types.String(5)),
        "note": column(types.Text()),
    }
    for attribute, item in columns.items():
        item.name = item.key = attribute
    return make_table("shelf", metadata or MetaData(), columns, [primary_key("key"), check("1 > 0", name="shelf_wide")])


def checks(table: Table) -> set[object]:
    """Return the names of the checks among a table's constraints."""
    return {item.name for item in table.constraints if isinstance(item, CheckConstraint)}


def made(table: Table) -> int:
    """Return the number of constraints so far."""
    return len(vars(table)["_constraints"])


def test_checks_are_made_for_those_who_look() -> None:
    """Creating and querying a table creates no check; reading its constraints and its DDL does."""
    table = shelf()
    str(select(table).where(table.c.name == "a"))
    assert made(table) == 2
    ddl = str(CreateTable(table).compile(dialect=sqlite.dialect()))
    assert [ddl.index(name) for name in ("shelf_wide", "shelf_key_type_check", "shelf_name_type_check")] == sorted(
        ddl.index(str(name)) for name in CHECKS
    )
    assert checks(table) >= CHECKS
    assert "octet_length" in str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]  # SQLAlchemy's own


def test_the_first_look_is_enough() -> None:
    """Each check exists once, however many threads read the constraints."""
    table = shelf()
    start = threading.Barrier(8)
    seen: list[int] = []

    def look() -> None:
        start.wait()
        seen.append(len(list(table.constraints)))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [len(shelf().constraints)] * 8


def test_copies_have_the_checks() -> None:
    """A copy in other metadata and a pickled table have the checks."""
    assert checks(shelf().to_metadata(MetaData())) >= CHECKS
    for table in (shelf(), shelf()):
        assert checks(pickle.loads(pickle.dumps(table))) >= CHECKS
        assert checks(table) >= CHECKS
        assert checks(pickle.loads(pickle.dumps(table))) >= CHECKS


def test_it_is_a_table_like_others() -> None:
    """Constraints can be added and removed before and after the first read; the database enforces the checks."""
    table = shelf()
    added = CheckConstraint("2 > 0", name="shelf_added")
    table.append_constraint(added)
    assert checks(table) >= {*CHECKS, "shelf_added"}
    table.constraints.discard(added)
    assert "shelf_added" not in checks(table)
    assert RowMapper(table, tuple).key_names == ("key",)
    with create_engine("sqlite://").begin() as connection:
        table.create(connection)
        (text,) = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'shelf'").one()
    assert all(str(name) in text for name in CHECKS)


def test_types_of_others_bring_none() -> None:
    """A column of a type of SQLAlchemy's own has no check."""
    table = make_table("plain", MetaData(), {"id": Column("id", Integer(), key="id")}, [primary_key("id")])
    assert checks(table) == set()

"""COPY: in binary if the types of the database are those that our encoders check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DataError, IntegrityError

from tablewright.schema import types
from tablewright.schema.tables import column, primary_key
from tests.runtime import sample
from tests.runtime.untyped_table import accessor, untyped_table
from tests.schema.test_types import CASES, Case, Kept


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[sample.Database]:
    """An empty Postgres database."""
    with sample.Database(postgres_url, check_versions=False) as database:
        yield database


@contextmanager
def copies(engine: Engine) -> Iterator[list[str]]:
    """The COPY statements executed in the block."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, sql: str, *rest: object) -> None:
        if sql.startswith("COPY"):
            seen.append(sql)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_of_many_rows(case: Case, url: str) -> None:
    """Values of every type survive `insert_many` and `upsert_many`, on Postgres in binary except for ranges."""
    table = untyped_table(
        {"id": column(types.BigInteger()), "v": column(case.type, nullable=True)},
        primary_key("id"),
    )
    values = [*case.kept, None] * 30
    rows = [{"id": n, "v": value.written if isinstance(value, Kept) else value} for n, value in enumerate(values)]
    wanted = [value.read if isinstance(value, Kept) else value for value in values]
    with sample.Database(url, check_versions=False) as database, database.session() as session:
        table.metadata.create_all(session.connection())
        loose = accessor(session, table)
        with copies(database.engine) as seen:
            loose.insert_many(rows)
        binary = not isinstance(case.type, types.RangeOf)
        assert [sql.endswith("FROM STDIN (FORMAT binary)") for sql in seen] == ([binary] if "post" in url else [])
        stored = [row.v for row in loose.select(order_by=table.c.id)]
        assert stored == wanted
        assert list(map(type, stored)) == list(map(type, wanted))
        loose._upsert_many([{"id": n, "v": None} for n in range(len(rows))], "primary_key")
        assert {row.v for row in loose.select()} == {None}
        loose._upsert_many(rows * 5, "primary_key")
        assert [row.v for row in loose.select(order_by=table.c.id)] == wanted


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_misfits_of_many_rows(case: Case, url: str) -> None:
    """A value that a type refuses is a DataError with the row and column in every verb, and no row is stored."""
    table = untyped_table(
        {"id": column(types.BigInteger()), "v": column(case.type, nullable=True)},
        primary_key("id"),
    )
    with sample.Database(url, check_versions=False) as database, database.session() as session:
        table.metadata.create_all(session.connection())
        loose = accessor(session, table)
        for value in case.refused:
            rows = [{"id": n, "v": None} for n in range(2300)]
            rows[2100]["v"] = value
            for verb in (loose.insert_many, loose.ensure, loose.replace, loose.insert_many_returning):
                with pytest.raises(DataError, match="row 2101, column v"):
                    verb(rows)
        assert loose.count() == 0


@pytest.mark.parametrize(
    ("stored", "binary", "value"),
    [
        ("bigint", True, 2**31 - 1),
        ("smallint", False, 7),
        ("numeric", False, 2**31 - 1),
        ("text", False, "7"),
        ("double precision", False, 7.0),
        ("whole", False, 7),
    ],
)
def test_a_column_of_another_type_in_the_database(
    postgres: sample.Database, stored: str, binary: bool, value: object
) -> None:
    """If the database has another type than the spec, values are sent as text: Postgres converts or refuses."""
    table = untyped_table({"id": column(types.BigInteger()), "v": column(types.Integer())}, primary_key("id"))
    with postgres.session() as session:
        session.execute(text("CREATE DOMAIN whole AS integer CHECK (VALUE > 0)"))
        session.execute(text(f"CREATE TABLE loose (id bigint PRIMARY KEY, v {stored} NOT NULL)"))
        with copies(postgres.engine) as seen:
            accessor(session, table).insert_many([{"id": 1, "v": int(str(value).removesuffix(".0"))}])
        assert [sql.endswith("(FORMAT binary)") for sql in seen] == [binary]
        assert session.execute(text("SELECT v FROM loose")).scalar_one() == value
        if stored == "smallint":
            with pytest.raises(DataError, match="row 2, column v"):
                accessor(session, table).insert_many([{"id": 2, "v": 1}, {"id": 3, "v": 2**15}])
        if stored == "whole":
            with pytest.raises(IntegrityError, match="row 2"):
                accessor(session, table).insert_many([{"id": 2, "v": 1}, {"id": 3, "v": -1}])


def test_types_spelt_by_the_spec(postgres: sample.Database) -> None:
    """A type given in SQL is sent as the type that the database has for it."""
    table = untyped_table(
        {
            "id": column(types.BigInteger().with_ddl(postgresql="bigserial")),
            "short": column(types.Text().with_ddl(postgresql="varchar(3)")),
            "padded": column(types.Text().with_ddl(postgresql="char(3)"), default="x"),
        },
        primary_key("id"),
    )
    with postgres.session() as session:
        table.metadata.create_all(session.connection())
        loose = accessor(session, table)
        with copies(postgres.engine) as seen:
            loose.insert_many([{"id": 1, "short": "abc", "padded": "é"}])
            with pytest.raises(DataError, match="row 2, column short"):
                loose.insert_many([{"id": 2, "short": "abc"}, {"id": 3, "short": "abcd"}])
        assert [sql.endswith("(FORMAT binary)") for sql in seen] == [False, False]
        assert [tuple(row.__struct_fields__) for row in loose.select()] == [("id", "short", "padded")]
        assert loose.get_one(1).padded == "é  "


def test_rows_into_a_view(postgres: sample.Database) -> None:
    """Insertable views, which COPY cannot write, are written by statements."""
    table = untyped_table({"id": column(types.BigInteger()), "v": column(types.Integer())}, primary_key("id"))
    with postgres.session() as session:
        session.execute(text("CREATE TABLE below (id bigint PRIMARY KEY, v integer)"))
        session.execute(text("CREATE VIEW loose AS SELECT * FROM below"))
        loose = accessor(session, table)
        assert loose.insert_many({"id": n, "v": n} for n in range(1500)) == 1500
        assert loose._upsert_many(({"id": n, "v": 0} for n in range(1000, 2000)), "primary_key") == 1000
        assert (loose.count(), loose.count(table.c.v == 0)) == (2000, 1001)


def test_rows_of_nothing_but_defaults(store: sample.Database) -> None:
    """Rows without columns are inserted with defaults, alone or among others."""
    with store.session() as session:
        assert session.note.insert_many([{}, {}, {"rank": 1}, {}]) == 4
        assert [row.rank for row in session.note.insert_many_returning([{}, {"rank": 2}, {}])] == [None, 2, None]
        assert [row.text for row in session.note.select()] == ["nothing"] * 7

"""The comparison of tables with the database: no false difference, and every change is found."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

import bookstore
import observatory
from tablewright.catalog.compare import compare
from tablewright.schema import types
from tablewright.schema.tables import (
    Element,
    check,
    column,
    foreign_key,
    index,
    make_table,
    primary_key,
    sql,
    unique,
)
from tests.schema.test_types import CASES, Case


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Shade(enum.StrEnum):
    RED = "red"
    TEAL = "teal"


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    """Open a transaction in an empty database."""
    with bookstore.Database(url) as database, database.engine.begin() as connection:
        yield connection


def made(
    columns: dict[str, Column[Any]], *elements: Element, name: str = "thing", metadata: MetaData | None = None
) -> Table:
    """Create a table of *columns*."""
    for key, item in columns.items():
        item.key = key
        item.name = item.name or key
    return make_table(name, metadata or MetaData(), columns, elements)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_table_just_made_differs_in_nothing(case: Case, connection: Connection) -> None:
    """Columns of every type, nullable or not, with a default or not, have no difference."""
    table = made(
        {
            "id": column(types.BigInteger(), autoincrement=True),
            "plain": column(case.type),
            "nullable": column(case.type, nullable=True),
            "defaulted": column(case.type, default=case.default),
            "Odd Name": column(case.type, nullable=True, name='Odd "Name" %'),
        },
        primary_key("id"),
    )
    table.metadata.create_all(connection)
    assert compare(connection, table) == []


def test_packages_just_made_differ_in_nothing(url: str) -> None:
    """Whole packages have no difference, in a namespace too."""
    namespaces = ["", "other"] if url.startswith("postgresql") else [""]
    for package in (bookstore, observatory):
        for namespace in namespaces:
            with package.Database(url, namespace=namespace or None) as database:
                database.create()
                assert database.check() == []
                assert database.missing_tables() == []


def test_every_kind_of_key_is_recognized(connection: Connection) -> None:
    """Composite, partial, deferred and self-referencing keys, and keys of expressions, have no difference."""
    table = made(
        {
            "a": column(types.Integer()),
            "b": column(types.String(16), name="B"),
            "up_a": column(types.Integer(), nullable=True),
            "up_b": column(types.String(16), nullable=True),
            "c": column(types.Text(), nullable=True),
            "sum": column(types.Integer(), nullable=True, computed="a + 1"),
        },
        primary_key("b", "a"),
        unique("c", nulls_not_distinct=True),
        unique("a", where="c IS NULL"),
        index(sql("lower(c)"), "a", unique=True, name="thing_by_lower"),
        index("c", "a"),
        foreign_key(
            ("up_b", "up_a"), ("thing.b", "thing.a"), on_delete="cascade", on_update="set null", deferrable=True
        ),
        check("a > 0", name="thing_positive"),
    )
    table.metadata.create_all(connection)
    assert compare(connection, table) == []


def test_stock_tables(connection: Connection) -> None:
    """A plain SQLAlchemy table is compared like one of ours."""
    metadata = MetaData()
    Table("up", metadata, Column("id", Integer, primary_key=True))
    table = Table(
        "thing",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("up", ForeignKey("up.id", ondelete="CASCADE")),
        Column("name", String(20), unique=True),
        Column("rank", BigInteger, nullable=False),
        UniqueConstraint("name", "rank"),
    )
    metadata.create_all(connection)
    assert compare(connection, table) == []


class Change(NamedTuple):
    """Another definition of the table, and the differences."""

    name: str
    table: Callable[[], Table]
    said: list[str]
    only: str | None = None


def thing(changed: dict[str, Column[Any] | None] | None = None, *elements: Element) -> Table:
    """Return the table as it is in the database, except for the columns *changed* and *elements*."""
    metadata = MetaData()
    made({"id": column(types.Integer())}, primary_key("id"), name="other", metadata=metadata)
    columns: dict[str, Column[Any] | None] = {
        "id": column(types.BigInteger(), autoincrement=True),
        "name": column(types.String(16)),
        "rank": column(types.Integer(), nullable=True),
        "colour": column(types.Enum(Colour)),
        "native": column(types.Enum(Colour, native="colour")),
        "colours": column(types.ArrayOf(types.Enum(Colour))),
        "size": column(types.Decimal(8, 2)),
        "twice": column(types.Integer(), nullable=True, computed="rank * 2"),
        "hash": column(types.Hash(4)),
        "other_id": column(types.Integer(), nullable=True),
        **(changed or {}),
    }
    kept = {name: item for name, item in columns.items() if item is not None}
    given = elements or (primary_key("id"), unique("name"), foreign_key("other_id", "other.id", on_delete="cascade"))
    return made(kept, *given, metadata=metadata)


KEY, UNIQUE = primary_key("id"), unique("name")
OUTWARD = foreign_key("other_id", "other.id", on_delete="cascade")
CHANGES = [
    Change(
        "length",
        lambda: thing({"name": column(types.String(20))}),
        ["The column name is VARCHAR(16), not VARCHAR(20)."],
        "sqlite",
    ),
    Change(
        "length",
        lambda: thing({"name": column(types.String(20))}),
        ["The column name is character varying(16), not character varying(20)."],
        "postgresql",
    ),
    Change(
        "type",
        lambda: thing({"rank": column(types.Text(), nullable=True)}),
        ["The column rank is INTEGER, not TEXT."],
        "sqlite",
    ),
    Change(
        "width",
        lambda: thing({"rank": column(types.BigInteger(), nullable=True)}),
        ["The column rank is integer, not bigint."],
        "postgresql",
    ),
    Change(
        "range of an integer",
        lambda: thing({"rank": column(types.SmallInteger(), nullable=True)}),
        ["The column rank is limited to -2147483648, 2147483647, not to -32768, 32767."],
        "sqlite",
    ),
    Change(
        "length of a hash",
        lambda: thing({"hash": column(types.Hash(5))}),
        ["The column hash is limited to 4, not to 5."],
    ),
    Change(
        "scale",
        lambda: thing({"size": column(types.Decimal(8, 3))}),
        ["The column size is numeric(8,2), not numeric(8,3)."],
        "postgresql",
    ),
    Change(
        "nullable",
        lambda: thing({"name": column(types.String(16), nullable=True)}),
        ["The column name may not be NULL."],
    ),
    Change("not null", lambda: thing({"rank": column(types.Integer())}), ["The column rank may be NULL."]),
    Change("missing", lambda: thing({"more": column(types.Text())}), ["The column more is missing."]),
    Change("undeclared", lambda: thing({"rank": None, "twice": None}), ["The column rank was not declared."]),
    Change(
        "enum",
        lambda: thing({"colour": column(types.Enum(Shade).with_ddl(sqlite="VARCHAR(4)"))}),
        ["The column colour may be blue, red, not red, teal."],
    ),
    Change(
        "native enum",
        lambda: thing({"native": column(types.Enum(Shade, native="colour"))}),
        ["The column native may be blue, red, not red, teal."],
    ),
    Change(
        "array of an enum",
        lambda: thing({"colours": column(types.ArrayOf(types.Enum(Shade)))}),
        ["The column colours may be blue, red, not red, teal."],
        "postgresql",
    ),
    Change(
        "an enum's values are free",
        lambda: thing({"name": column(types.Enum(Colour).with_ddl(sqlite="VARCHAR(16)", postgresql="VARCHAR(16)"))}),
        ["The column name may be any value, not blue, red."],
    ),
    Change(
        "computed",
        lambda: thing({"twice": column(types.Integer(), nullable=True)}),
        ["The column twice is computed."],
    ),
    Change(
        "not computed",
        lambda: thing({"other_id": column(types.Integer(), nullable=True, computed="rank")}, KEY, UNIQUE, OUTWARD),
        ["The column other_id is not computed."],
    ),
    Change(
        "numbered", lambda: thing({"id": column(types.BigInteger())}), ["The column id is numbered by the database."]
    ),
    Change(
        "primary key",
        lambda: thing({"id": column(types.BigInteger())}, primary_key("id", "name"), UNIQUE, OUTWARD),
        ["The column id is numbered by the database.", "The primary key is (id), not (id, name)."],
    ),
    Change(
        "a unique key too few",
        lambda: thing({}, KEY, UNIQUE, OUTWARD, unique("size")),
        ["The unique key (size) is missing."],
    ),
    Change("a unique key too many", lambda: thing({}, KEY, OUTWARD), ["The unique key (name) was not declared."]),
    Change(
        "a unique key of some rows",
        lambda: thing({}, KEY, OUTWARD, unique("name", where="rank > 0")),
        ["The unique key (name) of some rows is missing.", "The unique key (name) was not declared."],
    ),
    Change(
        "no foreign key",
        lambda: thing({}, KEY, UNIQUE),
        ["The foreign key (other_id) to other (id) on delete cascade was not declared."],
    ),
    Change(
        "another rule",
        lambda: thing({}, KEY, UNIQUE, foreign_key("other_id", "other.id", on_update="set null")),
        [
            "The foreign key (other_id) to other (id) on update set null is missing.",
            "The foreign key (other_id) to other (id) on delete cascade was not declared.",
        ],
    ),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change.name}-{change.only or 'both'}")
def test_every_change_is_seen(change: Change, url: str) -> None:
    """Different columns, types, enums, nullability and keys are reported, one message each."""
    if change.only is not None and not url.startswith(change.only):
        return
    with bookstore.Database(url) as database, database.engine.begin() as connection:
        thing().metadata.create_all(connection)
        assert compare(connection, thing()) == []
        assert sorted(compare(connection, change.table())) == sorted(change.said)


def test_a_table_that_is_none(connection: Connection) -> None:
    """A missing table, and a view with its name, are reported."""
    table = thing()
    assert compare(connection, table) == ["The table thing does not exist."]
    connection.execute(text("CREATE VIEW thing AS SELECT 1 AS id"))
    assert compare(connection, table) == ["thing is a view, not a table."]


def test_types_of_the_databases_own(postgres_url: str) -> None:
    """A domain and a column with a collation are recognized; a missing type is reported."""
    with bookstore.Database(postgres_url) as database, database.engine.begin() as connection:
        table = made(
            {
                "id": column(types.BigInteger()),
                "email": column(types.Text().with_ddl(postgresql="email")),
                "name": column(types.Text().with_ddl(postgresql='VARCHAR(7) COLLATE "C"')),
            },
            primary_key("id"),
        )
        assert compare(connection, table) == ["The table thing does not exist."]
        connection.execute(text("CREATE TABLE thing (id BIGINT PRIMARY KEY, email VARCHAR(320) NOT NULL)"))
        assert compare(connection, table) == ['A type of its columns does not exist: type "email" does not exist.']
        connection.execute(text("DROP TABLE thing"))
        connection.execute(text("CREATE DOMAIN email AS VARCHAR(320)"))
        table.metadata.create_all(connection)
        assert compare(connection, table) == []


def test_a_collation_of_sqlite(sqlite_url: str) -> None:
    """On SQLite DDL with more than a type is recognized."""
    with bookstore.Database(sqlite_url) as database, database.engine.begin() as connection:
        table = made({"id": column(types.Text().with_ddl(sqlite="TEXT COLLATE NOCASE"))}, primary_key("id"))
        table.metadata.create_all(connection)
        assert compare(connection, table) == []


def test_temporary_tables_are_not_in_the_way(connection: Connection) -> None:
    """A temporary table of the same name is ignored."""
    connection.execute(text("CREATE TEMPORARY TABLE thing (x INTEGER)"))
    assert compare(connection, thing()) == ["The table thing does not exist."]


def test_what_a_package_lacks_is_listed(url: str) -> None:
    """`check` reports the differences of every table, `missing_tables` the missing tables."""
    with bookstore.Database(url) as database:
        assert "book" in database.missing_tables()
        database.create()
        with database.session() as session:
            session.execute(text("DROP TABLE order_line"))
            session.execute(text("ALTER TABLE author ADD COLUMN more TEXT"))
        assert database.missing_tables() == ["order_line"]
        assert database.check() == [
            "The table order_line does not exist.",
            "author: The column more was not declared.",
        ]
    with bookstore.Database(url, read_only=True) as database:
        assert database.missing_tables() == ["order_line"]
        assert len(database.check()) == 2

"""Static tables: `create()` with an initializer, and declarations in any order."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError, InvalidRequestError

import bookstore
from bookstore import Author, Database, Session
from tablewright.runtime.errors import (
    MissingTablesError,
    ReadOnlyDatabaseError,
    SchemaAlreadyExistsError,
    TableConflictError,
)
from tablewright.runtime.testing import rolled_back
from tablewright.spec.diagnostic import SpecError
from tablewright.spec.models import ColumnSpec, TableSpec

IDS = ColumnSpec(type="bigint", primary_key=True, autoincrement=True)


def spec_of(**columns: ColumnSpec) -> TableSpec:
    """Return the spec of a table with an id and these columns."""
    return TableSpec(name="dynamic", columns={"id": IDS, **columns})


EGG = spec_of(hen_id=ColumnSpec(type="bigint", nullable=True, references="hen.id"))
HEN = spec_of(
    egg_id=ColumnSpec(type="bigint", nullable=True, references="egg.id", on_delete="set null"),
    owner_id=ColumnSpec(type="bigint", nullable=True, references="author.id"),
)


def stored_tables(database: Database) -> set[str]:
    """Return the tables of the database."""
    with database.engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def fill(session: Session) -> None:
    """Insert the initial rows of a new database."""
    session.add(Author(name="an entity"))
    session.author.insert(name="a row")


def test_create_initializes_its_tables(url: str) -> None:
    """The initializer runs once, in the transaction of the tables, with rows and entities."""
    calls: list[Session] = []

    def initialize(session: Session) -> None:
        calls.append(session)
        with pytest.raises(InvalidRequestError, match="inside"):
            session.commit()
        fill(session)

    with Database(url) as db:
        db.create(initialize=initialize)
        with pytest.raises(SchemaAlreadyExistsError):
            db.create(initialize=initialize)
        db.create(exist_ok=True, initialize=initialize)
        assert len(calls) == 1
        with db.session() as session:
            assert session.author.count() == 2


def test_create_initializes_if_a_table_was_missing(url: str) -> None:
    """With `exist_ok` the initializer runs if any table was created."""
    with Database(url) as db:
        db.create()
        with db.session() as session:
            session.execute(text("DROP TABLE order_line"))
        db.create(exist_ok=True, initialize=fill)
        with db.session() as session:
            assert session.author.count() == 2


@pytest.mark.parametrize("caught", [False, True])
def test_a_failed_initializer_creates_nothing(url: str, caught: bool) -> None:
    """An initializer that fails, or catches the error of a statement that broke its transaction, undoes all."""

    def fail(session: Session) -> None:
        fill(session)
        try:
            session.execute(text("INSERT INTO author (id, name) VALUES (1, 'x'), (1, 'y')"))
        except IntegrityError:
            if not caught:
                raise

    with Database(url) as db:
        with pytest.raises(InvalidRequestError if caught else IntegrityError):
            db.create(initialize=fail)
        assert stored_tables(db) == set()
        db.create(initialize=fill)


def test_create_initializes_in_a_namespace(postgres_url: str) -> None:
    """The initializer writes to the tables of the database's namespace, with any engine."""
    with Database(postgres_url) as db:
        db.create()
        with Database(postgres_url, namespace="other") as other:
            other.create(initialize=fill)
        adopted = Database(db.engine, namespace="third")
        adopted.create(initialize=fill)
        for place, count in ((db, 0), (other, 2), (adopted, 2)):
            with place.session() as session:
                assert session.author.count() == count
        other.dispose()


def test_create_inside_a_test(url: str) -> None:
    """In a transaction that is rolled back, the tables and their initial rows are rolled back too."""
    with Database(url) as db:
        db.create()
        with db.session() as session:
            session.execute(text("DROP TABLE order_line"))
        with rolled_back(db) as (session, inner):
            inner.create(exist_ok=True, initialize=fill)
            assert session.author.count() == 2
            table = inner.ensure_table("egg", spec_of())
            session.table(table).insert()
        assert "order_line" not in stored_tables(db)
        assert "egg" not in stored_tables(db)
        with db.session() as session:
            assert session.author.count() == 0


def test_tables_declared_in_any_order(url: str) -> None:
    """Tables that reference each other, themselves and the package's are created at the end, and initialized."""
    with Database(url) as db:
        db.create()
        with db.declare_static_tables(create=True) as context:
            hen = context.add_table("hen", HEN)
            context.add_initializer(lambda session: session.table(hen).insert_many([{}, {}]))
            egg = context.add_table("egg", EGG)
            context.add_initializer(lambda session: session.table(egg).insert(hen_id=1))
            assert "hen" not in stored_tables(db)
        with db.session() as session:
            assert [row.hen_id for row in session.table(egg).select()] == [1]
            session.table(hen).update(2, egg_id=1)
            session.table(egg).delete(1)
            assert session.table(hen).get_one(2).egg_id is None
            with pytest.raises(IntegrityError), session.nested():
                session.table(hen).insert(owner_id=77)
        with Database(url, read_only=True) as reader, reader.declare_static_tables(create=False) as again:
            again.add_table("egg", EGG)
            again.add_table("hen", HEN)
        assert db.ensure_table("hen", HEN) is hen
        assert sorted({"hen", "egg"} & set(bookstore.metadata.tables)) == []


class Poultry(NamedTuple):
    """A tuple of tables by name."""

    hen: Any
    egg: Any


def test_a_tuple_of_tables(url: str) -> None:
    """A named tuple of definitions becomes a named tuple of tables."""
    with Database(url) as db:
        db.create()
        with db.declare_static_tables(create=True) as context:
            tables = context.add_table_tuple(Poultry(hen=HEN, egg=EGG))
        assert isinstance(tables, Poultry)
        with db.session() as session:
            assert session.table(tables.egg).insert(hen_id=session.table(tables.hen).insert().id).id == 1


def test_one_name_is_one_table(url: str) -> None:
    """Equal declarations are one table; a different one, or the name of a table of the package, is refused."""
    with Database(url) as db, pytest.raises(TableConflictError), db.declare_static_tables(create=True) as context:
        assert context.add_table("a", spec_of()) is context.add_table("a", spec_of())
        with pytest.raises(InvalidRequestError, match="is a table of bookstore"):
            context.add_table("book", spec_of())
        context.add_table("a", EGG)
    assert stored_tables(db) == set()


def test_an_error_in_the_block_creates_nothing(url: str) -> None:
    """An error in the block or in an initializer, or a reference to an undeclared table, leaves no tables."""
    with Database(url) as db:
        db.create()
        before = stored_tables(db)
        with pytest.raises(RuntimeError, match="changed"), db.declare_static_tables(create=True) as context:
            context.add_table("a", spec_of())
            raise RuntimeError("changed my mind")
        with pytest.raises(SpecError, match="no table `hen`"), db.declare_static_tables(create=True) as context:
            context.add_table("a", spec_of())
            context.add_table("egg", EGG)

        def fail(session: Session) -> None:
            fill(session)
            raise RuntimeError("not so")

        with pytest.raises(RuntimeError, match="not so"), db.declare_static_tables(create=True) as context:
            context.add_table("a", spec_of())
            context.add_initializer(fail)
        assert stored_tables(db) == before
        with db.session() as session:
            assert session.author.count() == 0


def test_existing_tables(url: str) -> None:
    """With `create`, existing tables are an error; without it, missing and different tables are."""
    with Database(url) as db:
        db.create()
        with (
            pytest.raises(MissingTablesError, match="2 of the 2 tables are missing in the database: egg, hen"),
            db.declare_static_tables(create=False) as context,
        ):
            context.add_table("egg", EGG)
            context.add_table("hen", HEN)
        db.ensure_table("egg", spec_of())
        with (
            pytest.raises(SchemaAlreadyExistsError, match="1 of the 2 tables already: egg"),
            db.declare_static_tables(create=True) as context,
        ):
            context.add_table("egg", EGG)
            context.add_table("hen", HEN)
        assert "hen" not in stored_tables(db)
        with (
            pytest.raises(TableConflictError, match="egg: The column hen_id is missing"),
            db.declare_static_tables(create=False) as context,
        ):
            context.add_table("egg", spec_of(hen_id=ColumnSpec(type="bigint")))
        with Database(url, read_only=True) as reader, pytest.raises(ReadOnlyDatabaseError):
            reader.declare_static_tables(create=True).__enter__()

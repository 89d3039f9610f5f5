"""Dynamic tables: ensured, found and dropped, in transactions of their own and of the caller."""

from __future__ import annotations

from threading import Barrier, Thread

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import BigInteger, Column, Connection, MetaData, create_engine, event, inspect, select, text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import sessionmaker
from sqlalchemy.schema import CreateTable

import bookstore
import observatory
from bookstore import Database, Session
from tablewright.runtime.errors import ReadOnlyDatabaseError, TableConflictError
from tablewright.schema import types
from tablewright.spec.diagnostic import SpecError
from tablewright.spec.models import ColumnSpec, TableSpec, UniqueSpec

NATIVE = observatory.Session.package.definition
IDS = ColumnSpec(type="bigint", primary_key=True, autoincrement=True)


def spec_of(**columns: ColumnSpec) -> TableSpec:
    """Return the spec of a table with an id and these columns."""
    return TableSpec(name="dynamic", columns={"id": IDS, **columns})


TAGS = spec_of(name=ColumnSpec(type="string", length=40, unique=True))
OTHER = spec_of(name=ColumnSpec(type="string", length=41, unique=True))


def dynamic_tables(database: Database) -> set[str]:
    """Return the tables of the database that are not the bookstore's."""
    with database.engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - set(bookstore.metadata.tables)


def length(table: sqlalchemy.Table) -> int | None:
    """Return the maximum length of a tag's name."""
    column_type = table.c.name.type
    assert isinstance(column_type, types.String)
    return column_type.length


def test_a_table_is_created_once(url: str) -> None:
    """The first call creates the table; later calls return the identical Table, from any handle of the database."""
    with Database(url) as db, db.clone() as clone:
        db.create()
        assert db.get_table("tags", TAGS) is None
        table = db.ensure_table("tags", TAGS)
        assert db.ensure_table("tags", TAGS) is table
        assert db.get_table("tags", TAGS) is table
        assert clone.ensure_table("tags", TAGS) is table
        again = spec_of(name=ColumnSpec(type="string", length=40, unique=True, doc="Another text.", meta={"x": 1}))
        assert db.ensure_table("tags", again) is table
        with db.session() as session:
            assert session.table(table).insert(name="a").id == 1
        assert dynamic_tables(db) == {"tags"}
        assert "tags" not in bookstore.metadata.tables
    with Database(url) as db:
        reopened = db.ensure_table("tags", TAGS)
        assert reopened is not table
        with db.session() as session:
            assert [row.name for row in session.table(reopened).select()] == ["a"]


def test_another_definition_is_a_conflict(url: str) -> None:
    """A conflict lists the differences of names, types, nullability and keys, also for a new handle."""
    conflicts: list[tuple[TableSpec, str]] = [
        (OTHER, "The column name is"),
        (spec_of(), "The column name was not declared"),
        (spec_of(name=ColumnSpec(type="string", length=40, unique=True, nullable=True)), "may not be NULL"),
        (spec_of(name=ColumnSpec(type="string", length=40)), r"The unique key \(name\) was not declared"),
        (spec_of(name=ColumnSpec(type="integer", unique=True)), "The column name is"),
    ]
    with Database(url) as db, Database(url) as another:
        db.create()
        table = db.ensure_table("tags", TAGS)
        for other, message in conflicts:
            for handle in (db, another):
                with pytest.raises(TableConflictError, match=message):
                    handle.ensure_table("tags", other)
                with pytest.raises(TableConflictError, match=message):
                    handle.get_table("tags", other)
        assert db.ensure_table("tags", TAGS).columns.keys() == table.columns.keys()
        with db.session() as session, pytest.raises(TableConflictError):
            session.ensure_table("tags", OTHER)


def test_a_read_only_database(url: str) -> None:
    """A read-only database finds an existing table; creating a missing one is an error that gives the reason."""
    Database(url).create()
    with Database(url, read_only=True) as db:
        with pytest.raises(ReadOnlyDatabaseError, match="no table tags"):
            db.ensure_table("tags", TAGS)
        with pytest.raises(ReadOnlyDatabaseError):
            db.drop_table("tags")
        assert db.get_table("tags", TAGS) is None
        with db.session() as session, pytest.raises(ReadOnlyDatabaseError, match="no table tags"):
            session.ensure_table("tags", TAGS)
        with Database(url) as writer:
            writer.ensure_table("tags", TAGS)
            with writer.session(read_only=True) as session:
                with pytest.raises(ReadOnlyDatabaseError):
                    session.ensure_table("more", TAGS)
                session.ensure_table("tags", TAGS)
                assert session.author.count() == 0
        table = db.ensure_table("tags", TAGS)
        with db.session() as session:
            assert session.ensure_table("tags", TAGS) is table
            assert session.table(table).count() == 0


def test_in_a_transaction(url: str) -> None:
    """In a session the table is part of its transaction: a rollback undoes it, and the next one creates it again."""
    with Database(url) as db:
        db.create()
        with pytest.raises(RuntimeError, match="undo"), db.session() as session:
            session.author.insert(name="gone")
            table = session.ensure_table("tags", TAGS)
            session.table(table).insert(name="gone")
            assert session.ensure_table("tags", TAGS) is table
            raise RuntimeError("undo")
        assert dynamic_tables(db) == set()
        assert db.get_table("tags", TAGS) is None
        with db.session() as session:
            session.author.insert(name="kept")
            with pytest.raises(RuntimeError, match="this"), session.nested():
                session.ensure_table("tags", TAGS)
                raise RuntimeError("this")
            table = session.ensure_table("tags", TAGS)
            session.table(table).insert(name="kept")
        assert db.get_table("tags", TAGS) is table
        with db.session() as session:
            assert [row.name for row in session.table(table).select()] == ["kept"]
            assert session.author.count() == 1


def test_a_conflict_leaves_the_transaction_usable(url: str) -> None:
    """A conflict leaves the session's transaction unchanged."""
    with Database(url) as db:
        db.create()
        db.ensure_table("tags", TAGS)
        with db.session() as session:
            session.author.insert(name="kept")
            with pytest.raises(TableConflictError):
                session.ensure_table("tags", OTHER)
        with db.session() as session:
            assert session.author.count() == 1


def test_sessions_without_a_database(url: str) -> None:
    """Sessions over an engine of the caller create tables too."""
    engine = create_engine(url)
    with sessionmaker(engine, class_=Session).begin() as session:
        table = session.ensure_table("tags", TAGS)
        session.table(table).insert(name="a")
    assert Database(engine).ensure_table("tags", TAGS) is table
    engine.dispose()


def test_tables_that_reference_the_packages(url: str) -> None:
    """A table may reference the package's tables, join them by the foreign key, and use their enums."""
    reading = TableSpec(
        name="reading",
        columns={
            "id": IDS,
            "author_id": ColumnSpec(type="bigint", references="author.id", on_delete="cascade"),
            "genre": ColumnSpec(type="genre", default="fiction"),
            "before": ColumnSpec(type="bigint", nullable=True, references="reading.id"),
        },
        unique=[UniqueSpec(columns=["author_id", "genre"])],
    )
    with Database(url) as db:
        db.create()
        table = db.ensure_table("reading", reading)
        author = bookstore.metadata.tables["author"]
        with db.session() as session:
            first = session.table(table).insert(author_id=session.author.insert(name="Someone").id)
            session.table(table).insert(author_id=first.author_id, genre=bookstore.Genre.POETRY, before=first.id)
            joined = select(author.c.name, table.c.genre).select_from(table.join(author)).order_by(table.c.id)
            assert session.execute(joined).all() == [("Someone", "fiction"), ("Someone", "poetry")]
            session.author.delete(first.author_id)
            assert session.table(table).count() == 0
        assert sorted(bookstore.metadata.tables) == sorted(set(bookstore.metadata.tables) - {"reading"})


def test_tables_that_reference_each_other(url: str) -> None:
    """Tables that reference each other are created together; later ones may reference existing tables."""
    child = spec_of(parent=ColumnSpec(type="bigint", nullable=True, references="parents.id"))
    parent = spec_of(favourite=ColumnSpec(type="bigint", nullable=True, references="children.id"))
    late = spec_of(child=ColumnSpec(type="bigint", references="children.id", on_delete="cascade"))
    with Database(url) as db:
        db.create()
        with pytest.raises(SpecError, match="no table `parents`"):
            db.ensure_table("children", child)
        tables = db.ensure_tables({"children": child, "parents": parent})
        assert db.ensure_tables({"parents": parent, "children": child}) == tables
        toys = db.ensure_table("toys", late)
        with db.session() as session:
            up = session.table(tables["parents"]).insert()
            down = session.table(tables["children"]).insert(parent=up.id)
            session.table(tables["parents"]).update(up.id, favourite=down.id)
            session.table(toys).insert(child=down.id)
            session.table(tables["parents"]).update(up.id, favourite=None)
            session.table(tables["children"]).delete(down.id)
            assert session.table(toys).count() == 0
        assert dynamic_tables(db) == {"children", "parents", "toys"}


def test_some_of_several_exist(url: str) -> None:
    """An existing table among several is the identical Table; if it was dropped, it is created again with them."""
    with Database(url) as db:
        first = db.ensure_table("a", TAGS)
        pointing = spec_of(a_id=ColumnSpec(type="bigint", references="a.id"))
        tables = db.ensure_tables({"b": pointing, "a": TAGS})
        assert tables["a"] is first
        assert tables["b"].join(first).onclause is not None
        db.drop_table("b")
        db.drop_table("a")
        again = db.ensure_tables({"b": pointing, "a": TAGS})
        assert dynamic_tables(db) == {"a", "b"}
        assert again["a"].columns.keys() == first.columns.keys()


def test_native_enums_are_shared(postgres_url: str) -> None:
    """A native enum of the package can be used before and after the package's tables exist, and outlives them."""
    spec = spec_of(state=ColumnSpec(type=next(item.name for item in NATIVE.enums if item.native)))
    with observatory.Database(postgres_url) as db:
        db.ensure_table("states", spec)
        db.create()
        assert db.check() == []
        db.ensure_table("states", spec)
        db.drop_table("states")
        assert db.check() == []
        db.ensure_table("states", spec)


def test_several_are_created_or_none(url: str) -> None:
    """If one of several tables is in conflict, none of the others is created."""
    with Database(url) as db:
        db.ensure_table("b", TAGS)
        with pytest.raises(TableConflictError, match="table b of the database differs"):
            db.ensure_tables({"a": TAGS, "b": OTHER, "c": TAGS})
        assert dynamic_tables(db) == {"b"}


def test_the_forms_of_a_definition(url: str) -> None:
    """A table is defined by a TableSpec, by a canonical definition, or by a SQLAlchemy Table."""
    stock_metadata = MetaData()
    stock = sqlalchemy.Table(
        "stock",
        stock_metadata,
        Column("id", BigInteger, primary_key=True),
        Column("up", sqlalchemy.ForeignKey("stock.id")),
    )
    with Database(url) as db:
        db.ensure_table("tags", TAGS)
        by_definition = db.ensure_table("more", TAGS.definition("tags"))
        assert {item.name for item in by_definition.constraints} >= {"more_pkey", "more_name_key"}
        assert db.ensure_table("more", TAGS) is by_definition
        table = db.ensure_table("stock", stock)
        assert db.ensure_table("stock", stock) is table
        assert db.ensure_table("stock2", stock).name == "stock2"
        assert dynamic_tables(db) == {"more", "stock", "stock2", "tags"}
        assert stock.metadata is stock_metadata


def test_drop(url: str) -> None:
    """A dropped table can be created again with another definition; a table of the package is refused."""
    with Database(url) as db:
        db.create()
        db.ensure_table("tags", TAGS)
        assert db.drop_table("tags")
        assert not db.drop_table("tags")
        assert db.get_table("tags", TAGS) is None
        assert length(db.ensure_table("tags", OTHER)) == 41
        with pytest.raises(InvalidRequestError, match="is a table of bookstore"):
            db.drop_table("book")
        with pytest.raises(InvalidRequestError, match="is a table of bookstore"):
            db.ensure_table("book", TAGS)
        assert db.missing_tables() == []


def test_a_table_dropped_by_another_program(url: str) -> None:
    """Changes of a table by other programs are noticed: the database is read each time."""
    with Database(url) as db, Database(url) as other:
        table = db.ensure_table("tags", TAGS)
        other.drop_table("tags")
        assert db.get_table("tags", TAGS) is None
        assert db.ensure_table("tags", TAGS) is table
        assert dynamic_tables(db) == {"tags"}


def test_namespaces(postgres_url: str) -> None:
    """Namespaces of one Postgres contain different tables of one name; a missing namespace is created."""
    with Database(postgres_url, namespace="one") as one, Database(postgres_url, namespace="two") as two:
        two.create()
        assert one.get_table("tags", TAGS) is None
        first, second = one.ensure_table("tags", TAGS), two.ensure_table("tags", OTHER)
        assert (length(first), length(second)) == (40, 41)
        assert one.ensure_table("tags", TAGS) is first
    engine = create_engine(postgres_url)
    one, two = Database(engine, namespace="one"), Database(engine, namespace="two")
    first = one.ensure_table("tags", TAGS)
    assert two.ensure_table("tags", OTHER) is not first
    assert one.ensure_table("tags", TAGS) is first
    engine.dispose()


def test_created_by_another_program_at_the_same_time(postgres_url: str) -> None:
    """If another program creates the table between the check and the creation, it is used, or refused if it differs."""
    with Database(postgres_url) as db:
        seen: list[str] = []

        def create_elsewhere(table: sqlalchemy.Table, connection: Connection, **_: object) -> None:
            seen.append(table.name)
            sql = str(CreateTable(table).compile(dialect=connection.dialect))
            with psycopg.connect(postgres_url.replace("+psycopg", "")) as other:
                other.execute(sql if table.name == "tags" else "CREATE TABLE other (id INTEGER)")

        event.listen(sqlalchemy.Table, "before_create", create_elsewhere)
        try:
            table = db.ensure_table("tags", TAGS)
            with pytest.raises(TableConflictError, match="The column name is missing"):
                db.ensure_table("other", TAGS)
        finally:
            event.remove(sqlalchemy.Table, "before_create", create_elsewhere)
        assert seen == ["tags", "other"]
        assert db.ensure_table("tags", TAGS) is table


def test_threads_at_once(url: str) -> None:
    """Threads that ensure a table at the same time, by one handle and by clones, get the same Table."""
    with Database(url) as db:
        db.create()
        barrier, results, failed = Barrier(8), list[sqlalchemy.Table](), list[BaseException]()

        def work(handle: Database) -> None:
            try:
                barrier.wait()
                for number in range(5):
                    results.append(handle.ensure_table(f"tags{number}", TAGS))
            except BaseException as error:
                failed.append(error)

        handles = [db if number % 2 else db.clone() for number in range(8)]
        threads = [Thread(target=work, args=(handle,)) for handle in handles]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert len(set(map(id, results))) == 5
        assert dynamic_tables(db) == {f"tags{number}" for number in range(5)}
        for handle in handles:
            handle.dispose()


def test_long_names(url: str) -> None:
    """Tables and columns with names of 42 and 49 characters, too long for constraint names, can be created."""
    name, column = "a" * 42, "b" * 49
    spec = TableSpec(
        name=name,
        columns={
            "id": IDS,
            column: ColumnSpec(type="string", length=5, unique=True, index=True),
            "up": ColumnSpec(type="bigint", nullable=True, references=f"{name}.id"),
        },
    )
    with Database(url) as db:
        db.create()
        table = db.ensure_table(name, spec)
        names = [*(item.name for item in table.constraints), *(item.name for item in table.indexes)]
        assert all(len(str(name).encode()) <= 63 for name in names)
        assert db.ensure_table(name, spec) is table
        with db.session() as session:
            session.execute(text("SELECT 1"))
            session.table(table).insert(**{column: "x"})
            assert session.table(table).count() == 1

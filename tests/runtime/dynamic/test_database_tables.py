"""Tables beside those of a package: ensured, found, dropped, in transactions of their own and of others."""

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


def said(**columns: ColumnSpec) -> TableSpec:
    """A table with an id and these columns."""
    return TableSpec(name="said", columns={"id": IDS, **columns})


TAGS = said(name=ColumnSpec(type="string", length=40, unique=True))
OTHER = said(name=ColumnSpec(type="string", length=41, unique=True))


def there(database: Database) -> set[str]:
    """The tables of the database that are not the bookstore's."""
    with database.engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - set(bookstore.metadata.tables)


def length(table: sqlalchemy.Table) -> int | None:
    """The longest name of a tag."""
    column_type = table.c.name.type
    assert isinstance(column_type, types.String)
    return column_type.length


def test_a_table_is_made_once(url: str) -> None:
    """The first call makes the table; every other one gives the identical Table, by any handle on the database."""
    with Database(url) as db, db.clone() as twin:
        db.create()
        assert db.get_table("tags", TAGS) is None
        table = db.ensure_table("tags", TAGS)
        assert db.ensure_table("tags", TAGS) is table
        assert db.get_table("tags", TAGS) is table
        assert twin.ensure_table("tags", TAGS) is table
        again = said(name=ColumnSpec(type="string", length=40, unique=True, doc="Said otherwise.", meta={"x": 1}))
        assert db.ensure_table("tags", again) is table
        with db.session() as session:
            assert session.table(table).insert(name="a").id == 1
        assert there(db) == {"tags"}
        assert "tags" not in bookstore.metadata.tables
    with Database(url) as db:
        found = db.ensure_table("tags", TAGS)
        assert found is not table
        with db.session() as session:
            assert [row.name for row in session.table(found).select()] == ["a"]


def test_another_table_of_the_name_is_a_conflict(url: str) -> None:
    """What differs is said: names, types, nullability, keys; by those who know the table and by those who do not."""
    conflicts: list[tuple[TableSpec, str]] = [
        (OTHER, "The column name is"),
        (said(), "The column name was not declared"),
        (said(name=ColumnSpec(type="string", length=40, unique=True, nullable=True)), "may not be NULL"),
        (said(name=ColumnSpec(type="string", length=40)), r"The unique key \(name\) was not declared"),
        (said(name=ColumnSpec(type="integer", unique=True)), "The column name is"),
    ]
    with Database(url) as db, Database(url) as stranger:
        db.create()
        table = db.ensure_table("tags", TAGS)
        for other, said_of_it in conflicts:
            for place in (db, stranger):
                with pytest.raises(TableConflictError, match=said_of_it):
                    place.ensure_table("tags", other)
                with pytest.raises(TableConflictError, match=said_of_it):
                    place.get_table("tags", other)
        assert db.ensure_table("tags", TAGS).columns.keys() == table.columns.keys()
        with db.session() as session, pytest.raises(TableConflictError):
            session.ensure_table("tags", OTHER)


def test_a_database_for_reading(url: str) -> None:
    """A table that is there is found; one that is not cannot be made, and the error says why."""
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
    """In a session the table is part of its transaction: a rollback undoes it, and the next one makes it again."""
    with Database(url) as db:
        db.create()
        with pytest.raises(RuntimeError, match="undo"), db.session() as session:
            session.author.insert(name="gone")
            table = session.ensure_table("tags", TAGS)
            session.table(table).insert(name="gone")
            assert session.ensure_table("tags", TAGS) is table
            raise RuntimeError("undo")
        assert there(db) == set()
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


def test_after_a_refusal_the_transaction_goes_on(url: str) -> None:
    """A conflict leaves the session's transaction as it was."""
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
    """Sessions over an engine of the user's make tables too."""
    engine = create_engine(url)
    with sessionmaker(engine, class_=Session).begin() as session:
        table = session.ensure_table("tags", TAGS)
        session.table(table).insert(name="a")
    assert Database(engine).ensure_table("tags", TAGS) is table
    engine.dispose()


def test_tables_that_point_at_the_packages(url: str) -> None:
    """A table may point at the package's tables, which are joined by that, and has their enums."""
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


def test_tables_that_point_at_each_other(url: str) -> None:
    """Tables that point at each other are made together; later ones may point at those that are known."""
    child = said(parent=ColumnSpec(type="bigint", nullable=True, references="parents.id"))
    parent = said(favourite=ColumnSpec(type="bigint", nullable=True, references="children.id"))
    late = said(child=ColumnSpec(type="bigint", references="children.id", on_delete="cascade"))
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
        assert there(db) == {"children", "parents", "toys"}


def test_some_of_several_are_known(url: str) -> None:
    """A table that was said before is the identical one among several, made again with them where it is gone."""
    with Database(url) as db:
        first = db.ensure_table("a", TAGS)
        pointing = said(a_id=ColumnSpec(type="bigint", references="a.id"))
        tables = db.ensure_tables({"b": pointing, "a": TAGS})
        assert tables["a"] is first
        assert tables["b"].join(first).onclause is not None
        db.drop_table("b")
        db.drop_table("a")
        again = db.ensure_tables({"b": pointing, "a": TAGS})
        assert there(db) == {"a", "b"}
        assert again["a"].columns.keys() == first.columns.keys()


def test_native_enums_are_shared(postgres_url: str) -> None:
    """A native enum of the package serves other tables before and after the package's are made, and outlives them."""
    spec = said(state=ColumnSpec(type=next(item.name for item in NATIVE.enums if item.native)))
    with observatory.Database(postgres_url) as db:
        db.ensure_table("states", spec)
        db.create()
        assert db.check() == []
        db.ensure_table("states", spec)
        db.drop_table("states")
        assert db.check() == []
        db.ensure_table("states", spec)


def test_several_are_all_or_none(url: str) -> None:
    """Where one of several is in conflict, none of the others is made."""
    with Database(url) as db:
        db.ensure_table("b", TAGS)
        with pytest.raises(TableConflictError, match="table b of the database differs"):
            db.ensure_tables({"a": TAGS, "b": OTHER, "c": TAGS})
        assert there(db) == {"b"}


def test_the_forms_of_a_definition(url: str) -> None:
    """A table is said by a TableSpec, by a canonical definition, or by a table of SQLAlchemy's."""
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
        assert there(db) == {"more", "stock", "stock2", "tags"}
        assert stock.metadata is stock_metadata


def test_drop(url: str) -> None:
    """A table that is dropped is gone, and can be made again, otherwise; the package's own are refused."""
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


def test_a_table_that_others_dropped(url: str) -> None:
    """What others did to a table is seen: nothing is taken from memory."""
    with Database(url) as db, Database(url) as other:
        table = db.ensure_table("tags", TAGS)
        other.drop_table("tags")
        assert db.get_table("tags", TAGS) is None
        assert db.ensure_table("tags", TAGS) is table
        assert there(db) == {"tags"}


def test_namespaces(postgres_url: str) -> None:
    """Namespaces of one Postgres hold different tables of one name; a namespace that is not there is made."""
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


def test_made_by_somebody_who_does_not_wait(postgres_url: str) -> None:
    """Where another program makes the table between the look and the making, it is taken, or refused, as it is."""
    with Database(postgres_url) as db:
        seen: list[str] = []

        def meanwhile(table: sqlalchemy.Table, connection: Connection, **_: object) -> None:
            seen.append(table.name)
            sql = str(CreateTable(table).compile(dialect=connection.dialect))
            with psycopg.connect(postgres_url.replace("+psycopg", "")) as other:
                other.execute(sql if table.name == "tags" else "CREATE TABLE other (id INTEGER)")

        event.listen(sqlalchemy.Table, "before_create", meanwhile)
        try:
            table = db.ensure_table("tags", TAGS)
            with pytest.raises(TableConflictError, match="The column name is missing"):
                db.ensure_table("other", TAGS)
        finally:
            event.remove(sqlalchemy.Table, "before_create", meanwhile)
        assert seen == ["tags", "other"]
        assert db.ensure_table("tags", TAGS) is table


def test_threads_at_once(url: str) -> None:
    """Threads that ensure a table at the same moment, by one handle and by clones, get the one table."""
    with Database(url) as db:
        db.create()
        barrier, found, failed = Barrier(8), list[sqlalchemy.Table](), list[BaseException]()

        def work(place: Database) -> None:
            try:
                barrier.wait()
                for number in range(5):
                    found.append(place.ensure_table(f"tags{number}", TAGS))
            except BaseException as error:
                failed.append(error)

        places = [db if number % 2 else db.clone() for number in range(8)]
        threads = [Thread(target=work, args=(place,)) for place in places]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert len(set(map(id, found))) == 5
        assert there(db) == {f"tags{number}" for number in range(5)}
        for place in places:
            place.dispose()


def test_long_names(url: str) -> None:
    """Names of tables and columns of 42 and 49 characters leave room for no constraint's name, and all is made."""
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

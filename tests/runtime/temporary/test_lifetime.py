"""Temporary tables when their block, savepoint or transaction ends in an unusual way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError, OperationalError

from bookstore import Book, Database, Session
from bookstore.tables.author import AuthorTable
from tablewright.runtime.errors import TransactionLostError
from tablewright.runtime.testing import rolled_back

KEPT = {
    "sqlite": "SELECT name FROM sqlite_temp_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgresql": "SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'",
}


@pytest.fixture
def shop(url: str) -> Iterator[Database]:
    """Create the bookstore with two authors."""
    with Database(url) as database:
        database.create()
        with database.session() as session:
            session.author.insert_many([{"name": "a"}, {"name": "b"}])
        yield database


def remaining_tables(engine: Engine) -> list[str]:
    """Return the temporary tables that remain in the pooled connection."""
    with engine.connect() as connection:
        return list(connection.scalars(text(KEPT[connection.dialect.name])))


def fail(session: Session) -> None:
    """Break the transaction, up to the next savepoint."""
    with pytest.raises(IntegrityError):
        session.execute(text("INSERT INTO author (name) VALUES (NULL)"))


def test_a_lost_connection_raises_the_blocks_error(postgres_url: str) -> None:
    """After a lost connection the error of the block is raised, and the next session has a new connection."""
    with Database(postgres_url) as db:
        db.create()
        with (
            pytest.raises(OperationalError) as caught,
            db.session() as session,
            session.temporary_table(AuthorTable, "scratch") as scratch,
        ):
            kill(db, session)
            scratch.count()
        assert caught.value.connection_invalidated
        with db.session() as session, session.temporary_table(AuthorTable, "scratch") as scratch:
            assert scratch.count() == 0
        assert remaining_tables(db.engine) == []


def kill(db: Database, session: Session) -> None:
    """End the session's connection on the server."""
    pid = session.connection().connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]  # psycopg's own
    with db.clone() as other, other.session() as killer:
        assert killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid}).scalar_one()


@pytest.mark.parametrize("read_only", [False, True])
def test_an_error_in_the_block_is_raised_unchanged(shop: Database, read_only: bool) -> None:
    """An error of Python, or one of the database that breaks the transaction, is raised unchanged; no table remains."""
    raised = ZeroDivisionError()
    for wanted in (raised, None):
        with (
            pytest.raises(ZeroDivisionError if wanted else DBAPIError) as caught,
            shop.session(read_only=read_only) as session,
            session.temporary_table(AuthorTable, "scratch"),
        ):
            if wanted:
                raise wanted
            session.execute(text("nothing at all"))
        assert caught.value is (wanted or caught.value)
        assert not hasattr(caught.value, "__notes__")
    assert remaining_tables(shop.engine) == []


def test_an_error_caught_in_the_block_is_raised_at_its_end(shop: Database) -> None:
    """If an error is caught inside the block, the end of the block raises, as the session would."""
    with pytest.raises(TransactionLostError), shop.session() as session, session.temporary_table(AuthorTable):
        fail(session)
    assert remaining_tables(shop.engine) == []


def test_a_broken_block_frees_the_name(shop: Database) -> None:
    """If a block ends in a broken transaction, a rollback to a savepoint makes the table's name free."""
    with shop.session() as session:
        with pytest.raises(TransactionLostError), session.temporary_table(AuthorTable, "scratch"):
            session.savepoint("inside")
            fail(session)
        session.rollback_to("inside")
        with session.temporary_table(AuthorTable, "scratch") as scratch:
            assert scratch.count() == 0
        session.author.insert(name="c")
    assert remaining_tables(shop.engine) == []
    with shop.session() as session:
        assert session.author.count() == 3


@pytest.mark.parametrize("place", ["file", "memory", "file, foreign engine"])
def test_sqlite_drops_nothing_during_a_read(sqlite_url: str, place: str) -> None:
    """A table that is still read is emptied and hidden at the end of its block, and dropped with the transaction."""
    target = "sqlite://" if place == "memory" else create_engine(sqlite_url) if "foreign" in place else sqlite_url
    with Database(target) as db:
        db.create()
        for _ in range(2):
            with db.session() as session:
                session.author.insert_many([{"name": "a"}, {"name": "b"}])
                reading = session.execute(select(session.author.table.c.name))
                assert reading.fetchone() == ("a",)
                for _ in range(2):
                    with session.temporary_table(AuthorTable, "scratch") as scratch:
                        scratch.insert(name="x")
                assert reading.fetchone() == ("b",)
                assert len(reading.fetchall()) in (0, 2)
            assert remaining_tables(db.engine) == []


def test_a_table_restored_by_a_rollback_is_dropped(shop: Database) -> None:
    """A table that was dropped in a savepoint during a read is dropped again after the savepoint's rollback."""
    with shop.session() as session:
        reading = session.execute(select(session.author.table.c.name))
        assert reading.fetchone() == ("a",)
        scratch = session.make_temporary_table(AuthorTable, "scratch")
        scratch.insert(name="x")
        with pytest.raises(ZeroDivisionError), session.nested():
            session.drop_temporary_table(scratch)
            raise ZeroDivisionError
        assert scratch.count() == 1
        reading.close()
    assert remaining_tables(shop.engine) == []


@pytest.mark.parametrize("place", ["file", "memory"])
def test_a_result_read_after_its_session(sqlite_url: str, place: str) -> None:
    """The connection of a file is discarded; that of a database in memory keeps the table, emptied and hidden."""
    with Database("sqlite://" if place == "memory" else sqlite_url) as db:
        db.create()
        for _ in range(2):
            with db.session() as session:
                session.author.insert_many([{"name": "a"}, {"name": "b"}])
                reading = session.execute(select(session.author.table.c.name))
                assert reading.fetchone() == ("a",)
                session.make_temporary_table(AuthorTable, "scratch").insert(name="x")
            remaining = remaining_tables(db.engine)
            assert "scratch" not in remaining
            assert place == "memory" or remaining == []
            with db.session() as session:
                assert [session.execute(text(f"SELECT count(*) FROM {name}")).scalar() for name in remaining] == [
                    0
                ] * len(remaining)
        with db.session() as session:
            assert session.author.count() == 4


def test_a_commit_from_inside_a_savepoint(shop: Database) -> None:
    """A commit of the whole transaction from inside a savepoint drops the table too."""
    with Session(shop) as session:
        transaction = session.begin()
        session.begin_nested()
        session.make_temporary_table(AuthorTable, "scratch").insert(name="x")
        transaction.commit()
        assert remaining_tables(shop.engine) == []
        session.begin_nested()
        session.make_temporary_table(AuthorTable, "scratch").insert(name="x")
        session.commit()
    assert remaining_tables(shop.engine) == []


@pytest.mark.parametrize("end", ["commit", "rollback", "close", "fail"])
@pytest.mark.parametrize("mode", ["create_savepoint", "rollback_only", "control_fully"])
def test_in_another_sessions_transaction(shop: Database, end: str, mode: Any) -> None:
    """Temporary tables end with their session, even if the outer transaction continues."""
    with shop.engine.connect() as connection:
        for _ in range(2):
            outer = connection.begin()
            session = Session(connection, join_transaction_mode=mode)
            session.make_temporary_table(AuthorTable, "scratch").insert(name="x")
            if end == "fail":
                fail(session)
                session.rollback()
            else:
                getattr(session, end)()
            session.close()
            if outer.is_active:
                assert list(connection.scalars(text(KEPT[connection.dialect.name]))) == []
                outer.commit()
            elif connection.in_transaction():
                connection.rollback()
    assert remaining_tables(shop.engine) == []


def test_in_a_test_that_is_rolled_back(shop: Database) -> None:
    """With the test fixtures, successive sessions may use one name, including read-only sessions."""
    with rolled_back(shop) as (session, database):
        for read_only in (False, True, False):
            with database.session(read_only=read_only) as inner:
                scratch = inner.make_temporary_table(AuthorTable, "scratch")
                assert scratch.insert_from(select(inner.author.table)) == inner.author.count()
                if read_only:
                    with pytest.raises(DBAPIError), inner.nested():
                        inner.author.insert(name="c")
                else:
                    inner.author.insert(name="d")
        assert session.author.count() == 4
        session.make_temporary_table(AuthorTable, "scratch")
    assert remaining_tables(shop.engine) == []


# Read-only transactions of Postgres.


@pytest.fixture
def reader(shop: Database, url: str) -> Iterator[Database]:
    """Open the database of `shop` read only."""
    with Database(url, read_only=True) as database:
        yield database


def test_not_in_a_savepoint_of_a_read_only_session(reader: Database, url: str) -> None:
    """On Postgres, creating or dropping one in a read-only savepoint is a clear error; SQLite allows it."""
    with reader.session() as session:
        outside = session.make_temporary_table(AuthorTable)
        if url.startswith("sqlite"):
            with session.nested():
                session.drop_temporary_table(outside)
                session.make_temporary_table(AuthorTable)
            return
        for verb in (lambda: session.make_temporary_table(AuthorTable), lambda: session.drop_temporary_table(outside)):
            with session.nested(), pytest.raises(InvalidRequestError, match="outside of savepoints"):
                verb()
        assert outside.count() == 0
        session.drop_temporary_table(outside)
    assert remaining_tables(reader.engine) == []


@pytest.mark.parametrize("opened", ["by URL", "by engine", "by hand", "session", "namespace"])
def test_a_read_only_transaction_stays_read_only(postgres_url: str, opened: str) -> None:
    """A read-only transaction of any kind refuses READ WRITE, and existing rows can be read."""
    namespace = "shop" if opened == "namespace" else None
    with Database(postgres_url, namespace=namespace) as writer:
        writer.create()
        with writer.session() as session:
            session.author.insert(name="a")
        engine = create_engine(postgres_url)
        options = {"read_only": opened != "session", "namespace": namespace}
        with Database(engine if opened == "by engine" else postgres_url, **options) as db:  # type: ignore[arg-type]
            for _ in range(3):
                with Session(db) if opened == "by hand" else db.session(read_only=True) as session:
                    assert session.author.count() == 1
                    session.drop_temporary_table(session.make_temporary_table(AuthorTable))
                    for statement in ("SET TRANSACTION READ WRITE", "DELETE FROM author", "TRUNCATE author CASCADE"):
                        with pytest.raises(DBAPIError, match="read-only"), session.nested():
                            session.execute(text(statement))
                    assert session.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
        with engine.begin() as connection:
            assert connection.execute(text("SHOW transaction_read_only")).scalar_one() == "off"
        engine.dispose()


def test_reading_by_hand_in_many_transactions(reader: Database) -> None:
    """In a session by hand on a read-only database, each transaction may create its own, and writes nothing else."""
    with Session(reader) as session:
        for end in (session.commit, session.rollback, session.commit):
            assert session.make_temporary_table(AuthorTable, "scratch").insert_from(select(session.author.table)) == 2
            with pytest.raises(DBAPIError), session.nested():
                session.author.insert(name="c")
            end()
    assert remaining_tables(reader.engine) == []


def test_entities_are_read_in_the_same_session(reader: Database) -> None:
    """In a read-only session with a temporary table, rows and entities can be read."""
    with reader.session() as session, session.temporary_table(AuthorTable) as authors:
        assert session.scalars(select(Book)).all() == []
        assert authors.insert_many(session.author.select()) == 2


def test_memory_of_a_callers_engine() -> None:
    """After a read-only session on a connection of a caller's engine, the connection can write again."""
    engine = create_engine("sqlite://")
    db = Database(engine)
    db.create()
    for _ in range(2):
        with db.session(read_only=True) as session:
            session.make_temporary_table(AuthorTable, "scratch").insert(name="x")
            for statement in (
                "PRAGMA user_version = 7",
                "ATTACH ':memory:' AS more",
                "INSERT INTO author (name) VALUES (1)",
            ):
                with pytest.raises(DBAPIError, match="not authorized"), session.nested():
                    session.execute(text(statement))
        with db.session() as session:
            session.author.insert(name="a")
        assert remaining_tables(engine) == []
    engine.dispose()

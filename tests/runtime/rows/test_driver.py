"""How statements reach the driver: the events of listeners, and the errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

import bookstore
from tablewright.runtime.rows import driver, driver_errors
from tablewright.runtime.rows.driver_errors import raise_wrapped, raise_wrapped_publicly
from tests.runtime.books import author_id, book


def use(session: bookstore.Session) -> list[object]:
    """One statement of every kind."""
    author = author_id(session)
    row = session.book.insert(**book(author, 1))
    return [
        author,
        row.isbn,
        session.book.update(row.id, stock=3) is not None,
        session.book.get(row.id) is not None,
        session.book.get_by_isbn("isbn 1") is not None,
        session.book.insert_many([book(author, 2)]),
        session.book.ensure([book(author, 2), book(author, 3)]),
        len(session.book.insert_many_returning([book(author, 4)])),
        session.book.upsert(_conflict="isbn", **book(author, 1)).stock,
        session.book.delete(row.id),
        session.book.count(),
    ]


@contextmanager
def listening(target: Any, name: str, seen: list[str]) -> Iterator[None]:
    """Record every call of the event *name*."""

    def before_execute(connection: Any, statement: Any, *rest: Any) -> None:
        seen.append(type(statement).__name__)

    def cursor_execute(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        assert context is not None
        seen.append(statement.split()[0])

    def do_execute(cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement.split()[0])

    listener = {"before_execute": before_execute, "after_execute": before_execute, "do_execute": do_execute}.get(
        name, cursor_execute
    )
    event.listen(target, name, listener)
    try:
        yield
    finally:
        event.remove(target, name, listener)


@pytest.mark.parametrize(
    "name", ["before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute", "do_execute"]
)
def test_listeners_see_every_statement(shop: bookstore.Database, name: str) -> None:
    """With any listener the results are the same, and each statement reaches it."""
    seen: list[str] = []
    with shop.session() as session:
        silent = use(session)
        session.author.truncate(cascade=True)
    with listening(shop.engine, name, seen), shop.session() as session:
        told = use(session)
    assert told[1:] == silent[1:]
    kinds = [kind.lower() for kind in seen]
    wanted = ["insert", "update", "select", "delete"]
    assert set(wanted) <= set(kinds)
    assert len([kind for kind in kinds if kind in (*wanted, "copy")]) >= 10


def test_a_listener_of_the_connection_and_of_all_engines(shop: bookstore.Database) -> None:
    """Late listeners, on one connection or the Engine class, are called from the next statement on."""
    with shop.session() as session:
        author = author_id(session)
        for target in (session.connection(), Engine):
            seen: list[str] = []
            with listening(target, "before_cursor_execute", seen):
                session.author.get(author)
            session.author.get(author)
            assert seen == ["SELECT"]


def test_echo_logs_row_statements(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """`echo=True` shows the statements of rows, COPY too."""
    with bookstore.Database(url, echo=True) as database:
        database.create()
        caplog.clear()
        with database.session() as session:
            session.author.insert(name="A")
            session.author.insert_many([{"name": "B"}])
    logged = " ".join(record.getMessage() for record in caplog.records)
    assert "INSERT INTO author (name)" in logged
    assert logged.count("INSERT INTO author") + logged.count("COPY author") >= 2


def test_nobody_listening_takes_the_drivers_cursor(shop: bookstore.Database) -> None:
    """The verbs by key do not use SQLAlchemy's execution, also with listeners for other events."""
    event.listen(shop.engine, "begin", lambda connection: None)
    with shop.session() as session:
        author = author_id(session)
        with mock.patch.object(Connection, "execute", side_effect=AssertionError):
            assert session.author.get(author) is not None
            assert session.author.update(author, name="B") is not None
            assert session.author.delete(author)
            assert session.author.insert(name="C").name == "C"


def test_both_ways_raise_the_same_error(shop: bookstore.Database) -> None:
    """Class, cause, statement and the handle_error event are the same by the driver and by SQLAlchemy."""
    handled: list[Any] = []
    event.listen(shop.engine, "handle_error", lambda context: handled.append(context))
    caught: list[IntegrityError] = []
    for listen in (False, True):
        with pytest.raises(IntegrityError) as error, shop.session() as session:
            if listen:
                event.listen(session.connection(), "before_cursor_execute", lambda *_: None)
            author_id(session)
            session.customer.insert(email="a", name="A")
            session.customer.insert(email="a", name="A")
        caught.append(error.value)
    first, second = caught
    assert type(first.orig) is type(second.orig)
    assert (first.statement, first.params) == (second.statement, second.params)
    assert first.__cause__ is first.orig
    assert len(handled) == 2
    assert handled[0].sqlalchemy_exception is first


def test_the_public_way_raises_the_same_error(shop: bookstore.Database) -> None:
    """Without SQLAlchemy's private method class, statement, parameters and cause are the same."""
    with shop.session() as session:
        connection = session.connection()
        error = shop.engine.dialect.loaded_dbapi.IntegrityError("no")
        raised: list[DBAPIError] = []
        for wrap in (raise_wrapped, raise_wrapped_publicly):
            with pytest.raises(IntegrityError) as caught, connection.begin_nested():
                wrap(connection, error, "SELECT 1", (1,), None)
            raised.append(caught.value)
        first, second = raised
        assert (str(first), first.orig, first.params) == (str(second), second.orig, second.params)
        assert second.__cause__ is error
        with pytest.raises(LookupError):
            raise_wrapped_publicly(connection, LookupError(), None, None, None)


@pytest.mark.parametrize("way", ["raise_wrapped", "raise_wrapped_publicly"])
def test_a_lost_connection_is_invalidated(postgres_url: str, way: str) -> None:
    """If the server is gone, the error is marked as a disconnect, and the connection is not used again."""
    with bookstore.Database(postgres_url) as database, bookstore.Database(postgres_url) as other:
        database.create()
        session = bookstore.Session(database)
        session.author.count()
        connection = session.connection()
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with other.session() as killer:
            killer.connection().exec_driver_sql("SELECT pg_terminate_backend(%s)", (pid,))
        with (
            mock.patch.object(driver, "raise_wrapped", getattr(driver_errors, way)),
            pytest.raises(OperationalError) as caught,
        ):
            session.author.get(1)
        assert caught.value.connection_invalidated
        assert connection.invalidated
        session.rollback()
        assert session.author.get(1) is None
        session.close()


def test_errors_of_the_database_are_sqlalchemys(shop: bookstore.Database) -> None:
    """Class, driver's error and cause are those of SQLAlchemy itself."""
    with pytest.raises(IntegrityError) as caught, shop.session() as session:
        session.customer.insert(email="a", name="A")
        session.customer.insert(email="a", name="B")
    assert caught.value.orig is caught.value.__cause__
    assert "INSERT INTO customer" in (caught.value.statement or "")

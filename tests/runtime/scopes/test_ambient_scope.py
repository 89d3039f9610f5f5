"""`db.ambient_session()`: code in the same task or thread joins it, other code does not."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from tests.runtime.family import Database, Session, names, parent


@pytest.fixture
def reading(database: Database, url: str) -> Iterator[Database]:
    """Open a database that allows several sessions at once, on SQLite too."""
    with Database(url, read_only=True) as database:
        yield database


def test_inner_joins(database: Database) -> None:
    """The inner block uses the outer session, and is rolled back with it."""
    with pytest.raises(ValueError, match="x"), database.ambient_session() as outer:
        with database.ambient_session() as inner:
            assert inner is outer
            inner.parent.insert("a")
        raise ValueError("x")
    assert names(database) == []


@pytest.mark.parametrize("database_error", [False, True])
def test_inner_failure_caught_by_the_outer(database: Database, database_error: bool) -> None:
    """The inner writes are undone and the outer ones kept, after a Python error and after a database error."""

    def fail(session: Session) -> None:
        if database_error:
            session.execute(insert(parent).values(name="outer"))
        raise IntegrityError("by hand", None, ValueError())

    with database.ambient_session() as outer:
        outer.parent.insert("outer")
        with pytest.raises(IntegrityError), database.ambient_session() as inner:  # two blocks by nature
            inner.parent.insert("inner")
            fail(inner)
        outer.parent.insert("outer too")
    assert names(database) == ["outer", "outer too"]


def test_reads_before_writes(database: Database) -> None:
    """A read in the outer block does not discard the inner writes."""
    with database.ambient_session() as outer:
        outer.parent.names()
        with database.ambient_session() as inner:
            inner.parent.insert("a")
    assert names(database) == ["a"]


def test_consecutive_blocks(database: Database) -> None:
    """After the outer block has ended, the next block opens its own session."""
    with database.ambient_session() as first:
        pass
    with database.ambient_session() as second:
        assert second is not first


def test_explicit_sessions_are_not_joined(database: Database) -> None:
    """`session()` does not join an open session, and cannot be joined."""
    with database.session(read_only=True) as explicit:
        with database.ambient_session() as ambient:
            assert ambient is not explicit
        with database.ambient_session() as ambient, database.session(read_only=True) as inner:
            assert inner is not ambient


def test_databases_are_independent(reading: Database) -> None:
    """Another database object, even for the same database, has its own session."""
    clone = reading.clone()
    with reading.ambient_session() as one, clone.ambient_session() as other:
        assert one is not other
    clone.dispose()


def test_threads_are_independent(reading: Database) -> None:
    """A thread started inside the block opens its own session, even in a copy of the context."""
    with reading.ambient_session() as outer, ThreadPoolExecutor(1) as pool:

        def joins() -> bool:
            with reading.ambient_session() as inner:
                return inner is outer

        assert pool.submit(joins).result(10) is False
        assert pool.submit(contextvars.copy_context().run, joins).result(10) is False
        assert joins() is True


def test_requests_on_one_thread_are_independent(reading: Database) -> None:
    """A block that one request leaves open on a thread is not joined by the next request on that thread."""
    with ThreadPoolExecutor(1) as pool:
        first = reading.ambient_session()
        session = pool.submit(contextvars.copy_context().run, first.__enter__).result(10)
        second = reading.ambient_session()
        another = pool.submit(contextvars.copy_context().run, second.__enter__).result(10)
        assert another is not session
        pool.submit(contextvars.copy_context().run, first.__exit__, None, None, None).result(10)
        pool.submit(contextvars.copy_context().run, second.__exit__, None, None, None).result(10)


def test_tasks_are_independent(reading: Database) -> None:
    """A task started inside the block opens its own session, although it inherits the context."""

    async def joins(outer: Session) -> bool:
        with reading.ambient_session() as inner:
            return inner is outer

    async def main() -> None:
        with reading.ambient_session() as outer:
            assert await joins(outer) is True
            assert await asyncio.create_task(joins(outer)) is False

    asyncio.run(main())


def test_generator_ended_elsewhere(database: Database) -> None:
    """A block that ends in a different context from the one it began in still commits."""
    scope = database.ambient_session()
    session = contextvars.copy_context().run(scope.__enter__)
    session.parent.insert("a")
    contextvars.copy_context().run(scope.__exit__, None, None, None)
    assert names(database) == ["a"]

"""Streams: constant memory, and an error after the end of their transaction."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.exc import ResourceClosedError

import bookstore
from bookstore import Author
from tablewright.runtime.reads.stream import RowStream


def filled(database: bookstore.Database) -> bookstore.Session:
    """A hand-driven session with a hundred authors."""
    session = bookstore.Session(database)
    session.author.insert_many({"name": f"{n:03}"} for n in range(100))
    session.commit()
    return session


def test_a_stream_gives_every_row_in_order(shop: bookstore.Database) -> None:
    """All rows that meet the condition, whatever the size of a batch; then a normal end."""
    with filled(shop) as session:
        for size in (1, 7, 100, 1000):
            rows = list(session.author.stream(Author.name < "050", order_by=Author.name.desc(), batch_size=size))
            assert [row.name for row in rows] == [f"{n:03}" for n in reversed(range(50))]
        stream = session.author.stream(batch_size=50)
        assert len(list(stream)) == 100
        session.commit()
        assert list(stream) == []


def test_other_statements_between_the_rows(shop: bookstore.Database) -> None:
    """A stream goes on while the session reads, writes and uses savepoints that succeed."""
    with filled(shop) as session:
        seen = 0
        for row in session.author.stream(order_by=Author.id, batch_size=10):
            with session.nested():
                session.author.update(row.id, name=f"{row.name}!")
            seen += 1
        assert seen == 100
        assert session.author.count(Author.name.endswith("!")) == 100


def roll_savepoint_back(session: bookstore.Session) -> None:
    """A savepoint that fails."""
    with pytest.raises(LookupError), session.nested():
        session.author.insert(name="x")
        raise LookupError


ENDS: list[Callable[[bookstore.Session], object]] = [
    bookstore.Session.commit,
    bookstore.Session.rollback,
    bookstore.Session.close,
    roll_savepoint_back,
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a_stream_dies_loudly(shop: bookstore.Database, end: Callable[[bookstore.Session], object]) -> None:
    """After the end of its transaction, or a rollback, reading on is an error, never a silent end."""
    with filled(shop) as session:
        stream = session.author.stream(order_by=Author.id, batch_size=10)
        assert next(stream).name == "000"
        end(session)
        for _ in range(2):
            with pytest.raises(ResourceClosedError, match="stream of author rows"):
                next(stream)
        assert session.author.count() == 100


def test_a_stream_opened_in_a_savepoint_dies_with_it(shop: bookstore.Database) -> None:
    """Its rollback and its release both end the stream, and the transaction goes on."""
    with filled(shop) as session:
        streams: list[RowStream[bookstore.AuthorRow]] = []
        with session.nested():
            streams.append(session.author.stream(batch_size=10))
            next(streams[0])
        with pytest.raises(LookupError), session.nested():
            streams.append(session.author.stream(batch_size=10))
            next(streams[1])
            raise LookupError
        for stream in streams:
            with pytest.raises(ResourceClosedError):
                next(stream)
        assert session.author.count() == 100


def test_the_scope_of_a_session_ends_its_streams(shop: bookstore.Database) -> None:
    """A stream used after `with database.session()` returns no more rows."""
    filled(shop).close()
    with shop.session() as session:
        stream = session.author.stream(batch_size=10)
        next(stream)
    with pytest.raises(ResourceClosedError):
        next(stream)


def test_a_stream_can_be_given_up(shop: bookstore.Database) -> None:
    """`close` and the end of a `with` block free the cursor; more rows are an error."""
    with filled(shop) as session:
        with session.author.stream(batch_size=10) as stream:
            next(stream)
        with pytest.raises(ResourceClosedError):
            next(stream)
        session.author.truncate(cascade=True)
        session.commit()


def test_reading_on_flushes_nothing(shop: bookstore.Database) -> None:
    """Incomplete entities are not flushed while rows are read."""
    with filled(shop) as session:
        stream = session.author.stream(batch_size=10)
        session.add(Author())  # type: ignore[call-arg]  # the point of the test
        assert len(list(stream)) == 100
        session.expunge_all()

"""The gate: one call at a time, passing sessions between threads, no rows past a filter."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.orm import ORMExecuteState, Session as EntitySession

from tablewright.runtime.errors import RowTierFilteredError, SessionBusyError
from tests.runtime.family import Database, Parent, Session, names, parent

USES: dict[str, Callable[[Session], Any]] = {
    "rows": lambda session: session.parent.names(),
    "execute": lambda session: session.execute(select(Parent)),
    "scalars": lambda session: session.scalars(select(Parent)),
    "scalar": lambda session: session.scalar(select(Parent)),
    "get": lambda session: session.get(Parent, 1),
    "get_one": lambda session: session.get_one(Parent, 1),
    "flush": lambda session: session.flush(),
    "merge": lambda session: session.merge(Parent(id=1, name="x")),
    "connection": lambda session: session.connection(),
    "begin_nested": lambda session: session.begin_nested(),
    "query": lambda session: session.query(Parent).all(),
    "commit": lambda session: session.commit(),
    "rollback": lambda session: session.rollback(),
    "close": lambda session: session.close(),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_overlap_raises(database: Database, use: Callable[[Session], Any]) -> None:
    """A second thread that uses the session during a call gets SessionBusyError, and breaks nothing."""
    inside, done = Event(), Event()

    def occupy(session: Session) -> None:
        with session.gate as connection:
            connection.execute(insert(parent).values(name="a"))
            inside.set()
            assert done.wait(10)

    with Session(database) as session, ThreadPoolExecutor(1) as pool:
        running = pool.submit(occupy, session)
        assert inside.wait(10)
        try:
            with pytest.raises(SessionBusyError, match="another thread"):
                use(session)
        finally:
            done.set()
        running.result(10)
        session.commit()
    assert names(database) == ["a"]


def test_hand_over_between_calls(database: Database) -> None:
    """A session can be opened, used and closed by different threads, one after the other."""
    scope = database.session()

    def in_a_thread(work: Callable[[], Any]) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(work).result(10)

    session = in_a_thread(scope.__enter__)
    in_a_thread(lambda: session.parent.insert("a"))
    session.add(Parent(name="b"))
    assert in_a_thread(session.parent.names) == ["a", "b"]
    in_a_thread(lambda: scope.__exit__(None, None, None))
    assert names(database) == ["a", "b"]


def test_same_thread_enters_again(database: Database) -> None:
    """Events and lazy loads use the session inside a call of it."""
    seen: list[list[str]] = []

    with database.session() as session:

        @event.listens_for(session, "after_flush")
        def _(flushing: Session, context: object) -> None:
            seen.append(flushing.parent.names())

        session.add(Parent(name="a"))
        session.flush()
    assert seen == [["a"]]


def test_exclusive_refuses_the_same_thread(database: Database) -> None:
    """While a verb reads an iterable of the user, any use of the session raises an error with the reason."""
    with database.session() as session:
        with session.gate.exclusive("insert_many is reading its rows"):
            for use in (USES["rows"], USES["execute"], USES["flush"], USES["begin_nested"]):
                with pytest.raises(SessionBusyError, match="insert_many is reading its rows"):
                    use(session)
        session.parent.insert("a")
    assert names(database) == ["a"]


def test_exclusive_inside_the_gate(database: Database) -> None:
    """The verb that is inside of the gate can make it exclusive."""
    with database.session() as session:
        with session.gate, session.gate.exclusive("busy"), pytest.raises(SessionBusyError, match="busy"):
            session.parent.names()
        assert session.parent.names() == []


def test_flushes_by_autoflush_rules(database: Database) -> None:
    """Rows see pending entities, unless autoflush is off."""
    with database.session() as session:
        session.add(Parent(name="a"))
        with session.no_autoflush:
            assert session.parent.names() == []
        assert session.parent.names() == ["a"]
        session.get_one(Parent, 1).name = "b"
        assert session.parent.names() == ["b"]
        session.delete(session.get_one(Parent, 1))
        assert session.parent.names() == []


def test_connection_is_asked_anew(database: Database) -> None:
    """Each transaction has its own connection, and each savepoint is sent before its first statement."""
    sent: list[str] = []

    @event.listens_for(database.engine, "savepoint")
    def _(connection: object, name: str) -> None:
        sent.append(name)

    with Session(database) as session:
        with session.gate as first:
            assert session.connection() is first
        session.begin_nested()
        assert len(sent) == 0
        with session.gate as second:
            assert second is first
        assert len(sent) == 1
        session.rollback()
        with session.gate as third:
            assert third is session.connection()
            assert third is not first


def _filter(state: ORMExecuteState) -> None:
    pass


@pytest.mark.parametrize("target", ["session", "class", "SQLAlchemy's class"])
def test_filtered_session_refuses_rows(database: Database, target: str) -> None:
    """A do_orm_execute listener, on any target, closes the row tier, which it could not filter."""
    with database.session() as session:
        listened = {"session": session, "class": Session, "SQLAlchemy's class": EntitySession}[target]
        event.listen(listened, "do_orm_execute", _filter)
        try:
            with pytest.raises(RowTierFilteredError, match="tablewright_rows"):
                session.parent.names()
            assert session.scalars(select(Parent)).all() == []
            session.info["tablewright_rows"] = True
            assert session.parent.names() == []
        finally:
            event.remove(listened, "do_orm_execute", _filter)


def test_failure_leaves_the_gate_open(database: Database) -> None:
    """A refused or failed call does not keep the session busy."""
    with Session(database) as session:
        with pytest.raises(Exception, match=r"(?i)syntax|near"):
            session.execute(text("nothing at all"))
        session.rollback()
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(session.parent.names).result(10) == []

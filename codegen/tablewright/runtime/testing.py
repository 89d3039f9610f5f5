"""`rolled_back`: tests whose writes are always undone. The pytest fixtures of generated packages use it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import InvalidRequestError

P_co = TypeVar("P_co", covariant=True)
P = TypeVar("P")


class Joinable(Protocol[P_co]):
    """A Database, typed so that checkers infer its own class and that of its sessions."""

    @property
    def engine(self) -> Engine: ...
    def joined_to(self, connection: Connection) -> AbstractContextManager[P_co]: ...


@contextmanager
def rolled_back(database: Joinable[P]) -> Generator[P, None, None]:
    """Open a session and a Database for the code under test, in one transaction that is rolled back at the end.

    Whatever they commit or roll back, each session is a savepoint of that transaction. They share one connection:
    sessions may follow or enclose, but not overlap, each other.
    """
    with database.engine.connect() as connection:
        outer = connection.begin()
        try:
            with database.joined_to(connection) as pair:
                yield pair
            if not outer.is_active:
                raise InvalidRequestError(
                    "The test ended the transaction in which it ran: its writes may have been committed."
                )
        finally:
            if outer.is_active:
                outer.rollback()

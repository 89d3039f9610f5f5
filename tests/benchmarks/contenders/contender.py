"""`Contender`: one way to read and write the benchmarks' tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.benchmarks.places import Place

SPAN = 50
"""How many rows a filtered read gives."""


@dataclass(frozen=True)
class Given:
    """What a piece of work is told: the same for every contender."""

    keys: Sequence[int] = ()
    """Of the rows to read or delete; of filtered reads, the first of each span."""
    rows: Any = ()
    """To write: a list of dicts, or where it says so an iterator."""
    changes: Sequence[tuple[int, Mapping[str, Any]]] = ()
    """The key of each row to update, and what to set."""
    times: int = 0


class Contender(ABC):
    """Reads and writes a place in its own way; a method for each piece of work, as its users would write it.

    Work is done in an open transaction, in which nothing has been read before. A read gives its rows, a write of
    one row the row as the database has it, or how many there were where that is all one is told.
    """

    lacks: ClassVar[Mapping[str, str]] = {}
    """The work that it does not do, and why."""
    untyped: ClassVar[frozenset[str]] = frozenset()
    """The work whose rows are left as the driver gives them."""

    def __init__(self, place: Place) -> None:
        self.place = place

    @abstractmethod
    def transaction(self) -> AbstractContextManager[object]:
        """A transaction of its own, rolled back at the end."""

    @abstractmethod
    def ask(self, sql: str) -> object:
        """The one value that *sql* gives, in the connection that the contender works on."""

    def content(self, table: str) -> Sequence[Any]:
        """All rows of a *table*, typed."""
        read = self.bulk_read if table == "plain" else self.bulk_read_rich
        return read(Given())

    def prepare(self, work: str, given: Given) -> None:  # noqa: B027  # most have nothing to prepare
        """In the transaction, before the clock runs: what *work* finds there."""

    @abstractmethod
    def close(self) -> None:
        """Gives its connections up."""

    def bulk_read(self, given: Given) -> Sequence[Any]:
        """Reads the whole of *plain*."""
        raise NotImplementedError

    def bulk_read_rich(self, given: Given) -> Sequence[Any]:
        """Reads the whole of *rich*."""
        raise NotImplementedError

    def point_read(self, given: Given) -> Sequence[Any]:
        """Reads rows of *plain* one by one, by their keys."""
        raise NotImplementedError

    def filtered_read(self, given: Given) -> Sequence[Any]:
        """Reads fifty rows of *plain* from each key on."""
        raise NotImplementedError

    def insert_returning(self, given: Given) -> Sequence[Any]:
        """Inserts rows into *plain* one by one, and gives them as stored."""
        raise NotImplementedError

    def update_by_key(self, given: Given) -> Sequence[Any]:
        """Updates rows of *plain* one by one."""
        raise NotImplementedError

    def delete_by_key(self, given: Given) -> Sequence[Any]:
        """Deletes rows of *plain* one by one."""
        raise NotImplementedError

    def stream(self, given: Given) -> int:
        """Reads *plain* row by row in constant memory, keeping none; how many there were."""
        raise NotImplementedError

    def insert_many(self, given: Given) -> object:
        """Inserts rows into *plain* in one go."""
        raise NotImplementedError

    def insert_many_rich(self, given: Given) -> object:
        """Inserts rows into *rich* in one go."""
        raise NotImplementedError

    def upsert_many(self, given: Given) -> object:
        """Inserts rows into *plain*, with their ids, or updates those that are there."""
        raise NotImplementedError

    def upsert_many_rich(self, given: Given) -> object:
        """Inserts rows into *rich*, with their ids, or updates those that are there."""
        raise NotImplementedError

    def books_with_authors(self, given: Given) -> Sequence[tuple[int, str, str]]:
        """Reads the books with their authors in two statements: ids, titles, and the authors' names."""
        raise NotImplementedError

    def empty_sessions(self, given: Given) -> Sequence[Any]:
        """Begins and ends transactions in which nothing happens; called outside of one."""
        raise NotImplementedError

    def query_entities(self, given: Given) -> Sequence[Any]:
        """Reads the first entities of *plain*."""
        raise NotImplementedError

    def get_entities(self, given: Given) -> Sequence[Any]:
        """Reads entities of *plain* one by one, by their keys."""
        raise NotImplementedError

    def add_entities(self, given: Given) -> Sequence[Any]:
        """Makes entities of *plain*, adds and flushes them."""
        raise NotImplementedError

    def change_entities(self, given: Given) -> Sequence[Any]:
        """Changes entities of *plain* that the session has already, and flushes."""
        raise NotImplementedError

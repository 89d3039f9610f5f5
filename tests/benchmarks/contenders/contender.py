"""`Contender`: one way to read and write the benchmarks' tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.benchmarks.targets import Target

SPAN = 50
"""The number of rows of a filtered read."""


@dataclass(frozen=True)
class Workload:
    """The input of a piece of work, the same for every contender."""

    keys: Sequence[int] = ()
    """Keys of the rows to read or delete; for filtered reads, the first key of each."""
    rows: Any = ()
    """Rows to write: a list of dicts, or an iterator."""
    changes: Sequence[tuple[int, Mapping[str, Any]]] = ()
    """The key of each row to update, and its new values."""
    times: int = 0


class Contender(ABC):
    """One library on one target, with a method for each piece of work, written as its users would write it.

    Methods run in an open transaction that has read nothing yet. Reads return rows. Writes of one row return the stored
    row, or a count if the library returns no more.
    """

    unsupported: ClassVar[Mapping[str, str]] = {}
    """Reasons by unsupported piece of work."""
    untyped: ClassVar[frozenset[str]] = frozenset()
    """The work whose rows contain the driver's values, not converted."""

    def __init__(self, target: Target) -> None:
        self.target = target

    @abstractmethod
    def transaction(self) -> AbstractContextManager[object]:
        """Open a transaction, and roll it back at the end."""

    @abstractmethod
    def scalar(self, sql: str) -> object:
        """Execute *sql* in the contender's connection. Return its one value."""

    def content(self, table: str) -> Sequence[Any]:
        """Return all rows of a *table*, converted."""
        read = self.bulk_read if table == "plain" else self.bulk_read_rich
        return read(Workload())

    def prepare(self, work: str, workload: Workload) -> None:  # noqa: B027  # most work needs no preparation
        """Prepare *work* in its transaction, before the clock starts."""

    @abstractmethod
    def close(self) -> None:
        """Close all connections."""

    def bulk_read(self, workload: Workload) -> Sequence[Any]:
        """Read all rows of *plain*."""
        raise NotImplementedError

    def bulk_read_rich(self, workload: Workload) -> Sequence[Any]:
        """Read all rows of *rich*."""
        raise NotImplementedError

    def point_read(self, workload: Workload) -> Sequence[Any]:
        """Read rows of *plain* by key, one by one."""
        raise NotImplementedError

    def filtered_read(self, workload: Workload) -> Sequence[Any]:
        """Read the fifty rows of *plain* that start at each key."""
        raise NotImplementedError

    def insert_returning(self, workload: Workload) -> Sequence[Any]:
        """Insert rows into *plain* one by one. Return them as stored."""
        raise NotImplementedError

    def update_by_key(self, workload: Workload) -> Sequence[Any]:
        """Update rows of *plain* one by one."""
        raise NotImplementedError

    def delete_by_key(self, workload: Workload) -> Sequence[Any]:
        """Delete rows of *plain* one by one."""
        raise NotImplementedError

    def stream(self, workload: Workload) -> int:
        """Read *plain* row by row in constant memory. Return the number of rows."""
        raise NotImplementedError

    def insert_many(self, workload: Workload) -> object:
        """Insert many rows into *plain*."""
        raise NotImplementedError

    def insert_many_rich(self, workload: Workload) -> object:
        """Insert many rows into *rich*."""
        raise NotImplementedError

    def upsert_many(self, workload: Workload) -> object:
        """Insert rows with ids into *plain*, or update existing ones."""
        raise NotImplementedError

    def upsert_many_rich(self, workload: Workload) -> object:
        """Insert rows with ids into *rich*, or update existing ones."""
        raise NotImplementedError

    def books_with_authors(self, workload: Workload) -> Sequence[tuple[int, str, str]]:
        """Read the books with their authors in two statements. Return id, title and the author's name of each."""
        raise NotImplementedError

    def empty_sessions(self, workload: Workload) -> Sequence[Any]:
        """Begin and end empty transactions; called outside a transaction."""
        raise NotImplementedError

    def query_entities(self, workload: Workload) -> Sequence[Any]:
        """Read the first entities of *plain*."""
        raise NotImplementedError

    def get_entities(self, workload: Workload) -> Sequence[Any]:
        """Read entities of *plain* by key, one by one."""
        raise NotImplementedError

    def add_entities(self, workload: Workload) -> Sequence[Any]:
        """Create entities of *plain*, add and flush them."""
        raise NotImplementedError

    def change_entities(self, workload: Workload) -> Sequence[Any]:
        """Change loaded entities of *plain*, and flush them."""
        raise NotImplementedError

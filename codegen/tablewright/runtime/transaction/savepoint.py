"""`Savepoint`: a named point of a transaction to which it can be rolled back."""

from __future__ import annotations

from types import TracebackType

from sqlalchemy.orm import Session as EntitySession, SessionTransaction

from tablewright.runtime.errors import SavepointError


class Savepoint:
    """A point of the session's transaction, from `session.savepoint(name)`.

    As a `with` block it is released at the end, or rolled back on an error.
    """

    def __init__(self, session: EntitySession, name: str) -> None:
        self.name = name
        self._session = session
        self._transaction: SessionTransaction = session.begin_nested()
        # The database must know the point now, not at the next statement.
        session.connection()

    def __repr__(self) -> str:
        return f"Savepoint({self.name!r})"

    @property
    def is_open(self) -> bool:
        """Whether it is still part of the session's transaction."""
        transaction = self._session.get_nested_transaction()
        while transaction is not None:
            if transaction is self._transaction:
                return True
            transaction = _enclosing_savepoint(transaction)
        return False

    def rollback(self) -> None:
        """Undoes what was done since; the savepoint stays, to be rolled back to again."""
        self._require_open()
        self._transaction.rollback()
        self._transaction = self._session.begin_nested()
        self._session.connection()

    def release(self) -> None:
        """Forgets the savepoint; what was done since belongs to the transaction around it."""
        self._require_open()
        self._transaction.commit()

    def _require_open(self) -> None:
        if not self.is_open:
            raise SavepointError(f"The savepoint {self.name!r} is no longer open.")

    def __enter__(self) -> Savepoint:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self.is_open:
            return
        if error is not None:
            self._transaction.rollback()
            return
        try:
            self._transaction.commit()
        except BaseException:
            if self.is_open:
                self._transaction.rollback()
            raise


def _enclosing_savepoint(transaction: SessionTransaction) -> SessionTransaction | None:
    around = transaction.parent
    while around is not None and not around.nested:
        around = around.parent
    return around

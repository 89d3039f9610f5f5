"""`Savepoint`: a named point to which a transaction can be rolled back."""

from __future__ import annotations

from types import TracebackType

from sqlalchemy.orm import Session as EntitySession, SessionTransaction

from tablewright.runtime.errors import SavepointError


class Savepoint:
    """A savepoint of the session's transaction, from `session.savepoint(name)`.

    A `with` block releases it at the end, or rolls it back on an error.
    """

    def __init__(self, session: EntitySession, name: str) -> None:
        self.name = name
        self._session = session
        self._transaction: SessionTransaction = session.begin_nested()
        # Creates the savepoint in the database now, not with the next statement.
        session.connection()

    def __repr__(self) -> str:
        return f"Savepoint({self.name!r})"

    @property
    def is_open(self) -> bool:
        """Whether the savepoint is still part of the session's transaction."""
        transaction = self._session.get_nested_transaction()
        while transaction is not None:
            if transaction is self._transaction:
                return True
            transaction = _enclosing_savepoint(transaction)
        return False

    def rollback(self) -> None:
        """Undo all changes since the savepoint, which stays open."""
        self._require_open()
        self._transaction.rollback()
        self._transaction = self._session.begin_nested()
        self._session.connection()

    def release(self) -> None:
        """End the savepoint. Its changes become part of the enclosing transaction."""
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
    enclosing = transaction.parent
    while enclosing is not None and not enclosing.nested:
        enclosing = enclosing.parent
    return enclosing

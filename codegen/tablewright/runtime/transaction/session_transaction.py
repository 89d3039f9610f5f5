"""`StrictTransaction`: a transaction or savepoint that raises at its end if a flush has failed."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy.orm import SessionTransaction

from tablewright.runtime.engine.failures import lost_error


class StrictTransaction(SessionTransaction):
    """The result of `session.begin()`: its `with` block raises if its changes were lost."""

    def __exit__(self, type_: Any, value: Any, traceback: Any) -> None:
        # SQLAlchemy silently closes a transaction that a failed flush has rolled back.
        cause = self._rollback_exception
        lost = type_ is None and cause is not None and not self._transaction_is_closed() and not self.is_active
        super().__exit__(type_, value, traceback)
        if lost and cause is not None:
            raise lost_error(cause)


class SessionState(StrEnum):
    """The state of a session."""

    READY = "ready"
    """No transaction; the next use begins one."""
    ACTIVE = "active"
    """In a transaction."""
    FAILED = "failed"
    """In a transaction that can only be rolled back, entirely or to a savepoint."""
    CLOSED = "closed"
    """Permanently closed."""

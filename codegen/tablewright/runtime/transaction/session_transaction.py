"""`StrictTransaction`: a transaction or savepoint that never ends quietly after a failed flush."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy.orm import SessionTransaction

from tablewright.runtime.engine.failures import lost_error


class StrictTransaction(SessionTransaction):
    """What `session.begin()` gives: as `with` block, it raises when its work was lost."""

    def __exit__(self, type_: Any, value: Any, traceback: Any) -> None:
        # SQLAlchemy closes a transaction that a failed flush has rolled back without a word.
        cause = self._rollback_exception
        lost = type_ is None and cause is not None and not self._transaction_is_closed() and not self.is_active
        super().__exit__(type_, value, traceback)
        if lost and cause is not None:
            raise lost_error(cause)


class SessionState(StrEnum):
    """Where a session stands."""

    READY = "ready"
    """No transaction; the next use begins one."""
    ACTIVE = "active"
    """In a transaction."""
    FAILED = "failed"
    """In a transaction that can only be rolled back, or back to a savepoint."""
    CLOSED = "closed"
    """Closed for good."""

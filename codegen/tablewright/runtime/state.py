"""`SessionState`: where a session stands, derived from its real transaction."""

from __future__ import annotations

from enum import StrEnum


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

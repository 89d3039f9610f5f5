"""The transaction of a call on opaque tables: the caller's, or one of its own."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from tablewright.runtime.engine.connections import Connections
from tablewright.runtime.scopes.session_scope import Isolation, open_scope
from tablewright.runtime.session import Session


def session_for(
    database: Connections, session: Session | None, *, read_only: bool = False, isolation: Isolation | None = None
) -> AbstractContextManager[Session]:
    """Return a `with` block of the caller's *session* if given, else of a new session in its own transaction."""
    return open_scope(database, read_only=read_only, isolation=isolation) if session is None else nullcontext(session)

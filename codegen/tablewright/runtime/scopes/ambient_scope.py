"""`AmbientScope`: joins the session of the current task or thread, or opens one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

from sqlalchemy.exc import InvalidRequestError

from tablewright.runtime.session import Session

S = TypeVar("S", bound=Session)

_open_scopes: ContextVar[tuple[AmbientScope[Any], ...]] = ContextVar("tablewright_ambient_scopes", default=())


class AmbientScope(Generic[S]):
    """Joins the ambient session of this task or thread in a savepoint, or opens one.

    Tasks and threads started inside do not join it: they open their own. An *interrupting* scope joins nothing.
    """

    __slots__ = ("_database", "_inner", "_interrupting", "_open", "_owner", "_session")

    def __init__(
        self, database: object, open_session: Callable[[], AbstractContextManager[S]], *, interrupting: bool = False
    ) -> None:
        self._database = database
        self._open = open_session
        self._interrupting = interrupting
        self._owner: object | None = None
        self._session: S | None = None
        self._inner: AbstractContextManager[S] | None = None

    def __enter__(self) -> S:
        outer = self._find()
        if outer is not None:
            if self._interrupting:
                raise InvalidRequestError(
                    "An ambient session is already open. Joined to it, this work would be committed or undone together "
                    "with the rest of it. Call it outside that session, or use database.session()."
                )
            self._inner = outer.nested()
            return self._inner.__enter__()
        self._inner = self._open()
        session = self._inner.__enter__()
        self._session, self._owner = session, _current_owner()
        _open_scopes.set((*(scope for scope in _open_scopes.get() if scope._session is not None), self))
        return session

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        inner = self._inner
        assert inner is not None
        self._inner = None
        if self._session is not None:
            # Not by a ContextVar token: the block may end in another context.
            self._session = self._owner = None
            _open_scopes.set(tuple(scope for scope in _open_scopes.get() if scope is not self))
        inner.__exit__(kind, error, traceback)

    def _find(self) -> S | None:
        # A context is copied into child tasks and threads, and one thread runs several tasks. Only the context and
        # the owner together identify the session.
        owner = _current_owner()
        for scope in reversed(_open_scopes.get()):
            if scope._database is self._database and scope._owner is owner and scope._session is not None:
                return cast("S", scope._session)
        return None


def _current_owner() -> object:
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    return task or threading.current_thread()

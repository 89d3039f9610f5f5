"""Where opaque tables are: a database, as far as they ask, and the transaction of each call."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Protocol, TypeVar

from sqlalchemy import Engine

from tablewright.runtime.scopes.session_scope import Isolation
from tablewright.runtime.session import Session

S_co = TypeVar("S_co", bound=Session, covariant=True)


class Place(Protocol[S_co]):
    """A `Database`."""

    session_class: ClassVar[type[Any]]
    _namespace: str | None

    @property
    def engine(self) -> Engine: ...
    @property
    def read_only(self) -> bool: ...
    def session(
        self, *, read_only: bool = False, isolation: Isolation | None = None
    ) -> AbstractContextManager[S_co]: ...


@contextmanager
def within(
    place: Place[Any], session: Session | None, *, read_only: bool = False, isolation: Isolation | None = None
) -> Generator[Session, None, None]:
    """The transaction of the caller's *session*; without one, a transaction of its own."""
    if session is not None:
        yield session
        return
    with place.session(read_only=read_only, isolation=isolation) as own:
        yield own

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session, scoped_session, sessionmaker

from tablewright.schema import reserved


def public(*objects: object) -> Iterator[str]:
    """Return the public attributes of *objects* and of their classes."""
    for item in objects:
        yield from (name for name in {*dir(item), *vars(item)} if not name.startswith("_"))


def test_sqlalchemys_sessions_have_nothing_new() -> None:
    """A new SQLAlchemy that adds an attribute to its sessions fails here: accessors would hide it."""
    found = set(public(Session(), Session, scoped_session(sessionmaker()), scoped_session))
    assert found - reserved.RESERVED_ACCESSORS == set()


def test_sqlalchemys_async_sessions_have_nothing_new() -> None:
    """The same for async sessions, so that accessors have the same names there."""
    from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker

    scoped = async_scoped_session(async_sessionmaker(), scopefunc=lambda: 1)
    found = set(public(AsyncSession(), AsyncSession, scoped, async_scoped_session))
    assert found - reserved.RESERVED_ACCESSORS == set()


def test_the_list_is_sorted_and_without_private_names() -> None:
    """The data can be read and compared."""
    assert all(name.isidentifier() and not name.startswith("_") for name in reserved.RESERVED_ACCESSORS)
    assert not reserved.OWN_ACCESSORS & reserved.SQLALCHEMY_ACCESSORS

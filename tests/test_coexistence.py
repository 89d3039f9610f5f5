"""A generated package used with an application's own SQLAlchemy base, engine, sessions and Alembic."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import ForeignKey, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from bookstore import Database, Session, metadata
from tablewright.pipeline import generate
from tablewright.settings import Settings

ROOT = Path(__file__).parents[1]
APPLICATION = '''
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The application's own."""
'''


def test_alembic_finds_no_difference(url: str) -> None:
    """Alembic finds no difference between the tables that `create()` creates and `bookstore.metadata`."""
    with Database(url) as db:
        db.create()
        with db.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_an_applications_engine_and_sessionmaker(url: str) -> None:
    """An application's engine keeps its events, and its sessionmaker creates sessions with rows."""
    engine = create_engine(url)
    statements: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    db = Database(engine)
    db.create()
    factory = sessionmaker(engine, class_=Session)
    with factory.begin() as session:
        author = session.author.insert(name="Ursula K. Le Guin")
    with factory() as session, session.begin():
        assert session.author.get(author.id) == author
    assert [statement for statement in statements if statement.startswith("INSERT INTO author")]
    engine.dispose()


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Any]:
    """The bookstore, generated on an application's own declarative base."""
    (tmp_path / "application_db.py").write_text(APPLICATION)
    spec = tmp_path / "specs" / "own_shop" / "schema.yaml"
    spec.parent.mkdir(parents=True)
    shutil.copy(ROOT / "specs" / "bookstore" / "schema.yaml", spec)
    spec.write_text(spec.read_text().replace("schema: bookstore", "schema: own_shop"))
    sys.path[:0] = [str(tmp_path), str(tmp_path / "out")]
    settings = Settings(root=tmp_path, specs=tmp_path / "specs", output=tmp_path / "out", base="application_db:Base")
    outcome = generate(settings, typecheck=False)
    assert outcome.clean
    yield importlib.import_module("own_shop")
    for path in (tmp_path, tmp_path / "out"):
        sys.path.remove(str(path))
    for name in [name for name in sys.modules if name.partition(".")[0] in ("own_shop", "application_db")]:
        del sys.modules[name]


def test_an_applications_base(package: Any, url: str) -> None:
    """Entities derive from the application's base, whose own classes share their transactions and metadata."""
    base: type[DeclarativeBase] = importlib.import_module("application_db").Base

    class Review(base):  # type: ignore[valid-type, misc]  # a base known only at run time
        __tablename__ = "review"
        id: Mapped[int] = mapped_column(primary_key=True)
        book_id: Mapped[int] = mapped_column(ForeignKey("book.id", ondelete="CASCADE"))
        stars: Mapped[int]

    assert issubclass(package.Book, base)
    assert package.metadata is base.metadata
    with package.Database(url) as db:
        db.create()
        with db.session() as session:
            author = session.author.insert(name="A")
            book = session.book.insert(author_id=author.id, isbn="1", title="t", price=Decimal(1))
            session.add(Review(book_id=book.id, stars=5))
            session.flush()
            key = session.scalars(select(Review)).one().id
            # The cascade affects a class that the generator did not generate; its entity is expired too.
            session.author.delete(author.id)
            assert session.get(Review, key) is None

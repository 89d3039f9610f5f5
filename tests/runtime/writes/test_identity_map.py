"""The identity map: loaded entities after row writes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm.exc import ObjectDeletedError

import bookstore
from bookstore import Author, Book
from tests.runtime import sample
from tests.runtime.books import author_id, book


def test_rows_see_pending_entities(shop: bookstore.Database) -> None:
    """Every verb, read or write, flushes first."""
    with shop.session() as session:
        author = Author(name="A")
        session.add(author)
        assert session.author.count() == 1
        session.add(Book(author=author, isbn="1", title="T", price=Decimal(1)))
        assert session.book.update_where(Book.isbn == "1", stock=5) == 1
        author.name = "B"
        row = session.author.get(author.id)
        assert row is not None
        assert row.name == "B"
        with session.no_autoflush:
            author.name = "C"
            assert session.author.get_one(author.id).name == "B"


def test_a_write_by_key_refreshes_the_entity(shop: bookstore.Database) -> None:
    """The entity has the new values at once, without another query."""
    with shop.session() as session:
        row = session.book.insert(**book(author_id(session), 1))
        entity = session.get_one(Book, row.id)
        assert entity.author.name == "Ursula K. Le Guin"
        session.book.update(row.id, title="New", details={"a": "b"})
        assert "title" in inspect(entity).dict
        assert (entity.title, entity.details) == ("New", {"a": "b"})
        other = author_id(session, "Other")
        session.book.update(row.id, author_id=other)
        assert entity.author.name == "Other"
        session.book.upsert(_conflict="isbn", **book(other, 1, title="Upserted"))
        assert entity.title == "Upserted"


def test_relationships_that_lead_to_a_written_table(shop: bookstore.Database) -> None:
    """A loaded collection has an inserted row, and not a deleted one."""
    with shop.session() as session:
        author = session.get_one(Author, author_id(session))
        assert author.books == []
        row = session.book.insert(**book(author.id, 1))
        assert [entity.isbn for entity in author.books] == ["isbn 1"]
        session.book.insert_many([book(author.id, 2)])
        assert len(author.books) == 2
        session.book.delete(row.id)
        assert [entity.isbn for entity in author.books] == ["isbn 2"]
        session.book.delete_where(Book.isbn == "isbn 2")
        assert author.books == []


@pytest.mark.parametrize("verb", ["update_where", "upsert_many", "replace"])
def test_writes_of_unknown_rows_expire_the_table(shop: bookstore.Database, verb: str) -> None:
    """After a write that does not report the changed rows, entities read their values again."""
    with shop.session() as session:
        author = author_id(session)
        row = session.book.insert(**book(author, 1))
        entity = session.get_one(Book, row.id)
        changed = book(author, 1, id=row.id, title="New")
        match verb:
            case "update_where":
                session.book.update_where(Book.price > 0, title="New")
            case "upsert_many":
                session.book.upsert_many([changed])
            case "replace":
                session.book.replace([changed])
        assert entity.title == "New"


def test_cascades_reach_the_entities_of_other_tables(shop: bookstore.Database, store: sample.Database) -> None:
    """Rows deleted by cascades, at any depth, are gone from the session too."""
    with shop.session() as session:
        author = author_id(session)
        entity = session.get_one(Book, session.book.insert(**book(author, 1)).id)
        session.author.delete(author)
        assert session.get(Book, 1) is None
        with pytest.raises(ObjectDeletedError):
            _ = entity.title


def test_cascades_within_one_table(store: sample.Database) -> None:
    """A self reference deletes the child rows, and their entities."""
    with store.session() as session:
        session.node.insert_many([{"id": 1}, {"id": 2, "up_id": 1}, {"id": 3, "up_id": 2}, {"id": 4}])
        nodes = [session.get_one(sample.Node, n) for n in (1, 2, 3, 4)]
        session.node.delete(1)
        assert [session.get(sample.Node, n) for n in (1, 2, 3, 4)] == [None, None, None, nodes[3]]


def test_changes_not_flushed_are_kept(shop: bookstore.Database) -> None:
    """Under `no_autoflush` a row write keeps unflushed changes of an entity."""
    with shop.session() as session:
        row = session.book.insert(**book(author_id(session), 1))
        entity = session.get_one(Book, row.id)
        with session.no_autoflush:
            entity.title = "Mine"
            session.book.update(row.id, stock=5)
            assert (entity.title, entity.stock) == ("Mine", 5)
            session.book.update_where(Book.id == row.id, stock=6)
            assert (entity.title, entity.stock) == ("Mine", 6)
        session.flush()
        assert session.book.get_one(row.id).title == "Mine"


def test_a_savepoint_rolled_back_undoes_entities_too(shop: bookstore.Database) -> None:
    """An entity loaded after a row write in a savepoint has the old values after the rollback."""
    with shop.session() as session:
        row = session.book.insert(**book(author_id(session), 1))
        with pytest.raises(LookupError), session.nested():
            session.book.update(row.id, title="Undone")
            entity = session.get_one(Book, row.id)
            assert entity.title == "Undone"
            raise LookupError
        assert entity.title == "Title 1"
        assert session.book.get_one(row.id).title == "Title 1"


def test_a_row_write_is_the_first_statement_of_a_savepoint(shop: bookstore.Database) -> None:
    """It is undone with the savepoint: no cursor from before is used."""
    with shop.session() as session:
        author = author_id(session)
        with pytest.raises(LookupError), session.nested():
            session.author.update(author, name="Undone")
            raise LookupError
        assert session.author.get_one(author).name == "Ursula K. Le Guin"


def test_lists_are_not_shared_between_rows_and_entities(store: sample.Database) -> None:
    """Changing an entity's list in place leaves the row that was returned as it was."""
    with store.session() as session:
        row = session.thing.insert(name="a", tags=["x"])
        entity = session.get_one(sample.Thing, row.id)
        changed = session.thing.update(row.id, tags=["y"])
        assert changed is not None
        entity.tags.append("z")
        assert changed.tags == ["y"]


def test_truncate_expires_everything(shop: bookstore.Database) -> None:
    """Entities of tables emptied by a cascade are gone."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert(**book(author, 1))
        assert session.get(Book, 1) is not None
        session.author.truncate(cascade=True)
        assert session.get(Book, 1) is None

"""Books for the tests."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict, Unpack

import bookstore


class More(TypedDict, total=False):
    """The optional columns of a test's book."""

    id: int
    title: str
    stock: int
    details: dict[str, str]


def author_id(session: bookstore.Session, name: str = "Ursula K. Le Guin") -> int:
    """Insert an author. Return its id."""
    return session.author.insert(name=name).id


def book(author: int, number: int, price: str = "9.99", **more: Unpack[More]) -> bookstore.BookInsert:
    """Return the insert of a book."""
    values: bookstore.BookInsert = {
        "author_id": author,
        "isbn": f"isbn {number}",
        "title": f"Title {number}",
        "price": Decimal(price),
    }
    values.update(more)  # type: ignore[typeddict-item]  # every key of More is one of BookInsert
    return values

"""Books for the tests."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict, Unpack

import bookstore


class More(TypedDict, total=False):
    """What a test may say of a book beyond its number."""

    id: int
    title: str
    stock: int
    details: dict[str, str]


def author_id(session: bookstore.Session, name: str = "Ursula K. Le Guin") -> int:
    """The id of a new author."""
    return session.author.insert(name=name).id


def book(author: int, number: int, price: str = "9.99", **more: Unpack[More]) -> bookstore.BookInsert:
    """What inserts a book."""
    made: bookstore.BookInsert = {
        "author_id": author,
        "isbn": f"isbn {number}",
        "title": f"Title {number}",
        "price": Decimal(price),
    }
    made.update(more)  # type: ignore[typeddict-item]  # every key of More is one of BookInsert
    return made

"""A walk through the bookstore on SQLite: prints each step and the typed rows that it returns."""

from __future__ import annotations

import sys
import tempfile
from decimal import Decimal
from pathlib import Path

from sqlalchemy.exc import DataError, IntegrityError

from bookstore import Author, Book, BookRow, Database, Genre


def show(title: str, *results: object) -> None:
    """Print one step."""
    print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}")
    for result in results:
        print(f"  {result}")


def walk(db: Database) -> None:
    """Run every step, in the order in which a reader learns them."""
    show("Create the tables", repr(db))
    db.create()

    with db.session() as session:
        author = session.author.insert(name="Ursula K. Le Guin")
        book = session.book.insert(
            author_id=author.id, isbn="9780061054884", title="The Dispossessed", price=Decimal("9.99"), stock=3
        )
        show("Insert: typed rows, from RETURNING", author, book)

    with db.session() as session:
        count = session.book.insert_many(
            {"author_id": author.id, "isbn": f"978044147{number:04}", "title": title, "price": Decimal(price)}
            for number, (title, price) in enumerate(
                [
                    ("The Left Hand of Darkness", "8.50"),
                    ("The Lathe of Heaven", "7.25"),
                    ("Always Coming Home", "14.00"),
                ]
            )
        )
        show("Insert many", count)

    with db.session(read_only=True) as session:
        cheap: list[BookRow] = session.book.select(Book.price < 10, order_by=Book.title)
        show("Select by an expression", *(f"{row.price:>6}  {row.title}" for row in cheap))
        stored = session.book.get_by_isbn("9780061054884")
        show("Get by a unique key: BookRow | None", stored and stored.title)
        show("Find by values", *(row.title for row in session.book.find(genre=Genre.FICTION, author_id=[author.id])))
        page = session.book.page(order_by=Book.title, limit=3)
        show("A page by keyset", *(row.title for row in page.rows))

    with db.session() as session:
        entity = session.get_one(Book, book.id)
        session.add(
            Book(
                author=session.get_one(Author, author.id),
                isbn="9780547773742",
                title="A Wizard of Earthsea",
                price=Decimal("6.00"),
            )
        )
        session.book.update(book.id, stock=Book.stock - 1)
        show(
            "Entities and rows in one transaction",
            f"the entity saw the row tier's update: stock {entity.stock}",
            f"the row tier saw the pending entity: {session.book.count()} books",
        )

    show("What does not fit is refused, on both databases")
    for isbn, title, price in (
        ("9780000000001", "x" * 301, "1.00"),
        ("9780000000002", "Too exact", "1.999"),
        ("9780061054884", "Here already", "1.00"),
    ):
        try:
            with db.session() as session:
                session.book.insert(author_id=author.id, isbn=isbn, title=title, price=Decimal(price))
        except (DataError, IntegrityError) as error:
            print(f"  {type(error).__name__}: {str(error.orig)[:90]}")

    with db.session() as session:
        try:
            with session.nested():
                session.author.delete(author.id)
                raise RuntimeError("changed our mind")
        except RuntimeError as error:
            show("A savepoint undoes its own writes only", f"{error}: {session.book.count()} books are still there")
        show("Deleting cascades", session.author.delete(author.id), f"{session.book.count()} books left")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, Database(f"sqlite:///{Path(folder) / 'books.db'}") as database:
        walk(database)
    print("\nThe same runs on Postgres: Database('postgresql+psycopg://…').")

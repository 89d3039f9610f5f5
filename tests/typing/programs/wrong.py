"""Wrong programs: both checkers refuse every line that says so, and nothing else.

`L…` names the loss in SQLAlchemy's own types that the line closes.
"""

from decimal import Decimal
from uuid import uuid4

import observatory
from bookstore import Author, Book, BookRow, Database, NoSuchName, Session  # refused: an unknown name of the package
from observatory import FileDatastoreRecordStorage, Transfer, TransferStorage  # refused: opaque tables have no entity
from sqlalchemy import create_engine
from tablewright.runtime.opaque.prefix import Prefix
from tablewright.spec.models import TableSpec


def insert(session: Session) -> None:
    session.book.insert(author_id=1, isbn="1", title="t")  # refused L6: price is missing
    session.book.insert(author_id=1, isbn="1", titel="t", price=Decimal(1))  # refused L6: misspelt
    session.book.insert(author_id=1, isbn="1", title="t", price=Decimal(1), nope=1)  # refused L6: no such column
    session.book.insert(author_id="1", isbn="1", title="t", price=Decimal(1))  # refused L6: a wrong type
    session.book.insert(author_id=1, isbn="1", title="t", price=1.5)  # refused L6: a float is no decimal
    session.book.insert(author_id=1, isbn="1", title=None, price=Decimal(1))  # refused L6: not nullable
    session.book.insert_many([{"author_id": 1, "isbn": "1", "title": "t"}])  # refused L7: price is missing
    session.book.insert_many([{"author_id": 1, "isbn": "1", "title": "t", "price": Decimal(1), "x": 1}])  # refused L7
    session.book.insert_many([Author(name="a")])  # refused L7: an entity is no row
    session.author.insert_many([session.book.get_one(1)])  # refused L7: a row of another table
    session.book.upsert("title", author_id=1, isbn="1", title="t", price=Decimal(1))  # refused: no key of that name


def update(session: Session) -> None:
    session.book.update(1, titel="t")  # refused L6: misspelt
    session.book.update(1, title=3)  # refused L6: a wrong type
    session.book.update(1, title=Book.stock)  # refused L6: an expression of a wrong type
    session.book.update(1, id=2)  # refused: keys are not updated
    session.book.update("1", title="t")  # refused L8: a wrong key
    session.order_line.update(1, quantity=2)  # refused L8: half a key
    session.book.update_where(title="t")  # refused: no condition
    session.book.update_where(True, title="t")  # refused: a Python bool is no condition


def read(session: Session) -> None:
    session.book.get("1")  # refused L8: a wrong key
    session.book.get(1, 2)  # refused L8: too many parts
    session.order_line.get(1)  # refused L8: too few parts
    session.order_line.get_many([1])  # refused L8: not a key
    session.book.get(1).title  # refused: an unchecked None
    session.book.get_one(1).titel  # refused L3: no such field
    session.book.get_by_isbn(5)  # refused L8: a wrong key
    session.book.get_by_title("t")  # refused: not a unique key
    session.book.find(titel="t")  # refused L15: misspelt
    session.book.find(stock="many")  # refused L15: a wrong type
    session.book.select("price < 10")  # refused: text is no condition
    session.book.select(order_by="title")  # refused: text is no order
    print(session.book.c.titel)  # refused L12: no such column
    print(session.bok)  # refused: no such table
    number: str = session.book.get_one(1).id  # refused L3: a wrong type
    print(number)


def rows(row: BookRow) -> None:
    row.title = "t"  # refused: rows are frozen


def entities() -> None:
    Book(isbn="1", title="t", price=Decimal(1), nope=1)  # refused L5: no such column
    Book(isbn="1", titel="t", price=Decimal(1))  # refused L5: misspelt
    Book(isbn="1", title="t", price=1.5)  # refused L5: a wrong type
    Author()  # refused L5: the name is missing


def options(db: Database) -> None:
    Database("sqlite://", nope=3)  # refused L21: no such option
    db.session(nope=3)  # refused L21: no such option
    db.session(isolation="SOMETIMES")  # refused L21: no such level
    Database(create_engine("sqlite://"), read_only="yes")  # refused L21: a wrong type


def opaque_tables(db: observatory.Database, spec: TableSpec) -> None:
    db.opaque.get("transfer").fetch()  # refused: an unchecked None
    db.opaque.register("note")  # refused: no definition, and the specs have none of this name
    db.opaque["transfer"].fetch(path="p")  # refused: no such column
    db.opaque.register("note", "CREATE TABLE note (id int)")  # refused: text is no definition
    unknown: TransferStorage = db.opaque.register("note", spec)  # refused: the storage of another table
    print(unknown)


def opaque_rows(records: FileDatastoreRecordStorage, transfers: TransferStorage) -> None:
    records.fetch(pth="p")  # refused: misspelt
    records.fetch(dataset_id=7)  # refused: a wrong type
    records.fetch(dataset_id=[uuid4(), 7])  # refused: a wrong type among others
    records.fetch(path=None)  # refused: not nullable
    records.fetch(file_size=Prefix("1"))  # refused: a number has no prefix
    transfers.fetch(sites=Prefix("h"))  # refused: a list has none
    transfers.fetch(format="fits")  # refused: text is no member of the enum
    records.fetch(path="p", session="s")  # refused: text is no session
    records.fetch_batches(batch_size="many")  # refused: a wrong type
    records.insert({"dataset_id": uuid4(), "path": "p", "formatter": "f"})  # refused: the storage class is missing
    records.insert({"dataset_id": 7, "path": "p", "formatter": "f", "storage_class": "s"})  # refused: a wrong type
    records.insert([])  # refused: rows are given one by one
    transfers.insert({"file_id": uuid4(), "site": "here"})  # refused: misspelt
    records.delete(["pth"], {"path": "p"})  # refused: no such column
    records.delete("path", {"path": "p"})  # refused: a name is no list of names
    records.delete(["path"], {"pth": "p"})  # refused: misspelt
    records.delete(["path"], {"path": 7})  # refused: a wrong type
    next(records.fetch()).pth  # refused: no such field
    next(records.fetch()).path = "p"  # refused: rows are frozen

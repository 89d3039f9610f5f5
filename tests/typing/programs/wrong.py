"""Wrong programs: both checkers refuse every line that is marked so, and no other line.

`L…` names the loss in SQLAlchemy's own types that the line closes.
"""

from decimal import Decimal
from uuid import uuid4

import observatory
from bookstore import Author, Book, BookRow, BookTable, Database, NoSuchName, Session  # refused: an unknown name of the package
from observatory import Detector, FileDatastoreRecordStorage, Shift, Transfer, TransferStorage  # refused: opaque tables have no entity
from sqlalchemy import create_engine
from tablewright import Prefix, Range, TableSpec, before, contains, lower, overlaps
from tablewright import NoSuchSpec  # refused: an unknown public name
from tablewright.errors import NotFoundErorr  # refused: misspelt


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


def lists(session: Session) -> None:
    session.book.update_many([("1", {"title": "t"})])  # refused L8: a wrong key
    session.book.update_many([(1, {"titel": "t"})])  # refused L6: misspelt
    session.book.update_many([(1, {"id": 2})])  # refused: keys are not updated
    session.order_line.update_many([(1, {"quantity": 2})])  # refused L8: half a key
    session.book.delete_many(["1"])  # refused L8: a wrong key
    session.order_line.delete_many([1])  # refused L8: not a key
    session.book.ensure([], conflict="isbn")  # refused: only the primary key


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


def ranges() -> None:
    overlaps(Shift.turn, Range(1, 5))  # refused: bounds of another type
    overlaps(Shift.turn, Detector.rows)  # refused: bounds of another type
    overlaps(Range(1, 5), Shift.turn)  # refused: bounds of another type
    overlaps(Detector.number, Range(1, 5))  # refused: no range
    overlaps(Detector.rows, 5)  # refused: a value is contained
    contains(Shift.turn, 5)  # refused: a value of another type
    contains(Shift.turn, Detector.number)  # refused: a column of another type
    before(Detector.rows, "5")  # refused: a value of another type
    lower(Detector.number)  # refused: no range
    Range(1, 5).overlaps(Range("a", "b"))  # refused: bounds of another type


def entities() -> None:
    Book(isbn="1", title="t", price=Decimal(1), nope=1)  # refused L5: no such column
    Book(isbn="1", titel="t", price=Decimal(1))  # refused L5: misspelt
    Book(isbn="1", title="t", price=1.5)  # refused L5: a wrong type
    Author()  # refused L5: the name is missing


def tables(db: Database) -> None:
    db.create(initialize=lambda session: session.nothing)  # refused: no such table
    db.ensure_table("tags", "name text")  # refused: text is no definition


def options(db: Database) -> None:
    Database("sqlite://", nope=3)  # refused L21: no such option
    db.session(nope=3)  # refused L21: no such option
    db.session(isolation="SOMETIMES")  # refused L21: no such level
    Database(create_engine("sqlite://"), read_only="yes")  # refused L21: a wrong type


def temporary(session: Session) -> None:
    books = session.make_temporary_table(BookTable)
    books.select(books.c.nope < 10)  # refused: no such column
    books.insert(author_id=1, isbn="1", title="t")  # refused: price is missing
    books.insert_many([session.author.get_one(1)])  # refused: a row of another table
    books.insert_from("SELECT 1")  # refused: text is no select
    session.make_temporary_table(Book)  # refused: an entity is no table
    session.make_temporary_table("books")  # refused: nor is a name
    session.drop_temporary_table("books")  # refused: a table class or a table is required
    with session.temporary_table(BookTable, 3):  # refused: a name is text
        pass


def transactions(db: Database) -> None:
    db.session(lock=["book"])  # refused: a name is no table
    db.ambient_session(interrupt=True)  # refused: misspelt
    db.ambient_session(lock=[Book])  # refused: it may be open already


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

"""Lazy loading: what each use of a generated package loads, also from several threads at once."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bookstore import AuthorRow, BookRow, Genre
from tablewright.schema.range import Range

ROOT = Path(__file__).parents[1]

ROWS_ONLY = """
import sys
from bookstore import SCHEMA, Database
with Database("sqlite://") as db:
    with db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE tablewright_attributes (name TEXT PRIMARY KEY, value TEXT)")
        stamp = ("version:bookstore", SCHEMA.version, "digest:bookstore", SCHEMA.digest)
        connection.exec_driver_sql("INSERT INTO tablewright_attributes VALUES (?, ?), (?, ?)", stamp)
    with db.session() as session:
        session.connection().exec_driver_sql("CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT, born TEXT)")
        session.author.insert(name="a")
        assert session.author.select(session.author.c.name == "a", order_by=session.author.c.id)
assert not [name for name in sys.modules if name.startswith(("sqlalchemy.dialects.postgresql", "psycopg"))]
loaded = sorted(name for name in sys.modules if name.startswith("bookstore."))
assert loaded == ["bookstore.schema", "bookstore.session", "bookstore.tables", "bookstore.tables.author"], loaded
"""
DATABASE_ONLY = """
import sys
import observatory
observatory.Database
loaded = [name for name in sys.modules if name.startswith(("sqlalchemy.dialects.", "psycopg"))]
assert loaded == [], loaded
"""
OPAQUE_ONLY = """
import sys
from observatory import Database
with Database("sqlite://", check_versions=False) as db:
    assert not [name for name in sys.modules if name.startswith(("observatory.opaque", "tablewright.runtime.opaque"))]
    db.opaque.register("file_datastore_records")
loaded = sorted(name for name in sys.modules if name.startswith(("observatory.opaque.", "observatory.tables.")))
assert loaded == ["observatory.opaque._manager", "observatory.opaque.file_datastore_records"], loaded
from observatory import TransferRow
loaded = sorted(name for name in sys.modules if name.startswith("observatory.tables."))
assert loaded == ["observatory.tables.file"], loaded
"""
THREADS = """
import threading
import observatory
from observatory import Database
failures = []
start = threading.Barrier(8)
NAMES = ["Exposure", "File", "Program", "Instrument", "Detector", "Calibration", "SkyTarget", "Shift"]
def use(name):
    start.wait()
    try:
        getattr(observatory, name)
        import sqlalchemy.orm
        sqlalchemy.orm.configure_mappers()
    except BaseException as error:
        failures.append((name, error))
threads = [threading.Thread(target=use, args=(name,)) for name in NAMES]
for thread in threads: thread.start()
for thread in threads: thread.join(60)
assert not failures, failures
assert not any(thread.is_alive() for thread in threads)
"""


COLLECTOR = """
import gc
import observatory

observatory.metadata
assert gc.isenabled()
observatory.Program
assert gc.isenabled()
import bookstore
gc.disable()
bookstore.Book
assert not gc.isenabled()
"""


@pytest.mark.parametrize(
    "program",
    [DATABASE_ONLY, ROWS_ONLY, OPAQUE_ONLY, THREADS, COLLECTOR],
    ids=[
        "a database class loads no dialect",
        "rows load one table",
        "an opaque table loads at its first use, with the tables it references",
        "threads load all entities",
        "the garbage collector is unchanged",
    ],
)
def test_loading(program: str) -> None:
    """Rows load only their own table and no mapper; entities load all at once, also from several threads."""
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'codegen'}{os.pathsep}{ROOT / 'generated'}"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=120)


def book(**changes: object) -> BookRow:
    """Return a row as a read returns it."""
    values = {"id": 1, "author_id": 2, "isbn": "1", "title": "t", "genre": "poetry", "price": "9.99", "stock": 0}
    values |= {"details": {}, "created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z"}
    return msgspec.convert(values | changes, BookRow, strict=False)


def test_rows_are_values() -> None:
    """Rows are frozen, equal by value, and survive JSON, pickle and copies. A row is hashable if its values are."""
    row = book()
    assert row == book()
    assert row != book(stock=1)
    assert row.genre is Genre.POETRY
    assert msgspec.json.decode(msgspec.json.encode(row), type=BookRow) == row
    assert pickle.loads(pickle.dumps(row)) == row
    assert copy.deepcopy(row) == row
    assert msgspec.structs.replace(row, stock=5).stock == 5
    with pytest.raises(AttributeError):
        row.stock = 5  # type: ignore[misc]  # frozen
    author = AuthorRow(id=1, name="a", born=None)
    assert len({author, AuthorRow(id=1, name="a", born=None)}) == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(row)


def test_ranges_are_values() -> None:
    """Ranges convert to JSON and back, test whether they contain a value, and refuse ends in the wrong order."""
    ranged = Range(1, 5)
    assert msgspec.json.decode(msgspec.json.encode(ranged), type=Range[int]) == ranged
    assert 1 in ranged
    assert 5 not in ranged
    assert 5 in Range(1, 5, "[]")
    assert 3 not in Range[int].nothing()
    assert (str(ranged), str(Range(None, 5, "(]")), str(Range(empty=True))) == ("[1,5)", "(,5]", "empty")
    with pytest.raises(ValueError, match="greater"):
        Range(5, 1)

"""Butler's cases of opaque tables, and cases that its tests leave out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError, IntegrityError, InvalidRequestError

from tablewright.runtime.errors import OpaqueTableConflictError, ReadOnlyDatabaseError, UnknownColumnError
from tablewright.runtime.expressions.prefix import Prefix
from tablewright.spec.models import ColumnSpec, TableSpec

SPEC = TableSpec(
    name="opaque_table_for_testing",
    columns={
        "id": ColumnSpec(type="bigint", primary_key=True),
        "name": ColumnSpec(type="string", length=16),
        "count": ColumnSpec(type="smallint", nullable=True),
    },
)
ROWS = [
    {"id": 1, "name": "one", "count": None},
    {"id": 2, "name": "two", "count": 5},
    {"id": 3, "name": "three", "count": 6},
]


@pytest.fixture
def db(case: Any, place: str) -> Iterator[Any]:
    """Create the tables of the cases, empty."""
    with case.Database(place) as database:
        database.create()
        yield database


def rows(fetched: Iterator[Any]) -> list[dict[str, Any]]:
    """Return the rows as mappings, ordered by id."""
    return sorted(({"id": one.id, "name": one.name, "count": one.count} for one in fetched), key=lambda one: one["id"])


@pytest.fixture
def storage(db: Any) -> Any:
    """Register the table, with Butler's three rows. Return its storage."""
    return filled(db)


def filled(db: Any) -> Any:
    """Register the table and insert Butler's three rows. Return its storage."""
    storage = db.opaque.register(SPEC.name, SPEC)
    storage.insert(*ROWS)
    return storage


def test_opaque(storage: Any) -> None:
    """testOpaque: rows are fetched by one value, lists, 300,000 ids, duplicates and contradictions, and deleted."""
    assert rows(storage.fetch()) == ROWS
    assert rows(storage.fetch(id=1)) == ROWS[:1]
    assert rows(storage.fetch(name="two")) == ROWS[1:2]
    assert rows(storage.fetch(id=(1, 3), name=("one", "two"))) == ROWS[:1]
    assert rows(storage.fetch(id=(1, 2, 3))) == ROWS
    assert rows(storage.fetch(id=list(range(300_000)))) == ROWS
    ids = [*range(1, 1001), *range(1, 101)]
    names = ["one", "two", *(f"other {number}" for number in range(2200))]
    assert rows(storage.fetch(id=ids, name=names)) == ROWS[:2]
    assert rows(storage.fetch(id=1, name="two")) == []
    storage.delete(["id"], {"id": 3})
    assert rows(storage.fetch()) == ROWS[:2]
    storage.delete_all()
    assert rows(storage.fetch()) == []


def test_opaque_ensure_and_replace(storage: Any) -> None:
    """Not covered by Butler: `ensure` keeps existing rows, `replace` overwrites them."""
    other = {"id": 1, "name": "uno", "count": 1}
    new = {"id": 4, "name": "four", "count": 4}
    assert storage.ensure(other, new) == 1
    assert rows(storage.fetch()) == [*ROWS, new]
    assert storage.replace(other) == 1
    assert rows(storage.fetch(id=1)) == [other]
    with pytest.raises(IntegrityError):
        storage.insert(other)


def test_opaque_registered_again(storage: Any, db: Any) -> None:
    """Not covered by Butler (trap 49): the same definition is the same table, another is an error in any client."""
    assert rows(db.opaque.register(SPEC.name, SPEC).fetch()) == ROWS
    other = SPEC.model_copy(update={"columns": {**SPEC.columns, "count": ColumnSpec(type="bigint", nullable=True)}})
    with pytest.raises(OpaqueTableConflictError, match="'count' has the type smallint, not bigint"):
        db.opaque.register(SPEC.name, other)
    assert rows(storage.fetch()) == ROWS


def test_opaque_found_after_a_reconnect(case: Any, url: str) -> None:
    """Not covered by Butler, which never reads its registry back: another client needs no definition."""
    with case.Database(url) as db:
        db.create()
        filled(db)
    with case.Database(url) as other:
        assert other.opaque.names() == [SPEC.name]
        assert rows(other.opaque[SPEC.name].fetch()) == ROWS


def test_opaque_cloned(case: Any, url: str) -> None:
    """Not covered by Butler: a clone of the manager works in another handle of the database."""
    with case.Database(url) as db, db.clone() as clone:
        db.create()
        filled(db)
        cloned = db.opaque.clone(clone)
        assert cloned.database is clone
        assert rows(cloned[SPEC.name].fetch()) == ROWS


def test_opaque_read_only(case: Any, url: str) -> None:
    """Not covered by Butler: a read-only client reads and registers existing tables, and writes nothing."""
    with case.Database(url) as db:
        db.create()
        filled(db)
    with case.Database(url, read_only=True) as reader:
        stored = reader.opaque.register(SPEC.name, SPEC)
        assert rows(stored.fetch(id=[1, 2])) == ROWS[:2]
        with pytest.raises(ReadOnlyDatabaseError):
            reader.opaque.register("other", SPEC)
        with pytest.raises(DatabaseError):
            stored.insert({"id": 9, "name": "nine", "count": None})


def test_opaque_null(storage: Any) -> None:
    """Not covered by Butler (trap 50): None means IS NULL, alone and in a list, for reads and deletes."""
    assert rows(storage.fetch(count=None)) == ROWS[:1]
    assert rows(storage.fetch(count=[None, 5])) == ROWS[:2]
    assert storage.delete(["count"], {"count": None}, {"count": 5}) == 2
    assert rows(storage.fetch()) == ROWS[2:]


def test_opaque_percent(storage: Any) -> None:
    """Not covered by Butler (trap 50): a percent sign is literal; a prefix is explicit and case-sensitive."""
    percent = {"id": 4, "name": "t%", "count": None}
    storage.insert(percent)
    assert rows(storage.fetch(name="t%")) == [percent]
    assert rows(storage.fetch(name="t_o")) == []
    assert rows(storage.fetch(name=Prefix("t"))) == [*ROWS[1:], percent]
    assert rows(storage.fetch(name=Prefix("t%"))) == [percent]
    assert rows(storage.fetch(name=Prefix("T"))) == []


def test_opaque_unknown_column(storage: Any) -> None:
    """Not covered by Butler: an unknown column is an error at the call, not at the first row."""
    with pytest.raises(UnknownColumnError):
        storage.fetch(nme="one")


def test_opaque_collections(storage: Any) -> None:
    """Not covered by Butler (trap 50): ranges, frozensets, generators and keys of a dict are collections."""
    for collection in (range(1, 3), frozenset({1, 2}), (one for one in (1, 2)), {1: 0, 2: 0}.keys()):
        assert rows(storage.fetch(id=collection)) == ROWS[:2]
    assert rows(storage.fetch(id=[])) == []


def test_opaque_delete_without_columns(storage: Any) -> None:
    """Not covered by Butler (trap 46): a delete without columns is an error, and never deletes the whole table."""
    with pytest.raises(InvalidRequestError, match="delete_all"):
        storage.delete([], {"id": 1})
    assert rows(storage.fetch()) == ROWS


def test_opaque_in_a_transaction_of_the_caller(storage: Any, db: Any) -> None:
    """Not in Butler: registration works in a transaction, and a read before a write keeps the write (trap 44)."""
    with db.session() as session:
        assert rows(storage.fetch(session=session)) == ROWS
        storage.delete(["id"], {"id": 1}, session=session)
        db.opaque.register("other", SPEC, session=session).insert(*ROWS, session=session)
    assert rows(storage.fetch()) == ROWS[1:]
    assert rows(db.opaque["other"].fetch()) == ROWS

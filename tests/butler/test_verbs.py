"""Butler's cases of data: insert, delete, update, sync, replace, ensure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError, MultipleResultsFound

from tablewright.runtime.errors import ReadOnlyDatabaseError, SyncConflictError, UnknownColumnError
from tablewright.runtime.table import ALL_ROWS
from tablewright.spec.models import ColumnSpec, TableSpec


@pytest.fixture
def db(case: Any, place: str) -> Iterator[Any]:
    """Create the tables of the cases, empty."""
    with case.Database(place) as database:
        database.create()
        yield database


@pytest.fixture
def session(db: Any) -> Iterator[Any]:
    """Open a session on the tables of the cases."""
    with db.session() as session:
        yield session


def names_and_values(session: Any) -> list[tuple[str, int | None]]:
    """Return names and values of all `b`, ordered by id."""
    return [(row.name, row.value) for row in session.b.select(order_by=session.b.c.id)]


def test_insert_query_delete(db: Any) -> None:
    """testInsertQueryDelete: values are read as written, ids follow the row order, deletes count and cascade."""
    with db.session() as session:
        row = session.a.insert(name="a1", region=b"\x00\x01")
        assert session.a.get_one("a1") == row
        assert session.a.insert_many([{"name": "a2", "region": None}, {"name": "a3", "region": b""}]) == 2
        assert [row.region for row in session.a.select(order_by=session.a.c.name)] == [b"\x00\x01", None, b""]
        rows = session.b.insert_many_returning({"name": f"b{n}"} for n in range(1, 5))
        assert [row.name for row in rows] == ["b1", "b2", "b3", "b4"]
        ids = [row.id for row in rows]
        assert ids == sorted(set(ids))
        explicit = session.b.insert_many_returning([{"id": 700, "name": "b700"}, {"id": 701, "name": "b701"}])
        assert [row.id for row in explicit] == [700, 701]
        assert session.b.insert(name="b702").id == 702
        cs = session.c.insert_many_returning([{"b_id": ids[0]}, {"b_id": ids[1]}, {"b_id": None}])
        session.d.insert_many([{"c_id": cs[0].id, "a_name": "a1"}, {"c_id": cs[1].id, "a_name": "a2"}])
        assert session.b.delete_many([ids[0], ids[1], 9999]) == 2
        assert [row.b_id for row in session.c.select()] == [None, None, None]
        assert session.b.delete_matching(["name"], [{"name": "b3"}, {"name": "b700"}]) == 2
        assert session.c.delete(cs[0].id)
        assert [row.c_id for row in session.d.select()] == [cs[1].id]
        assert session.a.delete_matching(["name"], [{"name": "a2"}]) == 1
        assert session.d.count() == 0
        assert session.b.delete_where(ALL_ROWS) == 3
        assert session.b.count() == 0
        assert session.b.insert_many([]) == 0
        assert session.b.insert_many_returning([]) == []


def test_rows_with_different_columns(session: Any) -> None:
    """Not in Butler: rows may omit different columns; an unknown column is refused, and nothing is written."""
    session.b.insert_many([{"name": "b1", "value": 1}, {"name": "b2"}, {"value": 3, "name": "b3"}])
    assert names_and_values(session) == [("b1", 1), ("b2", None), ("b3", 3)]
    for verb in (session.b.insert_many, session.b.ensure, session.b.replace):
        with pytest.raises(UnknownColumnError, match="valu"):
            verb([{"id": 8, "name": "b8"}, {"id": 9, "name": "b9", "valu": 3}])
    with pytest.raises(UnknownColumnError):
        session.b.find(valu=3)
    with pytest.raises(UnknownColumnError):
        session.b.sync({"name": "b1", "valu": 3}, keys=["name"])
    with pytest.raises(IntegrityError), session.nested():
        session.b.insert_many([{"name": "b8"}, {"value": 9}])
    assert session.b.count() == 3


def test_inserts_that_return_ids_in_a_read_only_session(db: Any) -> None:
    """Not in Butler: an insert that returns ids is refused in a read-only session, like any other write."""
    with db.session(read_only=True) as session:
        for write, argument in (
            (session.b.insert_many_returning, [{"name": "b1"}]),
            (session.b.insert_many, [{"name": "b1"}]),
            (session.b.delete_many, [1]),
        ):
            with pytest.raises(DBAPIError, match=r"(?i)read.?only"), session.nested():
                write(argument)
        assert session.b.count() == 0


def test_delete_where(session: Any) -> None:
    """testDeleteWhere: a list, a subquery, equality or no condition deletes rows; each call returns the number."""
    session.b.insert_many({"id": n + 1, "name": f"b{n}", "value": n} for n in range(10))
    table = session.b.table
    assert session.b.delete_where(table.c.value.in_([0, 1, 2])) == 3
    wanted = select(table.c.id).where(table.c.value > 5)
    assert session.b.delete_where(table.c.id.in_(wanted)) == 4
    assert session.b.delete_where(table.c.name == "b5") == 1
    assert session.b.delete_where(ALL_ROWS) == 2
    assert session.b.count() == 0
    with pytest.raises(TypeError):
        session.b.delete_where()


def test_one_rule_for_null(session: Any) -> None:
    """Trap 46: None means NULL in every form of find and delete; a delete without conditions is refused."""
    rows = [
        {"id": 1, "name": "b1", "value": None},
        {"id": 2, "name": "b2", "value": None},
        {"id": 3, "name": "b3", "value": 5},
    ]
    forms: list[tuple[Any, int]] = [
        (lambda: session.b.delete_matching(["value"], [{"value": None}]), 2),
        (lambda: session.b.delete_matching(["value"], [{"value": None}, {"value": 5}]), 3),
        (lambda: session.b.delete_matching(["value", "name"], [{"value": None, "name": n} for n in ("b1", "b2")]), 2),
        (lambda: session.b.delete_matching(["name", "value"], [{"value": 5, "name": "b1"}]), 0),
        (lambda: session.b.delete_where(session.b.c.value == None), 2),  # noqa: E711  # SQLAlchemy requires ==
        (lambda: len(session.b.find(value=None)), 2),
        (lambda: len(session.b.find(value=[None, 5])), 3),
    ]
    for delete, count in forms:
        session.b.delete_where(ALL_ROWS)
        session.b.insert_many(rows)
        assert delete() == count
    session.b.replace(rows)
    nothing: list[Any] = [[], ()]
    for columns in nothing:
        with pytest.raises(InvalidRequestError):
            session.b.delete_matching(columns, [{"name": "b1"}])
    with pytest.raises(InvalidRequestError, match="Row 1"):
        session.b.delete_matching(["value"], [{"value": 5, "name": "b1"}])
    assert session.b.delete_matching(["value"], []) == 0
    assert session.b.delete_many([]) == 0
    assert session.b.count() == 3


def test_update(session: Any) -> None:
    """testUpdate: only the row of the key is updated; the number of existing rows is returned."""
    session.a.insert_many([{"name": "a1"}, {"name": "a2"}])
    assert session.a.update_many([("a2", {"region": b"x"})]) == 1
    assert [row.region for row in session.a.select(order_by=session.a.c.name)] == [None, b"x"]
    assert session.a.update_many([("a1", {"region": b"y"}), ("a3", {"region": b"z"})]) == 1
    assert session.a.update_many([]) == 0
    with pytest.raises(UnknownColumnError, match="part of the primary key"):
        session.a.update_many([("a1", {"name": "a2"})])
    with pytest.raises(InvalidRequestError):
        session.a.update_many([("a1", {})])


def test_sync(db: Any) -> None:
    """testSync: sync inserts, finds, reports conflicts and updates; in a read-only database it only finds."""
    with db.session() as session:
        created = session.b.sync({"name": "b1"}, keys=["name"])
        assert (created.inserted, created.existed, created.updated, created.changed) == (True, False, False, {})
        assert session.b.get(created.row.id) == created.row
        again = session.b.sync({"name": "b1"}, keys=["name"])
        assert (again.inserted, again.existed, again.updated, again.row) == (False, True, False, created.row)
        extra = session.b.sync({"name": "b1", "value": 20}, keys=["name"], compare=[])
        assert (extra.existed, extra.row) == (True, created.row)
        with_extra = session.b.sync({"name": "b2", "value": 10}, keys=["name"], compare=())
        assert (with_extra.inserted, with_extra.row.value) == (True, 10)
        assert session.b.sync({"name": "b2", "value": 10}, keys=["name"]).existed
        with pytest.raises(SyncConflictError, match="value is 10, not 20"):
            session.b.sync({"name": "b2", "value": 20}, keys=["name"])
    with db.session(read_only=True) as session:
        result = session.b.sync({"name": "b2", "value": 10}, keys=["name"])
        assert (result.existed, result.row.value) == (True, 10)
        with pytest.raises(ReadOnlyDatabaseError):
            session.b.sync({"name": "b3"}, keys=["name"])
        with pytest.raises(ReadOnlyDatabaseError):
            session.b.sync({"name": "b2", "value": 20}, keys=["name"], update=True)
        with pytest.raises(SyncConflictError):
            session.b.sync({"name": "b2", "value": 20}, keys=["name"])
        assert session.b.sync({"name": "b2", "value": 10}, keys=["name"], update=True).existed
    with db.session() as session:
        updated = session.b.sync({"name": "b2", "value": 20}, keys=["name"], update=True)
        assert (updated.inserted, updated.existed, updated.updated) == (False, False, True)
        assert updated.changed == {"value": 10}
        assert names_and_values(session) == [("b1", None), ("b2", 20)]


def test_sync_returns_the_stored_row(session: Any) -> None:
    """Trap 47: after an update the result contains the new row, and the old value in `changed`."""
    session.b.insert(name="b1", value=10)
    result = session.b.sync({"name": "b1", "value": 20}, keys=["name"], update=True)
    assert result.row.value == 20
    assert result.changed == {"value": 10}
    assert session.b.get_one(result.row.id) == result.row


def test_sync_of_several_rows(session: Any) -> None:
    """Keys that match several rows are an error that changes nothing; keys of NULL find the rows they inserted."""
    session.b.insert_many([{"name": "b1", "value": 5}, {"name": "b2", "value": 5}])
    for update in (False, True):
        with pytest.raises(MultipleResultsFound):
            session.b.sync({"value": 5, "name": "b3"}, keys=["value"], update=update)
    assert names_and_values(session) == [("b1", 5), ("b2", 5)]
    first = session.b.sync({"name": "b3", "value": None}, keys=["value"])
    second = session.b.sync({"name": "b3", "value": None}, keys=["value"])
    assert (first.inserted, second.existed, second.row) == (True, True, first.row)
    with pytest.raises(IntegrityError):
        session.b.sync({"name": "b1", "value": 6}, keys=["value"])
    with pytest.raises(InvalidRequestError):
        session.b.sync({"name": "b1"}, keys=[])
    with pytest.raises(UnknownColumnError):
        session.b.sync({"name": "b1"}, keys=["nam"])
    with pytest.raises(UnknownColumnError):
        session.b.sync({"name": "b1"}, keys=["name"], compare=["valu"])
    with pytest.raises(InvalidRequestError, match="a value of the column 'value'"):
        session.b.sync({"name": "b1"}, keys=["name"], compare=["value"])


def test_replace(session: Any) -> None:
    """testReplace: rows are inserted, kept, set to NULL and changed among new ones, in any order."""
    one, two = {"id": 1, "name": "b1", "value": 10}, {"id": 2, "name": "b2", "value": 20}
    assert session.b.replace([one, two]) == 2
    assert session.b.replace([two, one]) == 2
    assert names_and_values(session) == [("b1", 10), ("b2", 20)]
    session.b.replace([{"id": 1, "name": "b1", "value": None}])
    assert names_and_values(session) == [("b1", None), ("b2", 20)]
    session.b.replace(
        [{"id": 3, "name": "b3"}, {"id": 1, "name": "b1", "value": 11}, {"id": 4, "name": "b4", "value": 4}]
    )
    assert names_and_values(session) == [("b1", 11), ("b2", 20), ("b3", None), ("b4", 4)]
    assert session.b.replace([]) == 0


def test_replace_and_omitted_columns(db: Any) -> None:
    """An omitted column gets its default, or NULL, never the old value; the last row of a key is stored."""
    spec = TableSpec(
        name="t",
        columns={
            "id": ColumnSpec(type="bigint", primary_key=True),
            "size": ColumnSpec(type="integer", default=7),
            "made": ColumnSpec(type="string", length=10, default_sql="'fresh'"),
            "note": ColumnSpec(type="text", nullable=True),
        },
    )
    table = db.ensure_table("t", spec)
    for count in (1, 500):
        with db.session() as session:
            rows = session.table(table)
            rows.delete_where(ALL_ROWS)
            rows.insert_many({"id": n, "size": 1, "made": "old", "note": "old"} for n in range(count))
            rows.replace([{"id": n} for n in range(count)])
            assert {(row.size, row.made, row.note) for row in rows.select()} == {(7, "fresh", None)}
            rows.replace([{"id": n % count, "size": n} for n in range(2 * count)])
            assert [row.size for row in rows.select(order_by=table.c.id)] == list(range(count, 2 * count))


def test_replace_in_conflict_with_another_key(session: Any) -> None:
    """A row with the unique key of another row is an IntegrityError, and nothing is changed."""
    session.b.insert_many([{"id": 1, "name": "b1", "value": 1}, {"id": 2, "name": "b2", "value": 2}])
    for rows in (
        [{"id": 1, "name": "changed"}, {"id": 2, "name": "changed"}],
        [{"id": 1, "name": "b1", "value": 5}, {"id": 3, "name": "b2"}],
    ):
        with pytest.raises(IntegrityError):
            session.b.replace(rows)
        assert names_and_values(session) == [("b1", 1), ("b2", 2)]


def test_replace_of_only_keys(db: Any) -> None:
    """test_replace_pkey_only: in a table of only a key, the same rows can be replaced repeatedly."""
    spec = TableSpec(name="t", columns={"id": ColumnSpec(type="bigint", primary_key=True)})
    table = db.ensure_table("t", spec)
    with db.session() as session:
        for _ in range(3):
            assert session.table(table).replace([{"id": 1}, {"id": 2}]) == 2
        assert sorted(row.id for row in session.table(table).select()) == [1, 2]


def test_ensure(session: Any) -> None:
    """testEnsure: rows that exist by any unique key are unchanged; the number of inserted rows is returned."""
    assert session.b.ensure([{"id": 1, "name": "b1", "value": 1}]) == 1
    assert session.b.ensure([{"id": 2, "name": "b2", "value": 2}]) == 1
    assert session.b.ensure([{"id": 1, "name": "x", "value": 9}, {"id": 2, "name": "y"}]) == 0
    assert session.b.ensure([{"id": 3, "name": "b1", "value": 9}]) == 0
    assert session.b.ensure([{"id": 3, "name": "b3", "value": 3}, {"id": 1, "name": "b4"}]) == 1
    assert names_and_values(session) == [("b1", 1), ("b2", 2), ("b3", 3)]
    with pytest.raises(IntegrityError):
        session.b.ensure([{"id": 5, "name": "b5"}, {"id": 4, "name": "b1"}], conflict="primary_key")
    assert session.b.ensure([{"id": 1, "name": "z"}, {"id": 4, "name": "b4"}], conflict="primary_key") == 1
    assert names_and_values(session) == [("b1", 1), ("b2", 2), ("b3", 3), ("b4", None)]


@pytest.mark.parametrize("conflict", [None, "primary_key"])
def test_ensure_counts(session: Any, conflict: Any) -> None:
    """Of 3,000 rows, a third existing and each new one given twice, each new row is counted once."""
    session.b.insert_many({"id": n, "name": f"b{n}"} for n in range(0, 3000, 3))
    rows = [{"id": n, "name": f"b{n}", "value": 1} for n in range(3000) for _ in range(2)]
    assert session.b.ensure(rows, conflict=conflict) == 2000
    assert session.b.ensure(rows, conflict=conflict) == 0
    assert session.b.count(session.b.c.value == 1) == 2000


def test_ensure_with_one_conflict_among_thousands(session: Any) -> None:
    """One conflict with a key other than the primary key is an error that names it; nothing is inserted."""
    session.b.insert(id=1, name="taken")
    rows = [{"id": n, "name": "taken" if n == 1500 else f"b{n}"} for n in range(2, 2000)]
    with pytest.raises(IntegrityError, match="row 1499"):
        session.b.ensure(rows, conflict="primary_key")
    assert session.b.count() == 1
    assert session.b.ensure(rows) == 1997

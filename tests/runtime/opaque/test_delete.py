"""Deletes of rows of opaque tables by their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import DataError, InvalidRequestError

from bookstore import Database
from tablewright.runtime.writes.delete import delete_values
from tablewright.spec.models import ColumnSpec, TableSpec
from tests.runtime.opaque.records import ids, row


@pytest.mark.parametrize(
    ("columns", "rows", "expected"),
    [
        (["id"], [{"id": 1}, {"id": 1}, {"id": 99}], [2, 3, 4, 5]),
        (["size"], [{"size": None}], [2, 3, 5]),
        (["size"], [{"size": None}, {"size": 20}], [2, 5]),
        (("size", "id"), [{"id": 1, "size": None}, {"size": 10, "id": 2}, {"id": 3, "size": None}], [3, 4, 5]),
        (["size", "path"], [{"size": None, "path": "p/1"}, {"size": None, "path": "p/2"}], [2, 3, 4, 5]),
        (["id"], [], [1, 2, 3, 4, 5]),
    ],
)
def test_rows_are_deleted_by_their_values(filled: Any, columns: Any, rows: list[Any], expected: list[int]) -> None:
    """None means NULL, for one column and for several; missing rows are not counted."""
    assert filled.delete(columns, *rows) == 5 - len(expected)
    assert ids(filled.fetch()) == expected


def test_fetched_rows_can_be_deleted(filled: Any) -> None:
    """A fetched row can be deleted by the named columns; its other columns are ignored."""
    assert filled.delete(["id", "size"], *filled.fetch(size=[10, None])) == 4
    assert ids(filled.fetch()) == [3]


@pytest.mark.parametrize(
    ("delete", "message"),
    [
        (lambda filled: filled.delete([], {"id": 1}), r"delete_all\(\)"),
        (lambda filled: filled.delete([]), r"delete_all\(\)"),
        (lambda filled: filled.delete(["id", "id"], {"id": 1}), "one or more different columns"),
        (lambda filled: filled.delete(["id"], {"id": 1}, {"id": 2, "name": "n2"}), "Row 2 .* has the columns id, name"),
        (lambda filled: filled.delete(["id", "name"], {"id": 1}), "exactly those that are compared: id, name"),
        (lambda filled: filled.delete(["id"], {}), "the columns none"),
    ],
)
def test_an_ambiguous_delete_is_refused(filled: Any, delete: Callable[[Any], int], message: str) -> None:
    """No columns, and rows with more or fewer columns than named, are errors; nothing is deleted."""
    with pytest.raises(InvalidRequestError, match=message):
        delete(filled)
    assert filled.count() == 5


@pytest.mark.parametrize("columns", [["id"], ["name"], ["id", "name"], ["size", "name"], ["id", "size"]])
def test_very_many_rows_are_deleted_at_once(records: Any, columns: list[str]) -> None:
    """Tens of thousands of rows, some with NULL, are deleted by one statement for each set of NULLs."""
    stored = [row(number, size=number if number % 3 else None) for number in range(40_000)]
    records.insert(*stored)
    doomed = [{name: one[name] for name in columns} for one in stored[::2]]
    assert records.delete(columns, *doomed) == 20_000
    assert ids(records.fetch()) == [*range(1, 40_000, 2)]


def test_a_delete_is_all_or_none(db: Database, filled: Any) -> None:
    """If a later statement of the call fails, the rows that an earlier one deleted are restored."""
    with db.session() as session:
        with pytest.raises(DataError):
            delete_values(session, type(filled)._mapper(), ["id", "size"], [(2, 10), (3, None), ("x", None)])
        assert filled.count(session=session) == 5


def test_lists_and_json_are_compared_one_by_one(db: Database) -> None:
    """Columns whose values are lists accept a list as one value."""
    spec = TableSpec(
        name="tagged",
        columns={
            "id": ColumnSpec(type="bigint", primary_key=True),
            "tags": ColumnSpec(type="json", python="list[int]", nullable=True),
        },
    )
    storage: Any = db.opaque.register("tagged", spec)
    storage.insert({"id": 1, "tags": [1, 2]}, {"id": 2, "tags": []}, {"id": 3})
    assert ids(storage.fetch(tags=[1, 2])) == [1]
    assert ids(storage.fetch(tags=[])) == [2]
    assert ids(storage.fetch(tags=None)) == [3]
    assert storage.delete(["tags"], {"tags": [1, 2]}, {"tags": None}) == 2
    assert ids(storage.fetch()) == [2]

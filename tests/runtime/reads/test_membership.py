"""Lists of any size in find, delete and update, for every type of column."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DataError, InvalidRequestError

import bookstore
from bookstore import Book
from tablewright.runtime.errors import UnknownColumnError
from tablewright.runtime.reads.membership import FEW
from tablewright.schema import types
from tablewright.schema.tables import column, primary_key
from tests.runtime import sample
from tests.runtime.books import author_id, book
from tests.runtime.untyped_table import accessor, untyped_table
from tests.schema.test_types import CASES, Case, Kept

MANY = 300_000


def readings() -> Any:
    """A table without automatic ids, two columns of it nullable."""
    return untyped_table(
        {
            "id": column(types.BigInteger()),
            "a": column(types.Integer(), nullable=True),
            "b": column(types.Text(), nullable=True),
        },
        primary_key("id"),
    )


@pytest.fixture
def loose(url: str) -> Iterator[Any]:
    """The verbs of that table, empty, in a session."""
    table = readings()
    with created(url) as database, database.session() as session:
        table.metadata.create_all(session.connection())
        yield accessor(session, table)


@contextmanager
def created(url: str) -> Iterator[sample.Database]:
    """A database with the sample's tables."""
    with sample.Database(url) as database:
        database.create()
        yield database


def statements(loose: Any) -> list[str]:
    """The statements that are executed from now on."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, sql: str, *rest: object) -> None:
        seen.append(sql)

    event.listen(loose._session.connection(), "before_cursor_execute", note)
    return seen


def ids(rows: Iterable[Any]) -> list[int]:
    """The ids of rows, in order."""
    return sorted(row.id for row in rows)


def test_lists_of_300_000(loose: Any) -> None:
    """Rows are found, read and deleted by 300,000 values in one statement."""
    loose.insert_many({"id": n, "a": n % 100, "b": str(n)} for n in range(MANY))
    seen = statements(loose)
    assert len(loose._find({"id": range(10, MANY + 1000)})) == MANY - 10
    assert len(loose.get_many(n for n in range(MANY))) == MANY
    assert loose.delete_many(range(5, MANY * 2)) == MANY - 5
    assert len([sql for sql in seen if not sql.startswith(("SAVEPOINT", "RELEASE"))]) == 3
    assert ids(loose.select()) == [0, 1, 2, 3, 4]


def test_rows_of_300_000(loose: Any) -> None:
    """Rows are deleted by 300,000 sets of values, NULL among them."""
    loose.insert_many({"id": n, "a": n if n % 3 else None, "b": str(n) if n % 2 else None} for n in range(30_000))
    wanted = [{"b": str(n) if n % 2 else None, "a": n if n % 3 else None} for n in range(10, MANY)]
    # Those with two NULLs are all equal, whatever their number.
    assert loose.delete_matching(["a", "b"], wanted) == 29_990 + 2
    assert ids(loose.select()) == [1, 2, 3, 4, 5, 7, 8, 9]


@pytest.mark.parametrize("many", [1, FEW + 1])
def test_any_iterable_is_a_list(loose: Any, many: int) -> None:
    """Any iterable is a collection: a list, tuple, set, range, generator, the keys of a dict."""
    loose.insert_many({"id": n, "a": n} for n in range(5))
    missing = range(100, 100 + many)
    collections: list[Any] = [
        [3, 4, *missing],
        (3, 4, *missing),
        {3, 4, *missing},
        frozenset([3, 4, *missing]),
        dict.fromkeys([3, 4, *missing]),
        dict.fromkeys([3, 4, *missing]).keys(),
        (n for n in (3, 4, *missing)),
        range(3, 5),
        [3, 3, 4, 4] * many,
    ]
    for wanted in collections:
        assert ids(loose._find({"a": wanted})) == [3, 4]


@pytest.mark.parametrize("many", [1, FEW + 1])
def test_none_in_a_list_is_null(loose: Any, many: int) -> None:
    """None matches NULL, alone and among others; an empty list matches nothing."""
    loose.insert_many({"id": n, "a": None if n < 2 else n} for n in range(5))
    missing = list(range(100, 100 + many))
    assert ids(loose._find({"a": None})) == [0, 1]
    assert ids(loose._find({"a": [None]})) == [0, 1]
    assert ids(loose._find({"a": [None, 4, *missing]})) == [0, 1, 4]
    assert ids(loose._find({"a": [4, *missing]})) == [4]
    assert ids(loose._find({"a": []})) == []
    assert ids(loose._find({"a": iter(())})) == []
    assert ids(loose._find({"id": [0, 1, 2, *missing], "a": [None, 2]})) == [0, 1, 2]
    assert loose.get_many([None]) == []


@pytest.mark.parametrize("many", [1, FEW + 1])
def test_members_of_several_types(loose: Any, many: int) -> None:
    """Values that the column could not store are not an error in a list: they match no row."""
    loose.insert_many({"id": n, "a": n} for n in range(5))
    wanted = [1, 2.5, 3.0, 2**40, Decimal("4"), None] * many
    assert ids(loose._find({"a": wanted})) == [1, 3, 4]
    with pytest.raises(DataError):
        loose._find({"a": [1, "2"] * many})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_type_in_lists(case: Case, url: str) -> None:
    """Values of every type work in short and long lists, in rows, and in deletes."""
    table = untyped_table(
        {
            "id": column(types.BigInteger()),
            "group": column(types.Integer()),
            "v": column(case.type, nullable=True),
        },
        primary_key("id"),
    )
    written = [value.written if isinstance(value, Kept) else value for value in case.kept]
    with created(url) as database, database.session() as session:
        table.metadata.create_all(session.connection())
        verbs = accessor(session, table)
        for times in (1, FEW):
            rows = [{"id": n, "group": n % 2, "v": value} for n, value in enumerate([*written, None])]
            verbs.insert_many(rows)
            verbs._insert({"id": -1, "group": 7, "v": written[0]})
            if not isinstance(case.type, types.Json | types.ArrayOf | types.RangeOf | types.CodecType):
                found = verbs._find({"v": written * times})
                assert ids(found) == [-1, *range(len(written))]
            wanted = [{"group": row["group"], "v": row["v"]} for row in rows] * times
            assert verbs.delete_matching(["v", "group"], wanted) == len(rows)
            assert verbs.delete_matching(["v"], [{"v": value} for value in written] * times) == 1
            assert verbs.count() == 0


def test_infinite_floats_in_long_lists(url: str) -> None:
    """Infinity, for which JSON has no number, is found among many values."""
    table = untyped_table({"id": column(types.BigInteger()), "v": column(types.Float())}, primary_key("id"))
    with created(url) as database, database.session() as session:
        table.metadata.create_all(session.connection())
        verbs = accessor(session, table)
        verbs.insert_many({"id": n, "v": v} for n, v in enumerate([math.inf, -math.inf, 0.5, 1.5]))
        assert ids(verbs._find({"v": [math.inf, 0.5, *map(float, range(10, 200))]})) == [0, 2]


def test_what_a_row_to_delete_by_has(loose: Any) -> None:
    """Refused: no column, a repeated column, a wrong number of columns in a row. An empty list deletes nothing."""
    loose.insert_many({"id": n, "a": n} for n in range(3))
    for columns in ([], (), ["a", "a"]):
        with pytest.raises(InvalidRequestError, match="ALL_ROWS"):
            loose.delete_matching(columns, [{"a": 1}])
    for row in ({"a": 1, "b": "x"}, {}, {"b": "x"}):
        with pytest.raises(InvalidRequestError, match="Row 2 to delete by"):
            loose.delete_matching(["a"], [{"a": 1}, row])
    with pytest.raises(UnknownColumnError, match="no column 'c'"):
        loose.delete_matching(["a", "c"], [{"a": 1, "c": 1}])
    with pytest.raises(UnknownColumnError, match="no column 'c'"):
        loose.delete_matching(["c"], [])
    with pytest.raises(TypeError, match="int is not a mapping of columns or a"):
        loose.delete_matching(["a"], [5])
    assert loose.delete_matching(["a"], []) == 0
    assert loose.delete_matching(["a"], [{"a": None}]) == 0
    assert loose.count() == 3


def test_update_of_many_thousands(loose: Any) -> None:
    """Thousands of rows are updated and counted exactly, from an iterator."""
    loose.insert_many({"id": n} for n in range(3000))
    assert loose._update_many((n, {"a": -n, "b": str(n)}) for n in range(0, 6000, 2)) == 1500
    assert [row.a for row in loose.select(loose.table.c.id < 4, order_by=loose.table.c.id)] == [0, None, -2, None]


def test_listeners_see_lists(shop: bookstore.Database) -> None:
    """With listeners the same rows are updated and deleted, by statements that they see."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, sql: str, *rest: object) -> None:
        seen.append(sql.split()[0])

    with shop.session() as session:
        author = author_id(session)
        session.book.insert_many(book(author, n) for n in range(1, 6))
        event.listen(session.connection(), "before_cursor_execute", note)
        assert session.book.update_many((n, {"stock": n}) for n in range(1, 8)) == 5
        assert session.book.delete_many([1, 2]) == 2
        assert [row.stock for row in session.book.select(order_by=Book.id)] == [3, 4, 5]
    assert {"UPDATE", "DELETE"} <= set(seen)

"""Input rows: every class of row, changing sets of keys, and errors that are found late."""

from __future__ import annotations

import types
from collections import OrderedDict, UserDict, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy.exc import DataError, IntegrityError

import bookstore
from tablewright.runtime.errors import UnknownColumnError
from tests.runtime import sample
from tests.runtime.books import author_id, book


class Loud(dict[str, Any]):
    """A dict that returns values different from those it stores."""

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        return value.upper() if isinstance(value, str) else value


def test_rows_of_any_class(store: sample.Database) -> None:
    """Mappings of every kind and rows of the table, mixed, are read by their columns."""
    with store.session() as session:
        known = session.node.insert(id=99, name="row")
        session.node.delete(99)
        rows: list[Any] = [
            {"id": 1, "name": "dict"},
            OrderedDict(name="ordered", id=2),
            types.MappingProxyType({"id": 3, "name": "proxy"}),
            UserDict({"id": 4, "name": "user"}),
            defaultdict(str, {"id": 5, "name": "default"}),
            Loud(id=6, name="loud"),
            known,
            {"name": "dict", "id": 7},
        ]
        assert session.node.insert_many(iter(rows)) == 8
        names = ["dict", "ordered", "proxy", "user", "default", "LOUD", "dict", "row"]
        assert [row.name for row in session.node.select(order_by=session.node.c.id)] == names
        assert session.node.replace(rows) == 8
        assert session.node._upsert_many(rows, "primary_key") == 8
        assert [row.name for row in session.node.select(order_by=session.node.c.id)] == names


def test_one_dict_given_again_and_again(store: sample.Database) -> None:
    """An iterable may reuse one dict for every row: each row is read before the next one is pulled."""

    def rows(start: int) -> Iterator[dict[str, Any]]:
        row: dict[str, Any] = {}
        for n in range(start, start + 1500):
            row["id"], row["name"] = n, str(n)
            yield row

    with store.session() as session:
        session.node.insert_many(rows(0))
        session.node.ensure(rows(1500))
        session.node._upsert_many(rows(3000), "primary_key")
        session.node.replace(rows(4500))
        session.node.insert_many_returning(rows(6000))
        assert [row.name for row in session.node.select(order_by=session.node.c.id)] == [str(n) for n in range(7500)]


def test_columns_that_change_from_row_to_row(store: sample.Database) -> None:
    """Rows with other, fewer or more columns keep their own; defaults fill the rest."""
    with store.session() as session:
        node = session.node
        rows: list[dict[str, Any]] = [
            {"id": 1, "name": "a"},
            {"id": 2, "up_id": 1},
            {"name": "c", "up_id": 1, "id": 3},
            {"id": 4},
            {"id": 5, "name": "e"},
        ]
        wanted = [(1, None, "a"), (2, 1, ""), (3, 1, "c"), (4, None, ""), (5, None, "e")]
        for write in (node.insert_many, node.ensure, node.replace, node.insert_many_returning):
            write(rows)
            stored = node.select(order_by=node.c.id)
            assert [(row.id, row.up_id, row.name) for row in stored] == wanted
            node.truncate()


def test_an_upsert_fills_no_defaults(store: sample.Database) -> None:
    """A row that leaves out a column does not change it in the existing row, whatever the rows around it contain."""
    with store.session() as session:
        session.node.insert_many({"id": n, "name": "old"} for n in range(900))
        rows = [{"id": n, "name": "new"} if n % 300 < 250 else {"id": n} for n in range(900)]
        assert session.node._upsert_many(rows, "primary_key") == 900
        stored = session.node.select(order_by=session.node.c.id)
        assert [row.name for row in stored] == ["new" if n % 300 < 250 else "old" for n in range(900)]


WRONG: list[tuple[Any, type[Exception], str]] = [
    ({"id": 5, "nam": "x"}, UnknownColumnError, "'nam'"),
    ({"id": 5, "name": "x", "more": 1}, UnknownColumnError, "'more'"),
    (("id", "name"), TypeError, "tuple is not a mapping"),
    ({"id": 5, "name": 7}, DataError, "row 1201, column name"),
    ({"id": 2**63, "name": "x"}, DataError, "row 1201, column id"),
    ({"id": None, "name": "x"}, IntegrityError, "row 1201, column id"),
    ({"name": "no id"}, IntegrityError, "row 1201, column id"),
    ({"id": 7, "name": "again"}, IntegrityError, "row 1201, column id"),
]


@pytest.mark.parametrize(("wrong", "error", "message"), WRONG)
def test_a_wrong_row_far_on(store: sample.Database, wrong: Any, error: type[Exception], message: str) -> None:
    """An invalid row after many valid ones raises the same error as an invalid first row."""
    with store.session() as session:
        rows: list[Any] = [{"id": n, "name": str(n)} for n in range(1400)]
        rows[1200] = wrong
        verbs = [session.node.insert_many, session.node.insert_many_returning]
        for verb in verbs:
            with pytest.raises(error, match=message) as caught:
                verb(rows)
            if not isinstance(caught.value, DataError | IntegrityError):
                assert caught.value.__notes__ == ["In row 1201."]
            assert session.node.count() == 0


def test_a_lookup_error_of_a_mapping_is_its_own(store: sample.Database) -> None:
    """A mapping without a key that it claims to have is not treated as a row with other columns."""

    class Liar(Mapping[str, Any]):
        def __iter__(self) -> Iterator[str]:
            return iter(["id", "name"])

        def __len__(self) -> int:
            return 2

        def __getitem__(self, name: str) -> Any:
            raise KeyError(name)

    rows: list[Any] = [Liar()]
    with store.session() as session:
        with pytest.raises(KeyError, match="id"):
            session.node.insert_many(rows)
        assert session.node.count() == 0


def test_explicit_ids_of_many_rows(shop: bookstore.Database) -> None:
    """The next automatic id is greater than all explicit ones, wherever they are in the rows."""
    with shop.session() as session:
        author = author_id(session)
        for n, write in enumerate((session.book.insert_many, session.book.ensure, session.book.replace)):
            ids = [5000 * (n + 1) + (i + 250) % 500 for i in range(500)]
            write([book(author, i, id=i) for i in ids])
            assert session.book.insert(**book(author, -n)).id == max(ids) + 1

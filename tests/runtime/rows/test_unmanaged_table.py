"""Tables of the user, with SQLAlchemy's types and defaults computed in Python."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tablewright.runtime.row import Row
from tablewright.runtime.table import ALL_ROWS, KeyedTable
from tests.runtime import sample

MOMENT = datetime(2024, 1, 1)
plain = sa.Table(
    "plain",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(20), nullable=False, unique=True),
    sa.Column("price", sa.Numeric(8, 2), default=lambda: Decimal("1.50")),
    sa.Column("at", sa.DateTime, default=MOMENT, onupdate=lambda: datetime(2025, 1, 1)),
    sa.Column("doc", sa.JSON),
)


class PlainRow(Row, frozen=True, gc=False):
    id: int
    name: str
    price: Decimal | None
    at: datetime | None
    doc: Any


class PlainTable(KeyedTable[PlainRow, dict[str, Any], int]):
    table = plain
    row = PlainRow


def test_every_verb_on_a_table_of_the_users_own(store: sample.Database) -> None:
    """Defaults are computed in Python, and values are converted by SQLAlchemy's types."""
    plain.metadata.create_all(store.engine)
    with store.session() as session:
        table = PlainTable(session)
        first = table._insert({"name": "a", "doc": {"x": [1]}})
        assert first == PlainRow(1, "a", Decimal("1.50"), MOMENT, {"x": [1]})
        assert table.get(1) == first
        assert table.insert_many([{"name": "b"}, {"name": "c", "price": Decimal(2)}]) == 2
        assert [row.price for row in table.select(order_by=plain.c.id)] == [Decimal("1.5"), Decimal("1.5"), Decimal(2)]
        with pytest.raises(IntegrityError, match="row 2, column name"):
            table.insert_many([{"name": "d"}, {"name": "a"}])
        changed = table._update((1,), {"doc": None})
        assert changed is not None
        assert changed.at == datetime(2025, 1, 1)
        assert table._get_by("name", ("b",)) == table._find({"name": ["b", *map(str, range(100))]})[0]
        assert [row.id for row in table.get_many([3, 1, 9])] == [3, 1]
        assert table._upsert("name", {"name": "a", "price": Decimal(7)}).price == Decimal(7)
        assert table.ensure([{"name": "a"}, {"name": "e"}]) == 1
        assert len(list(table.stream(batch_size=2))) == 4
        page = table.page(order_by=plain.c.name.desc(), limit=3)
        assert [row.name for row in table.page(order_by=plain.c.name.desc(), after=page.next).rows] == ["a"]
        assert table.delete(1)
        assert table.delete_where(ALL_ROWS) == 3

"""Rows built directly from the driver's values, for every column type."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from tablewright.runtime.engine.psycopg_driver import MANY
from tablewright.runtime.row import Row
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.schema.tables import column
from tests.schema.test_types import CASES, Case, Kept, connection as connection, make


class Stored(Row, frozen=True, gc=False):
    """A row of the table that `make` makes."""

    id: int
    v: Any


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_of_many_rows(case: Case, connection: Connection) -> None:
    """Rows built from the driver's values have the same values."""
    table = make(connection, column(case.type, nullable=True))
    mapper = RowMapper(table, Stored)
    pairs = [value if isinstance(value, Kept) else Kept(value, value) for value in case.kept]
    for _ in range(MANY):
        connection.execute(insert(table), [{"v": pair.written} for pair in pairs] + [{"v": None}])
    rows = mapper.rows(connection, connection.execute(select(table).order_by(table.c.id)))
    expected = [*(pair.read for pair in pairs), None] * MANY
    assert [row.v for row in rows] == expected
    assert [type(row.v) for row in rows] == [type(value) for value in expected]

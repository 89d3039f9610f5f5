from __future__ import annotations

import pytest
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select, update

from tablewright.schema import types


@pytest.mark.parametrize("column_type", [types.Float(), types.Real()])
def test_a_whole_number_stays_a_float(url: str, column_type: types.ColumnType[float]) -> None:
    """600.0 is read as a float, by RETURNING too, on both databases."""
    metadata = MetaData()
    table = Table("t", metadata, Column("name", types.Text(), primary_key=True), Column("value", column_type))
    engine = create_engine(url)
    try:
        metadata.create_all(engine)
        with engine.begin() as connection:
            returned = [
                connection.scalar(insert(table).values(name="a", value=600.0).returning(table.c.value)),
                connection.scalar(update(table).values(value=700.0).returning(table.c.value)),
                connection.scalar(select(table.c.value)),
            ]
    finally:
        engine.dispose()
    assert [(value, type(value)) for value in returned] == [(600.0, float), (700.0, float), (700.0, float)]

"""The opaque table of these tests, and functions for its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tablewright.spec.models import ColumnSpec, TableSpec

RECORD = TableSpec(
    name="record",
    columns={
        "id": ColumnSpec(type="bigint", primary_key=True),
        "name": ColumnSpec(type="string", length=40, unique=True),
        "path": ColumnSpec(type="text", default=""),
        "size": ColumnSpec(type="bigint", nullable=True),
    },
)


def changed(spec: TableSpec = RECORD, **columns: ColumnSpec) -> TableSpec:
    """Return the *spec* with *columns* replaced or added."""
    return spec.model_copy(update={"columns": {**spec.columns, **columns}})


def row(number: int, **others: Any) -> dict[str, Any]:
    """Return a row whose name is derived from its id."""
    return {"id": number, "name": f"n{number}", "path": f"p/{number}", "size": None, **others}


def ids(rows: Iterator[Any]) -> list[int]:
    """Return the ids of the rows, sorted."""
    return sorted(one.id for one in rows)

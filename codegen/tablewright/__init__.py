"""Tablewright: describe tables once, get a typed database package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tablewright.schema import table_definer

if TYPE_CHECKING:
    from tablewright.schema.definition import Schema, Table
    from tablewright.spec.models import TableSpec


def _define(
    spec: TableSpec,
    name: str,
    schema: Schema | None,
    others: Mapping[str, object],
    complete: bool,
    dialects: Iterable[str],
    /,
) -> Table:
    # Loaded on first use: an application that only reads and writes rows needs no rules.
    from tablewright.analysis.standalone import define

    return define(spec, name, schema, others, complete, dialects)


table_definer.supply(_define)

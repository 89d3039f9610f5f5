"""INSERT … SELECT: rows that the database selects and stores without sending them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import BindParameter, ColumnElement, Label, Select, SelectBase, func, insert, literal, select
from sqlalchemy.exc import ArgumentError, InvalidRequestError

from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.runtime.writes import identity_map
from tablewright.runtime.writes.sequence import advance_sequence_to
from tablewright.schema.types import ColumnType


def insert_from(session: GatedSession, mapper: RowMapper[Any], rows: SelectBase, names: Sequence[str] | None) -> int:
    """Insert the rows of a SELECT. Return the number inserted."""
    columns = list(rows.selected_columns)
    targets = _labels(mapper, columns) if names is None else list(names)
    _check(mapper, targets, len(columns))
    statement = insert(mapper.table).from_select(targets, _typed(mapper, rows, columns, targets))
    with session.gate as connection:
        executed = driver.as_core(statement.execution_options(preserve_rowcount=True))
        count = backend_of(connection.dialect).rows_affected(connection, connection.execute(executed))
        if count:
            if mapper.identity is not None and mapper.identity.key in targets:
                highest = None
                if backend_of(connection.dialect).has_sequences:
                    highest = connection.execute(select(func.max(mapper.identity))).scalar_one()
                advance_sequence_to(connection, mapper, highest)
            identity_map.refresh_entities(session, mapper, "insert")
    return count


def _labels(mapper: RowMapper[Any], columns: list[ColumnElement[Any]]) -> list[str]:
    labels: list[str] = []
    for number, column in enumerate(columns, 1):
        label = column.key
        # SQLAlchemy generates a label for columns without one when it compiles the statement.
        if label is None or label.startswith("%("):
            name = mapper.table.name
            raise ArgumentError(f"Column {number} of the select needs a label that names a column of {name}.")
        labels.append(label)
    return labels


def _check(mapper: RowMapper[Any], targets: list[str], selected: int) -> None:
    name = mapper.table.name
    if len(targets) != selected:
        raise ArgumentError(f"The select has {selected} columns, but names= lists {len(targets)} of {name}.")
    mapper.check(targets)
    repeated = sorted({target for target in targets if targets.count(target) > 1})
    if repeated:
        raise ArgumentError(f"The select has more than one column for {name}.{', '.join(repeated)}: label them.")
    missing = [column.key for column in mapper.required if column.key not in targets]
    if missing:
        raise InvalidRequestError(f"The select has no value for {', '.join(missing)} of {name}, which require one.")


def _typed(
    mapper: RowMapper[Any], rows: SelectBase, columns: list[ColumnElement[Any]], targets: list[str]
) -> SelectBase:
    """Return *rows* with its literals (`literal("x")`) encoded as values of their target columns."""
    if not isinstance(rows, Select):
        return rows
    select_rows = cast("Select[Any]", rows)
    typed = [_as_stored(column, mapper.by_name[target].type) for column, target in zip(columns, targets, strict=True)]
    if all(new is old for new, old in zip(typed, columns, strict=True)):
        return select_rows
    return select_rows.with_only_columns(*typed, maintain_column_froms=True)


def _as_stored(column: ColumnElement[Any], stored: Any) -> ColumnElement[Any]:
    value = column.element if isinstance(column, Label) else column
    if not isinstance(value, BindParameter) or isinstance(value.type, ColumnType):
        return column
    typed = literal(value.effective_value, stored)
    return typed.label(column.name) if isinstance(column, Label) else typed

"""Deleting rows: by key, by values and by condition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, TypeVar, cast

from sqlalchemy import Column, Connection, delete
from sqlalchemy.exc import InvalidRequestError

from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.expressions.comparable import is_one_value
from tablewright.runtime.expressions.conditions import required_conditions
from tablewright.runtime.reads.membership import FEW, row_member
from tablewright.runtime.reads.queries import key_tuples
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.rows.statement import CountStatement, RowStatement
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.runtime.writes import identity_map
from tablewright.runtime.writes.update import key_conditions, key_names

RowT = TypeVar("RowT")


def delete_many(session: GatedSession, mapper: RowMapper[Any], keys: Iterable[Any]) -> int:
    """Delete the rows with these primary *keys*. Return the number deleted."""
    return _delete(session, mapper, mapper.key, key_tuples(mapper, keys))


def delete_matching(session: GatedSession, mapper: RowMapper[Any], columns: Sequence[str], rows: Iterable[Any]) -> int:
    """Delete the rows whose *columns* equal those of one of *rows*; None is NULL. Return the number deleted."""
    return delete_values(session, mapper, columns, matching_values(mapper, columns, rows))


def matching_values(mapper: RowMapper[Any], columns: Sequence[str], rows: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return the values of *columns* in *rows*: mappings of exactly these columns, or rows of the table."""
    names = cast("Sequence[str]", (columns,)) if isinstance(columns, str) else tuple(columns)
    if not names or len(set(names)) < len(names):
        raise InvalidRequestError(
            f"Rows are compared by one or more different columns, not by {columns!r}. To delete every row, use "
            "ALL_ROWS, or delete_all() of opaque tables."
        )
    for name in names:
        if name not in mapper.by_name:
            mapper.refuse(name)
    given = list(rows)
    values = _values_of_dicts(given, names)
    if values is None:
        values = [_compared_values(mapper, names, number, row) for number, row in enumerate(given, 1)]
    return values


def _values_of_dicts(rows: list[Any], names: Sequence[str]) -> list[tuple[Any, ...]] | None:
    """Return the values of *rows* if all are dicts of exactly *names*, without a loop in Python; otherwise None."""
    if set(map(type, rows)) != {dict} or set(map(len, rows)) != {len(names)}:
        return None
    try:
        return list(zip(*(map(itemgetter(name), rows) for name in names), strict=True))
    except KeyError:
        return None


def _compared_values(mapper: RowMapper[Any], names: Sequence[str], number: int, row: Any) -> tuple[Any, ...]:
    if isinstance(row, mapper.row_class):
        return tuple([getattr(row, name) for name in names])
    given = mapper.values_of(row)
    if len(given) != len(names) or any(name not in given for name in names):
        raise InvalidRequestError(
            f"Row {number} to delete by has the columns {', '.join(given) or 'none'}. It must have exactly those that "
            f"are compared: {', '.join(names)}."
        )
    return tuple([given[name] for name in names])


def delete_values(
    session: GatedSession, mapper: RowMapper[Any], columns: Sequence[str], values: list[tuple[Any, ...]]
) -> int:
    """Delete the rows whose *columns* have one of these *values*, all or none. Return the number deleted."""
    names = (columns,) if isinstance(columns, str) else columns
    return _delete(session, mapper, tuple(mapper.by_name[name] for name in names), values)


def _delete(
    session: GatedSession, mapper: RowMapper[Any], columns: tuple[Column[Any], ...], rows: list[tuple[Any, ...]]
) -> int:
    count = 0
    step = FEW if any(map(is_one_value, columns)) else len(rows)
    with driver.atomic(session) as connection:
        for start in range(0, len(rows), step or 1):
            condition = row_member(columns, rows[start : start + step], connection)
            count += connection.execute(delete(mapper.table).where(condition)).rowcount
    if count:
        identity_map.refresh_entities(session, mapper, "delete")
    return count


def delete_row(session: GatedSession, mapper: RowMapper[Any], key: Sequence[object]) -> bool:
    """Delete the row with this *key*. Return True if it existed."""

    def run(connection: Connection, driver_connection: Any, key: Sequence[object]) -> bool:
        if not session.gate.holds_entities:
            count = mapper.statement("delete", lambda: _count_statement(mapper)).run(connection, driver_connection, key)
            session.gate.record_write()
            return count > 0
        # The stored key identifies the entity.
        row = _returning_statement(mapper).run(connection, driver_connection, key)
        if row is not None:
            identity_map.refresh_entities(session, mapper, "delete", row)
        return row is not None

    return session.gate.call(run, key)


def _count_statement(mapper: RowMapper[Any]) -> CountStatement:
    statement = delete(mapper.table).where(*key_conditions(mapper))
    return CountStatement(mapper, statement, key_names(mapper), mapper.key_names)


def _returning_statement(mapper: RowMapper[RowT]) -> RowStatement[RowT]:
    def make() -> RowStatement[RowT]:
        statement = delete(mapper.table).where(*key_conditions(mapper)).returning(*mapper.columns)
        return RowStatement(mapper, statement, key_names(mapper), mapper.key_names)

    return mapper.statement("delete returning", make)


def delete_where(session: GatedSession, mapper: RowMapper[Any], where: Sequence[object]) -> int:
    """Delete the rows that meet every condition. Return the number deleted."""
    statement = delete(mapper.table).where(*required_conditions(where))
    with session.gate as connection:
        result = connection.execute(driver.as_core(statement))
        count = backend_of(connection.dialect).rows_affected(connection, result)
        if count:
            identity_map.refresh_entities(session, mapper, "delete")
    return count

"""Updating rows: by key, many by their keys, and by condition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, update
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.sql import ClauseElement

from tablewright.runtime.bulk import batches, staging
from tablewright.runtime.bulk.input_rows import PULLING
from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.expressions.conditions import PLAIN, as_element, required_conditions
from tablewright.runtime.reads import queries
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.rows.prepared import DriverText, Prepared
from tablewright.runtime.rows.row_errors import add_row_location, value_location
from tablewright.runtime.rows.statement import RowStatement
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.runtime.writes import identity_map

RowT = TypeVar("RowT")


def update_row(
    session: GatedSession, mapper: RowMapper[RowT], key: Sequence[object], values: Mapping[str, object]
) -> RowT | None:
    """Update the row with this *key*. Return it as stored, or None if it does not exist."""
    if not values:
        return session.gate.call(queries.lookup(mapper).run, key)
    statement = _update(mapper, tuple(values))

    def run(connection: Connection, driver_connection: Any, key: Sequence[object]) -> RowT | None:
        if has_expressions(values):
            row = _update_with_expressions(connection, mapper, key, values)
        else:
            row = statement.run(connection, driver_connection, (*values.values(), *key))
        if row is not None:
            identity_map.refresh_entities(session, mapper, "update", row)
        return row

    return session.gate.call(run, key)


def _update_with_expressions(
    connection: Connection, mapper: RowMapper[RowT], key: Sequence[object], values: Mapping[str, object]
) -> RowT | None:
    statement = update_by_key(mapper).values(sql_values(values)).returning(*mapper.columns)
    plain = {name: value for name, value in values.items() if not _is_expression(value)}
    with value_location(connection, mapper.table, plain):
        rows = mapper.rows(connection, connection.execute(driver.as_core(statement), key_values(key)))
    return rows[0] if rows else None


def _update(mapper: RowMapper[RowT], names: tuple[str, ...]) -> RowStatement[RowT]:
    def make() -> RowStatement[RowT]:
        mapper.check(names, keys=False)
        statement = update_by_key(mapper).returning(*mapper.columns)
        return RowStatement(mapper, statement, names + key_names(mapper), names + mapper.key_names)

    return mapper.statement(("update", names), make)


def update_by_key(mapper: RowMapper[Any]) -> Any:
    """Return the UPDATE of the row whose key equals the parameters `key_names`."""
    return update(mapper.table).where(*key_conditions(mapper))


def key_names(mapper: RowMapper[Any]) -> tuple[str, ...]:
    """Return the names of the bind parameters for the primary key."""
    return tuple(f"_key_{number}" for number in range(len(mapper.key)))


def key_values(key: Sequence[object]) -> dict[str, object]:
    """Return the values of *key* by the names of their parameters."""
    return {f"_key_{number}": value for number, value in enumerate(key)}


def key_conditions(mapper: RowMapper[Any]) -> list[Any]:
    """Return the conditions that the primary key equals the parameters `key_names`."""
    return [column == queries.key_parameter(f"_key_{number}", column) for number, column in enumerate(mapper.key)]


def has_expressions(values: Mapping[str, object]) -> bool:
    """Return True if any of *values* is SQL."""
    return not PLAIN.issuperset(map(type, values.values())) and any(map(_is_expression, values.values()))


def _is_expression(value: object) -> bool:
    return isinstance(value, ClauseElement) or hasattr(value, "__clause_element__")


def sql_values(values: Mapping[str, object]) -> dict[str, Any]:
    """Return *values* as an UPDATE accepts them."""
    return {name: as_element(value) for name, value in values.items()}


def update_where(
    session: GatedSession, mapper: RowMapper[Any], where: Sequence[object], values: Mapping[str, object]
) -> int:
    """Update the rows that meet every condition. Return the number updated."""
    mapper.check(values, keys=False)
    conditions = required_conditions(where)
    if not values:
        return queries.count(session, mapper, conditions)
    statement = update(mapper.table).where(*conditions).values(sql_values(values))
    with session.gate as connection:
        result = connection.execute(driver.as_core(statement))
        count = backend_of(connection.dialect).rows_affected(connection, result)
        if count:
            identity_map.refresh_entities(session, mapper, "update")
    return count


class _Change(NamedTuple):
    number: int
    names: tuple[str, ...]
    """Empty if the values contain an SQL expression, which needs a statement of its own."""
    key: tuple[Any, ...]
    values: Mapping[str, object]


def update_many(
    session: GatedSession, mapper: RowMapper[Any], changes: Iterable[tuple[Any, Mapping[str, object]]]
) -> int:
    """Update the row of each of *changes*, a key and values, all or none. Return the number of rows that existed."""
    count = 0
    with driver.atomic(session) as connection, session.gate.exclusive(PULLING):
        for names, run in groupby(_changes(mapper, changes), lambda change: change.names):
            if names:
                count += _update_run(connection, mapper, names, run)
                continue
            for change in run:
                statement = update_by_key(mapper).values(sql_values(change.values))
                try:
                    result = connection.execute(driver.as_core(statement), key_values(change.key))
                except DBAPIError as error:
                    add_row_location(error, mapper.table, change.number)
                    raise
                count += result.rowcount
    if count:
        identity_map.refresh_entities(session, mapper, "update")
    return count


def _changes(mapper: RowMapper[Any], changes: Iterable[tuple[Any, Mapping[str, object]]]) -> Iterator[_Change]:
    checked: set[tuple[str, ...]] = set()
    for number, (given, values) in enumerate(changes, 1):
        names = tuple(values)
        try:
            (key,) = queries.key_tuples(mapper, (given,))
            if names not in checked:
                if not names:
                    raise InvalidRequestError("A change must have at least one column.")
                mapper.check(names, keys=False)
                checked.add(names)
        except (InvalidRequestError, TypeError) as error:
            error.add_note(f"In row {number}.")
            raise
        yield _Change(number, () if has_expressions(values) else names, key, values)


def _update_run(connection: Connection, mapper: RowMapper[Any], names: tuple[str, ...], run: Iterator[_Change]) -> int:
    keys = key_names(mapper)
    prepared = mapper.statement(
        ("update many", names), lambda: Prepared(update_by_key(mapper).values(dict.fromkeys(names)), names + keys)
    )
    text = batches.driver_text(connection, mapper, prepared)
    first = next(run)
    changes = _chain(first, run)
    if text is None:
        named = (dict(change.values) | key_values(change.key) for change in changes)
        return batches.execute_in_batches(
            connection, mapper, batches.through_sqlalchemy(connection, prepared), named, first.number
        )
    encoded = _encoded(connection, mapper, text, changes)
    column_of = dict(zip((*names, *keys), (*names, *mapper.key_names), strict=True))
    return staging.update(connection, mapper, text, column_of, encoded, first.number)


def _chain(first: _Change, rest: Iterator[_Change]) -> Iterator[_Change]:
    yield first
    yield from rest


def _encoded(
    connection: Connection, mapper: RowMapper[Any], text: DriverText, changes: Iterator[_Change]
) -> Iterator[tuple[Any, ...]]:
    for change in changes:
        values = (*change.values.values(), *change.key)
        try:
            yield text.encode(*values)
        except connection.dialect.loaded_dbapi.Error as error:
            try:
                text.fail(connection, error, values, None)
            except DBAPIError as wrapped:
                add_row_location(wrapped, mapper.table, change.number)
                raise

"""The writing verbs for one row by key, and for the rows that meet a condition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, update
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.sql import ClauseElement

from tablewright.runtime.bulk import batches, staging
from tablewright.runtime.bulk.input_rows import PULLING
from tablewright.runtime.bulk.row_errors import place
from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.expressions.conditions import PLAIN, as_element, chosen
from tablewright.runtime.reads import queries
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import Shape
from tablewright.runtime.rows.prepared import DriverText, Prepared
from tablewright.runtime.rows.statement import RowStatement
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.runtime.writes import identity_map

RowT = TypeVar("RowT")


def update_row(
    session: GatedSession, shape: Shape[RowT], key: Sequence[object], values: Mapping[str, object]
) -> RowT | None:
    """Updates the row with this *key*; as the database stored it."""
    if not values:
        return queries.by_key(session.gate, queries.lookup(shape), key)
    statement = _update(shape, tuple(values))
    gate = session.gate
    own = gate.enter()
    connection = gate.connection
    try:
        if has_expressions(values):
            changed = update_by_key(shape).values(sql_values(values)).returning(*shape.columns)
            rows = shape.rows(connection, connection.execute(driver.as_core(changed), key_values(key)))
            row = rows[0] if rows else None
        else:
            row = statement.row(gate, own, (*values.values(), *key))
        if row is not None:
            identity_map.wrote(session, shape, "update", row)
    except BaseException as error:
        gate.fail(error)
        raise
    gate.leave()
    return row


def _update(shape: Shape[RowT], names: tuple[str, ...]) -> RowStatement[RowT]:
    def make() -> RowStatement[RowT]:
        shape.check(names, keys=False)
        return RowStatement(shape, update_by_key(shape).returning(*shape.columns), names + key_names(shape))

    return shape.prepared(("update", names), make)


def update_by_key(shape: Shape[Any]) -> Any:
    """The update of the row whose key are the parameters `key_names`."""
    return update(shape.table).where(*key_conditions(shape))


def key_names(shape: Shape[Any]) -> tuple[str, ...]:
    """The parameters that a key is compared with."""
    return tuple(f"_key_{number}" for number in range(len(shape.key)))


def key_values(key: Sequence[object]) -> dict[str, object]:
    """Those of *key*, by name."""
    return {f"_key_{number}": value for number, value in enumerate(key)}


def key_conditions(shape: Shape[Any]) -> list[Any]:
    return [column == queries.key_parameter(f"_key_{number}", column) for number, column in enumerate(shape.key)]


def has_expressions(values: Mapping[str, object]) -> bool:
    """Whether any of *values* is SQL."""
    return not PLAIN.issuperset(map(type, values.values())) and any(map(_is_expression, values.values()))


def _is_expression(value: object) -> bool:
    return isinstance(value, ClauseElement) or hasattr(value, "__clause_element__")


def sql_values(values: Mapping[str, object]) -> dict[str, Any]:
    """*values* as an update takes them."""
    return {name: as_element(value) for name, value in values.items()}


def update_where(
    session: GatedSession, shape: Shape[Any], where: Sequence[object], values: Mapping[str, object]
) -> int:
    """Updates the rows that meet every condition; how many."""
    shape.check(values, keys=False)
    found = chosen(where)
    if not values:
        return queries.count(session, shape, found)
    statement = update(shape.table).where(*found).values(sql_values(values))
    with session.gate as connection:
        result = connection.execute(driver.as_core(statement))
        count = backend_of(connection.dialect).rows_affected(connection, result)
        if count:
            identity_map.wrote(session, shape, "update")
    return count


class _Change(NamedTuple):
    number: int
    names: tuple[str, ...]
    """Empty where an SQL expression makes the statement one of its own."""
    key: tuple[Any, ...]
    values: Mapping[str, object]


def update_many(session: GatedSession, shape: Shape[Any], changes: Iterable[tuple[Any, Mapping[str, object]]]) -> int:
    """Updates, for each of *changes*, the row with its key to its values; all or none; how many rows were there."""
    count = 0
    with driver.atomic(session) as connection, session.gate.exclusive(PULLING):
        for names, run in groupby(_changes(shape, changes), lambda change: change.names):
            if names:
                count += _update_alike(connection, shape, names, run)
                continue
            for change in run:
                statement = update_by_key(shape).values(sql_values(change.values))
                try:
                    result = connection.execute(driver.as_core(statement), key_values(change.key))
                except DBAPIError as error:
                    place(error, shape, change.number)
                    raise
                count += result.rowcount
    if count:
        identity_map.wrote(session, shape, "update")
    return count


def _changes(shape: Shape[Any], changes: Iterable[tuple[Any, Mapping[str, object]]]) -> Iterator[_Change]:
    checked: set[tuple[str, ...]] = set()
    for number, (given, values) in enumerate(changes, 1):
        names = tuple(values)
        try:
            (key,) = queries.key_tuples(shape, (given,))
            if names not in checked:
                if not names:
                    raise InvalidRequestError("A change names the columns that it changes; this one has none.")
                shape.check(names, keys=False)
                checked.add(names)
        except (InvalidRequestError, TypeError) as error:
            error.add_note(f"In row {number}.")
            raise
        yield _Change(number, () if has_expressions(values) else names, key, values)


def _update_alike(connection: Connection, shape: Shape[Any], names: tuple[str, ...], run: Iterator[_Change]) -> int:
    keys = key_names(shape)
    prepared = shape.prepared(
        ("update many", names), lambda: Prepared(update_by_key(shape).values(dict.fromkeys(names)), names + keys)
    )
    text = batches.direct_text(connection, shape, prepared)
    first = next(run)
    changes = _and_then(first, run)
    if text is None:
        named = (dict(change.values) | key_values(change.key) for change in changes)
        return batches.in_batches(
            connection, shape, batches.through_sqlalchemy(connection, prepared), named, first.number
        )
    encoded = _encoded(connection, shape, text, changes)
    column_of = dict(zip((*names, *keys), (*names, *shape.key_names), strict=True))
    return staging.update(connection, shape, text, column_of, encoded, first.number)


def _and_then(first: _Change, rest: Iterator[_Change]) -> Iterator[_Change]:
    yield first
    yield from rest


def _encoded(
    connection: Connection, shape: Shape[Any], text: DriverText, changes: Iterator[_Change]
) -> Iterator[tuple[Any, ...]]:
    for change in changes:
        values = (*change.values.values(), *change.key)
        try:
            yield text.encode(*values)
        except connection.dialect.loaded_dbapi.Error as error:
            try:
                text.fail(connection, error, values, None)
            except DBAPIError as wrapped:
                place(wrapped, shape, change.number)
                raise

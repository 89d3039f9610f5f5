"""The writing verbs for many rows, each listed by its key or by values of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, cast

from sqlalchemy import Column, Connection, delete
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from tablewright.runtime import batches, driver, identity, members, reads, staging, writes
from tablewright.runtime.bulk import PULLING
from tablewright.runtime.driver import DriverText, Prepared
from tablewright.runtime.gate import GatedSession
from tablewright.runtime.row_errors import place
from tablewright.runtime.shape import Shape, is_one_value


class _Change(NamedTuple):
    number: int
    names: tuple[str, ...]
    """Empty where an SQL expression makes the statement one of its own."""
    key: tuple[Any, ...]
    values: Mapping[str, object]


def update_many(session: GatedSession, shape: Shape[Any], changes: Iterable[tuple[Any, Mapping[str, object]]]) -> int:
    """Updates, for each of *changes*, the row with its key to its values; all or none; how many rows were there."""
    count = 0
    with driver.whole(session) as connection, session.gate.exclusive(PULLING):
        for names, run in groupby(_changes(shape, changes), lambda change: change.names):
            if names:
                count += _update_alike(connection, shape, names, run)
                continue
            for change in run:
                statement = writes.update_by_key(shape).values(writes.sql_values(change.values))
                try:
                    result = connection.execute(driver.as_core(statement), writes.key_values(change.key))
                except DBAPIError as error:
                    place(error, shape, change.number)
                    raise
                count += result.rowcount
    if count:
        identity.wrote(session, shape, "update")
    return count


def _changes(shape: Shape[Any], changes: Iterable[tuple[Any, Mapping[str, object]]]) -> Iterator[_Change]:
    checked: set[tuple[str, ...]] = set()
    for number, (given, values) in enumerate(changes, 1):
        names = tuple(values)
        try:
            (key,) = reads.key_tuples(shape, (given,))
            if names not in checked:
                if not names:
                    raise InvalidRequestError("A change names the columns that it changes; this one has none.")
                shape.check(names, keys=False)
                checked.add(names)
        except (InvalidRequestError, TypeError) as error:
            error.add_note(f"In row {number}.")
            raise
        yield _Change(number, () if writes.has_expressions(values) else names, key, values)


def _update_alike(connection: Connection, shape: Shape[Any], names: tuple[str, ...], run: Iterator[_Change]) -> int:
    keys = writes.key_names(shape)
    prepared = shape.prepared(
        ("update many", names), lambda: Prepared(writes.update_by_key(shape).values(dict.fromkeys(names)), names + keys)
    )
    text = batches.direct_text(connection, shape, prepared)
    first = next(run)
    changes = _and_then(first, run)
    if text is None:
        named = (dict(change.values) | writes.key_values(change.key) for change in changes)
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


def delete_many(session: GatedSession, shape: Shape[Any], keys: Iterable[Any]) -> int:
    """Deletes the rows with these primary *keys*; how many."""
    return _delete(session, shape, shape.key, reads.key_tuples(shape, keys))


def delete_matching(session: GatedSession, shape: Shape[Any], columns: Sequence[str], rows: Iterable[Any]) -> int:
    """Deletes the rows that have in *columns* what one of *rows* has there, None for NULL; how many."""
    return delete_values(session, shape, columns, matching_values(shape, columns, rows))


def matching_values(shape: Shape[Any], columns: Sequence[str], rows: Iterable[Any]) -> list[tuple[Any, ...]]:
    """What *rows*, mappings of just these *columns* or rows of the table, have there."""
    names = cast("Sequence[str]", (columns,)) if isinstance(columns, str) else tuple(columns)
    if not names or len(set(names)) < len(names):
        raise InvalidRequestError(
            f"Rows are compared by columns, each named once, not by {columns!r}; ALL_ROWS, or delete_all() of opaque "
            "tables, deletes every row."
        )
    for name in names:
        if name not in shape.by_name:
            shape.refuse(name)
    given = list(rows)
    alike = _of_alike(given, names)
    return [_compared(shape, names, number, row) for number, row in enumerate(given, 1)] if alike is None else alike


def _of_alike(rows: list[Any], names: Sequence[str]) -> list[tuple[Any, ...]] | None:
    """The values of *rows* that are all dicts of just *names*, without a look at each; None for others."""
    if set(map(type, rows)) != {dict} or set(map(len, rows)) != {len(names)}:
        return None
    try:
        return list(zip(*(map(itemgetter(name), rows) for name in names), strict=True))
    except KeyError:
        return None


def _compared(shape: Shape[Any], names: Sequence[str], number: int, row: Any) -> tuple[Any, ...]:
    if isinstance(row, shape.row_class):
        return tuple([getattr(row, name) for name in names])
    given = shape.values_of(row)
    if len(given) != len(names) or any(name not in given for name in names):
        raise InvalidRequestError(
            f"Row {number} to delete by has the columns {', '.join(given) or 'none'}: it has to have the ones that "
            f"are compared, {', '.join(names)}, and no other."
        )
    return tuple([given[name] for name in names])


def delete_values(
    session: GatedSession, shape: Shape[Any], columns: Sequence[str], values: list[tuple[Any, ...]]
) -> int:
    """Deletes the rows whose *columns* have one of these *values*; all or none; how many."""
    names = (columns,) if isinstance(columns, str) else columns
    return _delete(session, shape, tuple(shape.by_name[name] for name in names), values)


def _delete(
    session: GatedSession, shape: Shape[Any], columns: tuple[Column[Any], ...], rows: list[tuple[Any, ...]]
) -> int:
    count = 0
    step = members.FEW if any(map(is_one_value, columns)) else len(rows)
    with driver.whole(session) as connection:
        for start in range(0, len(rows), step or 1):
            among = members.row_member(columns, rows[start : start + step], connection)
            count += connection.execute(delete(shape.table).where(among)).rowcount
    if count:
        identity.wrote(session, shape, "delete")
    return count

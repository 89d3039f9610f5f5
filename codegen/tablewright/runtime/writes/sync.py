"""`sync`: insert one row, or compare or update an existing one."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError, InvalidRequestError, MultipleResultsFound

from tablewright.runtime.engine.failures import refused_as_read_only
from tablewright.runtime.errors import ReadOnlyDatabaseError, SyncConflictError
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.rows.row_errors import value_location
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.runtime.writes import identity_map, upsert
from tablewright.runtime.writes.insert import require_key
from tablewright.runtime.writes.sequence import advance_sequence

RowT = TypeVar("RowT")


class SyncResult(Struct, Generic[RowT], frozen=True):
    """The result of `sync`: the row was inserted, existed with the same values, or was updated."""

    row: RowT
    """The row as it is stored now."""
    inserted: bool
    """Whether the row did not exist before."""
    changed: dict[str, Any]
    """The updated columns with their old values; *row* has the new ones."""

    @property
    def updated(self) -> bool:
        """Whether the row existed and was updated."""
        return bool(self.changed)

    @property
    def existed(self) -> bool:
        """Whether the row existed with the same values."""
        return not self.inserted and not self.changed


def sync(
    session: GatedSession,
    mapper: RowMapper[RowT],
    values: Mapping[str, Any],
    keys: Collection[str],
    compare: Collection[str] | None = None,
    *,
    correct: bool,
) -> SyncResult[RowT]:
    """Return the row whose *keys* equal those of *values*: inserted if missing, with *correct* updated if different.

    Raise `SyncConflictError` if one of the columns *compare* differs and must not be updated, and
    `MultipleResultsFound` if several rows have the same *keys*.
    """
    key_names = _named(keys)
    values = mapper.values_of(values)
    mapper.check(values)
    if not key_names:
        raise InvalidRequestError("sync needs the columns that identify the row: keys=[...].")
    compared = tuple(name for name in values if name not in key_names) if compare is None else _named(compare)
    for name in (*key_names, *compared):
        if name not in mapper.by_name:
            mapper.refuse(name)
        if name not in values:
            key = "key column" if name in key_names else "column"
            raise InvalidRequestError(f"sync needs a value of the {key} {name!r}.")
    with driver.atomic(session) as connection, value_location(connection, mapper.table, values):
        match = _lookup(connection, mapper, values, key_names, compared)
        if match is None:
            with _refusing_read_only(mapper):
                inserted = _insert(connection, mapper, values)
            match = _lookup(connection, mapper, values, key_names, compared)
            if inserted and match is not None:
                row = match[0]
                advance_sequence(connection, mapper, values)
                identity_map.refresh_entities(session, mapper, "insert", row if mapper.key else None)
                return SyncResult(row, True, {})
            if match is None:
                # Another unique key conflicts: the error of a plain insert names it.
                connection.execute(insert(mapper.table), dict(values)).close()
                raise InvalidRequestError(f"The row of {mapper.table.name} that sync inserted does not match its keys.")
        if match[1] and correct:
            with _refusing_read_only(mapper):
                # Once more, with a lock, so that no other transaction can change it.
                match = _lookup(connection, mapper, values, key_names, compared, lock=True) or match
        row, different = match
        changed = {name: getattr(row, name) for name in different}
        if not changed:
            return SyncResult(row, False, {})
        if not correct:
            raise SyncConflictError(
                f"{mapper.table.name} has a row with these keys that differs: "
                + ", ".join(f"{name} is {old!r}, not {values[name]!r}" for name, old in changed.items())
            )
        statement = (
            update(mapper.table)
            .where(*_matches(mapper, values, key_names))
            .values({name: values[name] for name in changed})
            .returning(*mapper.columns)
        )
        mapper.check(changed, keys=False)
        with _refusing_read_only(mapper):
            (row,) = mapper.rows(connection, connection.execute(statement))
        identity_map.refresh_entities(session, mapper, "update", row if mapper.key else None)
        return SyncResult(row, False, changed)


def _named(columns: Collection[str]) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(columns)


@contextmanager
def _refusing_read_only(mapper: RowMapper[Any]) -> Generator[None]:
    """Raise `ReadOnlyDatabaseError` if the block fails because nothing may be written."""
    try:
        yield
    except DBAPIError as error:
        if refused_as_read_only(error):
            raise ReadOnlyDatabaseError(
                f"sync cannot insert or update the row of {mapper.table.name}: the database or session is read-only."
            ) from error
        raise


def _insert(connection: Connection, mapper: RowMapper[Any], values: Mapping[str, Any]) -> bool:
    require_key(connection, mapper, values)
    return bool(upsert.insert_absent(connection, mapper, tuple(values)).execute(connection, tuple(values.values())))


def _matches(mapper: RowMapper[Any], values: Mapping[str, Any], names: tuple[str, ...]) -> list[ColumnElement[bool]]:
    # NULL compares as other values here: a key of None finds the row that it inserted.
    return [_same(mapper, name, values[name]) for name in names]


def _same(mapper: RowMapper[Any], name: str, value: Any) -> ColumnElement[bool]:
    column = mapper.by_name[name]
    return column.is_not_distinct_from(bindparam(None, value, type_=column.type))


def _lookup(
    connection: Connection,
    mapper: RowMapper[RowT],
    values: Mapping[str, Any],
    keys: tuple[str, ...],
    compared: tuple[str, ...],
    *,
    lock: bool = False,
) -> tuple[RowT, list[str]] | None:
    # The database compares: only it can tell when two values of a type are equal.
    same = [_same(mapper, name, values[name]).label(f"_same_{name}") for name in compared]
    statement = select(*mapper.columns, *same).where(*_matches(mapper, values, keys)).limit(2)
    if lock:
        statement = statement.with_for_update()
    tuples = driver.fetch_all(connection, connection.execute(statement))
    if len(tuples) > 1:
        raise MultipleResultsFound(
            f"{', '.join(keys)} of {mapper.table.name} match several rows: they are not a unique key."
        )
    if not tuples:
        return None
    width = len(mapper.columns)
    (row,) = mapper.build(connection.dialect, [tuples[0][:width]])
    return row, [name for name, equal in zip(compared, tuples[0][width:], strict=True) if not equal]

"""`sync`: one row as it should be, inserted, compared or corrected."""

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
    """What `sync` found or made: the row was inserted, existed as it should be, or was updated."""

    row: RowT
    """The row as it is now, with the values of the database."""
    inserted: bool
    """Whether it was not there before."""
    changed: dict[str, Any]
    """The columns that were corrected, with the values they had; *row* has those they have now."""

    @property
    def updated(self) -> bool:
        """Whether it was there and had to be corrected."""
        return bool(self.changed)

    @property
    def existed(self) -> bool:
        """Whether it was there, and as it should be."""
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
    """The row whose *keys* are those of *values*: inserted when absent, with *correct* updated when it differs.

    `SyncConflictError` when it differs in one of the columns *compare* and may not be corrected;
    `MultipleResultsFound` when *keys* name several rows.
    """
    wanted = _named(keys)
    values = mapper.values_of(values)
    mapper.check(values)
    if not wanted:
        raise InvalidRequestError("sync needs the columns that name the row: keys=[...].")
    compared = tuple(name for name in values if name not in wanted) if compare is None else _named(compare)
    for name in (*wanted, *compared):
        if name not in mapper.by_name:
            mapper.refuse(name)
        if name not in values:
            key = "key column" if name in wanted else "column"
            raise InvalidRequestError(f"sync needs a value of the {key} {name!r}.")
    with driver.atomic(session) as connection, value_location(connection, mapper.table, values):
        found = _lookup(connection, mapper, values, wanted, compared)
        if found is None:
            with _making(mapper):
                inserted = _insert(connection, mapper, values)
            found = _lookup(connection, mapper, values, wanted, compared)
            if inserted and found is not None:
                row = found[0]
                advance_sequence(connection, mapper, values)
                identity_map.refresh_entities(session, mapper, "insert", row if mapper.key else None)
                return SyncResult(row, True, {})
            if found is None:
                # Another unique key is in the way: the plain insert says which.
                connection.execute(insert(mapper.table), dict(values)).close()
                raise InvalidRequestError(f"The row of {mapper.table.name} that sync inserted does not match its keys.")
        if found[1] and correct:
            with _making(mapper):
                # Once more, now that nobody else can change it.
                found = _lookup(connection, mapper, values, wanted, compared, lock=True) or found
        row, different = found
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
            .where(*_matches(mapper, values, wanted))
            .values({name: values[name] for name in changed})
            .returning(*mapper.columns)
        )
        mapper.check(changed, keys=False)
        with _making(mapper):
            (row,) = mapper.rows(connection, connection.execute(statement))
        identity_map.refresh_entities(session, mapper, "update", row if mapper.key else None)
        return SyncResult(row, False, changed)


def _named(columns: Collection[str]) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(columns)


@contextmanager
def _making(mapper: RowMapper[Any]) -> Generator[None]:
    """Says in our own words that a row cannot be made or corrected where nothing may be written."""
    try:
        yield
    except DBAPIError as error:
        if refused_as_read_only(error):
            raise ReadOnlyDatabaseError(
                f"The row of {mapper.table.name} that sync was asked for is not there as asked, and cannot be made so: "
                "the database or the session is read-only."
            ) from error
        raise


def _insert(connection: Connection, mapper: RowMapper[Any], values: Mapping[str, Any]) -> bool:
    require_key(connection, mapper, values)
    return bool(upsert.insert_absent(connection, mapper, tuple(values)).execute(connection, tuple(values.values())))


def _matches(mapper: RowMapper[Any], values: Mapping[str, Any], names: tuple[str, ...]) -> list[ColumnElement[bool]]:
    # NULL is a value like others here: a key of None finds the row it inserted.
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
    # The database compares: it alone knows when two values of a type are the same.
    same = [_same(mapper, name, values[name]).label(f"_same_{name}") for name in compared]
    statement = select(*mapper.columns, *same).where(*_matches(mapper, values, keys)).limit(2)
    if lock:
        statement = statement.with_for_update()
    tuples = driver.fetch_all(connection, connection.execute(statement))
    if len(tuples) > 1:
        raise MultipleResultsFound(
            f"{', '.join(keys)} of {mapper.table.name} name several rows: they are no unique key."
        )
    if not tuples:
        return None
    width = len(mapper.columns)
    (row,) = mapper.build(connection.dialect, [tuples[0][:width]])
    return row, [name for name, equal in zip(compared, tuples[0][width:], strict=True) if not equal]

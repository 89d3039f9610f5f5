"""`RowMapper`: one table for the row tier: its columns, keys, defaults, statements and row builders."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Generic, NoReturn, TypeVar, cast

import sqlalchemy
from sqlalchemy import Column, Connection, CursorResult, Dialect, Index, Select, UniqueConstraint
from sqlalchemy.exc import InvalidRequestError

from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.errors import UnknownColumnError
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.builders import Builders
from tablewright.runtime.rows.per_dialect import PerDialect
from tablewright.schema.types import ColumnType

RowT = TypeVar("RowT")
StatementT = TypeVar("StatementT")

PRIMARY_KEY = "primary_key"
STATEMENTS = 1000
"""Maximum of cached statements per table. Inserts and updates have one for each set of columns."""


class RowMapper(Generic[RowT]):
    """A table and the class of its rows, whose fields are named by `Column.key`."""

    def __init__(self, table: sqlalchemy.Table, row: Callable[..., RowT]) -> None:
        self.table = table
        self.row = row
        self.row_class = cast("type[Any]", row)
        self.columns: tuple[Column[Any], ...] = tuple(table.columns)
        self.select: Select[Any] = sqlalchemy.select(*self.columns)
        """A SELECT of all columns. Copies with a condition are faster than new statements."""
        self.names: tuple[str, ...] = tuple(column.key for column in self.columns)
        fields = getattr(row, "__struct_fields__", self.names)
        if fields != self.names:
            raise TypeError(
                f"The fields of {self.row_class.__name__} are not the columns of {table.name}: {fields}, {self.names}"
            )
        self.by_name: dict[str, Column[Any]] = dict(zip(self.names, self.columns, strict=True))
        self.key: tuple[Column[Any], ...] = tuple(table.primary_key.columns)
        self.key_names: tuple[str, ...] = tuple(column.key for column in self.key)
        self.computed = frozenset(column.key for column in self.columns if column.computed is not None)
        self.writable = tuple(name for name in self.names if name not in self.computed)
        self.defaults: dict[str, Any] = {
            column.key: column.info["default"] for column in self.columns if "default" in column.info
        }
        self.identity: Column[Any] | None = table.autoincrement_column
        self.required = tuple(
            column
            for column in self.columns
            if not column.nullable
            and column is not self.identity
            and column.server_default is None
            and column.default is None
            and column.computed is None
        )
        """The columns that every insert must have."""
        self.conflicts = self._conflicts()
        self.strict = all(isinstance(column.type, ColumnType) for column in self.columns)
        """Whether all columns have types of ours, which decode the driver's values without SQLAlchemy."""
        self._given_keys = tuple(
            column.key for column in self.key if column is not self.identity and column.server_default is None
        )
        self._key_positions = tuple(self.names.index(name) for name in self.key_names)
        self._statements: dict[Hashable, object] = {}
        self.encoders: PerDialect[dict[object, object]] = PerDialect({})
        """The row encoders of `bulk/`, by what they have in common."""
        # The placeholder is never returned by `get`.
        self._builders: PerDialect[Builders[RowT]] = PerDialect(cast("Builders[RowT]", None))

    def _conflicts(self) -> dict[str, tuple[Column[Any], ...]]:
        keys = {PRIMARY_KEY: self.key} if self.key else {}
        for constraint in self.table.constraints:
            if isinstance(constraint, UniqueConstraint):
                self._add_conflict(keys, tuple(constraint.columns))
        for index in self.table.indexes:
            if index.unique and not _partial(index) and all(isinstance(e, Column) for e in index.expressions):
                self._add_conflict(keys, tuple(index.columns))
        return keys

    def _add_conflict(self, keys: dict[str, tuple[Column[Any], ...]], columns: tuple[Column[Any], ...]) -> None:
        # NULLs are distinct: keys with NULL never conflict.
        if not any(column.nullable for column in columns):
            keys["_".join(column.key for column in columns)] = columns

    # Names.

    def check(self, given: Iterable[str], *, keys: bool = True) -> None:
        """Refuse unknown and computed columns and, unless *keys*, those of the primary key."""
        for name in given:
            if name not in self.by_name:
                self.refuse(name)
            if name in self.computed:
                raise UnknownColumnError(f"{self.table.name}.{name} is computed by the database and cannot be set.")
            if not keys and name in self.key_names:
                raise UnknownColumnError(
                    f"{self.table.name}.{name} is part of the primary key, which an update cannot change."
                )

    def refuse(self, name: str) -> NoReturn:
        """Raise `UnknownColumnError` for *name*."""
        near = difflib.get_close_matches(name, self.names, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Its columns are {', '.join(self.names)}."
        raise UnknownColumnError(f"{self.table.name} has no column {name!r}. {hint}")

    def conflict(self, name: str) -> tuple[Column[Any], ...]:
        """Return the columns of the unique key *name*."""
        try:
            return self.conflicts[name]
        except KeyError:
            existing = ", ".join(map(repr, self.conflicts)) or "none"
            raise InvalidRequestError(
                f"{self.table.name} has no unique key {name!r} without nullable columns; it has {existing}."
            ) from None

    def key_of(self, row: RowT) -> tuple[Any, ...]:
        """Return the primary key of *row*."""
        return tuple(getattr(row, name) for name in self.key_names)

    def values_of(self, row: object) -> Mapping[str, Any]:
        """Return the values of *row*, a mapping or a row of this table, for an insert: without computed columns."""
        if isinstance(row, self.row_class):
            return {name: getattr(row, name) for name in self.writable}
        if isinstance(row, Mapping):
            return cast("Mapping[str, Any]", row)
        raise TypeError(f"{type(row).__name__} is not a mapping of columns or a {self.row_class.__name__}.")

    def missing_key(self, given: Mapping[str, object], dialect: Dialect) -> str | None:
        """Return the missing key column that the database would generate, though it has no default."""
        if backend_of(dialect).generates_missing_keys:
            for name in self._given_keys:
                if given.get(name) is None:
                    return name
        return None

    # Statements and rows.

    def statement(self, kind: Hashable, make: Callable[[], StatementT]) -> StatementT:
        """Return the statement of this *kind*, which *make* creates the first time."""
        try:
            return cast("StatementT", self._statements[kind])
        except KeyError:
            if len(self._statements) >= STATEMENTS:
                self._statements.clear()
            statement = self._statements[kind] = make()
            return statement

    def rows(self, connection: Connection, result: CursorResult[Any]) -> list[RowT]:
        """Return the rows of *result*, which has every column in order."""
        if not self.strict:
            return [self.row(*row) for row in result]
        builders = self.builders(connection.dialect)
        return driver.read(connection, result, builders.many, builders.many_from_text)

    def build(self, dialect: Dialect, tuples: Iterable[tuple[Any, ...]]) -> list[RowT]:
        """Build rows from the driver's tuples."""
        return self.builders(dialect).many(tuples)

    def builders(self, dialect: Dialect) -> Builders[RowT]:
        """Return the functions that build rows from the tuples of *dialect*'s driver."""
        return self._builders.get(dialect, self._new_builders)

    def _new_builders(self, dialect: Dialect) -> Builders[RowT]:
        return Builders(self.table, self.row, dialect)


def _partial(index: Index) -> bool:
    return any(index.dialect_options[name].get("where") is not None for name in ("postgresql", "sqlite"))

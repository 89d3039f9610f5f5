"""`RowMapper`: what the row tier knows of one table: its columns, keys and defaults, and how its rows are built."""

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
from tablewright.runtime.rows.builders import NO_BUILDERS, Builders, compile_builders
from tablewright.runtime.rows.per_dialect import PerDialect
from tablewright.schema.types import ColumnType

RowT = TypeVar("RowT")
StatementT = TypeVar("StatementT")

PRIMARY_KEY = "primary_key"
STATEMENTS = 1000
"""Prepared statements kept per table; one per set of columns that inserts and updates name."""


class RowMapper(Generic[RowT]):
    """A table as the row tier sees it. Attributes are `Column.key`, which are the fields of the row."""

    def __init__(self, table: sqlalchemy.Table, row: Callable[..., RowT]) -> None:
        self.table = table
        self.row = row
        self.row_class = cast("type[Any]", row)
        self.columns: tuple[Column[Any], ...] = tuple(table.columns)
        self.select: Select[Any] = sqlalchemy.select(*self.columns)
        """All columns in order; a condition is added to a copy, which takes less than making it anew."""
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
        """The columns that every insert has to say."""
        self.conflicts = self._conflicts()
        self.strict = all(isinstance(column.type, ColumnType) for column in self.columns)
        """Whether all columns have types of ours, which read drivers' values without SQLAlchemy."""
        self._given_keys = tuple(
            column.key for column in self.key if column is not self.identity and column.server_default is None
        )
        self._key_positions = tuple(self.names.index(name) for name in self.key_names)
        self._statements: dict[Hashable, object] = {}
        self.encoders: PerDialect[dict[object, object]] = PerDialect({})
        """The row encoders of `bulk/`, by what they have in common."""
        self._builders: PerDialect[Builders[RowT]] = PerDialect(NO_BUILDERS)

    def _conflicts(self) -> dict[str, tuple[Column[Any], ...]]:
        found = {PRIMARY_KEY: self.key} if self.key else {}
        for constraint in self.table.constraints:
            if isinstance(constraint, UniqueConstraint):
                self._add_conflict(found, tuple(constraint.columns))
        for index in self.table.indexes:
            if index.unique and not _partial(index) and all(isinstance(e, Column) for e in index.expressions):
                self._add_conflict(found, tuple(index.columns))
        return found

    def _add_conflict(self, found: dict[str, tuple[Column[Any], ...]], columns: tuple[Column[Any], ...]) -> None:
        # NULLs are distinct: a key with one never conflicts.
        if not any(column.nullable for column in columns):
            found["_".join(column.key for column in columns)] = columns

    # Names.

    def check(self, given: Iterable[str], *, keys: bool = True) -> None:
        """Refuses names that are no columns, computed ones and, without *keys*, those of the primary key."""
        for name in given:
            if name not in self.by_name:
                self.refuse(name)
            if name in self.computed:
                raise UnknownColumnError(f"{self.table.name}.{name} is computed by the database: it cannot be given.")
            if not keys and name in self.key_names:
                raise UnknownColumnError(
                    f"{self.table.name}.{name} is part of the primary key, which an update does not change."
                )

    def refuse(self, name: str) -> NoReturn:
        """Raises `UnknownColumnError` for *name*."""
        near = difflib.get_close_matches(name, self.names, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Its columns are {', '.join(self.names)}."
        raise UnknownColumnError(f"{self.table.name} has no column {name!r}. {hint}")

    def conflict(self, name: str) -> tuple[Column[Any], ...]:
        """The columns of the unique key *name*."""
        try:
            return self.conflicts[name]
        except KeyError:
            known = ", ".join(map(repr, self.conflicts)) or "none"
            raise InvalidRequestError(
                f"{self.table.name} has no unique key {name!r} without nullable columns; it has {known}."
            ) from None

    def key_of(self, row: RowT) -> tuple[Any, ...]:
        """The primary key of *row*."""
        return tuple(getattr(row, name) for name in self.key_names)

    def values_of(self, row: object) -> Mapping[str, Any]:
        """What a row of an insert says: a mapping as it is, a row of this table without its computed columns."""
        if isinstance(row, self.row_class):
            return {name: getattr(row, name) for name in self.writable}
        if isinstance(row, Mapping):
            return cast("Mapping[str, Any]", row)
        raise TypeError(f"{type(row).__name__} is neither a mapping of columns nor a {self.row_class.__name__}.")

    def missing_key(self, given: Mapping[str, object], dialect: Dialect) -> str | None:
        """The column of the primary key that SQLite would make up, though nobody asked it to."""
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
            made = self._statements[kind] = make()
            return made

    def rows(self, connection: Connection, result: CursorResult[Any]) -> list[RowT]:
        """The rows of *result*, which has every column in order."""
        if not self.strict:
            return [self.row(*row) for row in result]
        builders = self.builders(connection.dialect)
        return driver.read(connection, result, builders.many, builders.many_from_text)

    def build(self, dialect: Dialect, tuples: Iterable[tuple[Any, ...]]) -> list[RowT]:
        """Rows from the driver's tuples."""
        return self.builders(dialect).many(tuples)

    def builders(self, dialect: Dialect) -> Builders[RowT]:
        """What makes rows of the tuples of *dialect*'s driver."""
        return self._builders.get(dialect, self._compile_builders)

    def _compile_builders(self, dialect: Dialect) -> Builders[RowT]:
        return compile_builders(self.table, self.row, dialect)


def _partial(index: Index) -> bool:
    return any(index.dialect_options[name].get("where") is not None for name in ("postgresql", "sqlite"))

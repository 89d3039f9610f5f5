"""Rows on their way in: numbered, checked, encoded, and errors that say which row and column they are of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set as AbstractSet
from typing import Any, NoReturn

from sqlalchemy import Connection, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import DBAPIError

from tablewright.runtime import driver
from tablewright.runtime.errors import UnknownColumnError
from tablewright.runtime.shape import Shape

_KEY = re.compile(r"Key \(([^)]*)\)=")
_LINE = re.compile(r"COPY .*, line (\d+)(?:, column ([^:]+))?")


class Incoming:
    """The rows of one call, pulled one by one and counted from 1.

    With *fill* a column with a literal default that a row leaves out gets it here, so that rows of one
    call name the same columns.
    """

    def __init__(self, shape: Shape[Any], rows: Iterable[Any], connection: Connection, *, fill: bool = False) -> None:
        self.shape = shape
        self.number = 0
        """The row pulled last."""
        self.highest: int | None = None
        """The greatest explicit id so far."""
        self.ahead: Mapping[str, Any] | None = None
        """A row that was pulled and is yet to be written: it names other columns than those before it."""
        self._connection = connection
        self._dialect = connection.dialect
        self._rows = iter(rows)
        self._fill = shape.defaults if fill else {}
        self._checked: AbstractSet[str] = set()
        self._encoders = {column.key: driver.encoder_of(column.type, connection.dialect) for column in shape.columns}
        self._identity = None if shape.identity is None else shape.identity.key

    def pull(self) -> Mapping[str, Any] | None:
        """The next row; None at the end."""
        if self.ahead is not None:
            values, self.ahead = self.ahead, None
            return values
        try:
            row = next(self._rows)
        except StopIteration:
            return None
        self.number += 1
        try:
            values = self.shape.values_of(row)
            if values.keys() != self._checked:
                self.shape.check(values)
                self._checked = set(values)
        except (UnknownColumnError, TypeError) as error:
            error.add_note(f"In row {self.number}.")
            raise
        if not self._fill.keys() <= values.keys():
            values = {**self._fill, **values}
        missing = self.shape.missing_key(values, self._dialect)
        if missing is not None:
            kind = self._dialect.loaded_dbapi.IntegrityError
            self.fail(kind(f"NOT NULL constraint failed: {self.shape.table.name}.{missing}"), missing)
        if self._identity is not None:
            used = values.get(self._identity)
            if isinstance(used, int) and (self.highest is None or used > self.highest):
                self.highest = used
        return values

    def run(self, first: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """*first* and the rows after it that name the same columns."""
        names = first.keys()
        values: Mapping[str, Any] | None = first
        while values is not None:
            if values.keys() != names:
                self.ahead = values
                return
            yield values
            values = self.pull()

    def encoded(self, first: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        """The same as the driver takes them, in the order of *names*."""
        encoders = [self._encoders[name] for name in names]
        error_class = self._dialect.loaded_dbapi.Error
        for values in self.run(first):
            try:
                yield tuple(
                    [
                        values[name] if encode is None else encode(values[name])
                        for name, encode in zip(names, encoders, strict=True)
                    ]
                )
            except error_class as error:
                self.fail(error, self._misfit(values))

    def _misfit(self, values: Mapping[str, Any]) -> str | None:
        for name, value in values.items():
            encode = self._encoders[name]
            if encode is not None:
                try:
                    encode(value)
                except self._dialect.loaded_dbapi.Error:
                    return name
        return None

    def fail(self, error: BaseException, column: str | None = None) -> NoReturn:
        """Raises the driver's *error* as SQLAlchemy's, naming the current row and the *column*."""
        try:
            driver.raise_wrapped(self._connection, error, None, None, None)
        except DBAPIError as wrapped:
            place(wrapped, self.shape, self.number, column)
            raise


def place(error: DBAPIError, shape: Shape[Any], row: int | None, column: str | None = None) -> None:
    """Says in *error* which *row* and column it is of, as far as that can be known."""
    if error.detail:
        return
    column = column or _column(error, shape)
    parts = [f"row {row}"] if row else []
    if column:
        parts.append(f"column {column}")
    if parts:
        error.add_detail(", ".join(parts))


def line_of(error: DBAPIError) -> int | None:
    """The line of the COPY that failed, where the server says it."""
    diagnosis = getattr(error.orig, "diag", None)
    found = _LINE.search(getattr(diagnosis, "context", None) or "")
    return int(found[1]) if found else None


def _column(error: DBAPIError, shape: Shape[Any]) -> str | None:
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is None:
        return _column_of_sqlite(str(error.orig), shape)
    database_name = diagnosis.column_name
    found = _LINE.search(diagnosis.context or "")
    if database_name is None and found:
        database_name = found[2]
    for column in shape.columns:
        if column.name == database_name:
            return column.key
    # A constraint without a name here has one in the database all the same.
    key = _KEY.search(diagnosis.message_detail or "")
    return _columns_of_constraint(diagnosis.constraint_name, shape) or (key and key[1])


def _column_of_sqlite(message: str, shape: Shape[Any]) -> str | None:
    kind, _, rest = message.partition(" constraint failed: ")
    if kind in ("UNIQUE", "NOT NULL"):
        names = [part.rpartition(".")[2] for part in rest.split(", ")]
        return ", ".join(column.key for column in shape.columns if column.name in names) or None
    return _columns_of_constraint(rest, shape)


def _columns_of_constraint(name: str | None, shape: Shape[Any]) -> str | None:
    for constraint in shape.table.constraints:
        if name and constraint.name == name:
            if isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint | ForeignKeyConstraint):
                return ", ".join(column.key for column in constraint.columns)
            return next((c.key for c in shape.columns if name == f"{shape.table.name}_{c.name}_type_check"), None)
    return None

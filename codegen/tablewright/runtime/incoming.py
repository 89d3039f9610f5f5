"""Rows on their way in: counted, checked and encoded, a run of rows that name the same columns at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tablewright.runtime import driver, forms
from tablewright.runtime.errors import UnknownColumnError
from tablewright.runtime.row_errors import place
from tablewright.runtime.shape import Shape

_END: Final = object()


class Incoming:
    """The rows of one call, pulled one by one.

    With *fill* a column with a literal default that a row leaves out gets it here, so that rows of one
    call name the same columns.
    """

    def __init__(self, shape: Shape[Any], rows: Iterable[Any], connection: Connection, *, fill: bool = False) -> None:
        self.shape = shape
        self.highest: int | None = None
        """The greatest explicit id so far."""
        self._connection = connection
        self._dialect = connection.dialect
        self._rows = iter(rows)
        self._fill = shape.defaults if fill else {}
        # SQLite has no sequence to bring up to the ids that rows bring along.
        self._identity = None if shape.identity is None or self._dialect.name == "sqlite" else shape.identity.key
        self._error: type[Exception] = self._dialect.loaded_dbapi.Error
        self._ahead: Any = next(self._rows, _END)
        """A row that was pulled and is yet to be written."""
        self.number = 0 if self._ahead is _END else 1
        """The row pulled last, counted from 1."""

    def names(self) -> tuple[str, ...] | None:
        """The columns of the next row, and of the run of rows that it begins; None at the end."""
        return None if self._ahead is _END else self._form_of(self._ahead).names

    def run(self, *, encoded: bool = True) -> Iterator[tuple[Any, ...]]:
        """The next row and those after it that name the same columns, in the order of `names`.

        *encoded* as the driver takes them, otherwise as they are.
        """
        row = self._ahead
        form = self._form_of(row)
        names, kind = form.names, form.kind
        take = form.encode if encoded else form.take
        identity = names.index(self._identity) if self._identity in names else None
        while row is not _END:
            try:
                values = take(row) if type(row) is kind else None
            except KeyError:
                values = None
            except self._error as error:
                self._refuse(row, error)
            if values is None:
                form = self._form_of(row)
                if form.names != names:
                    break
                kind = form.kind
                take = form.encode if encoded else form.take
                try:
                    values = take(row)
                except self._error as error:
                    self._refuse(row, error)
            if identity is not None:
                used = values[identity]
                if isinstance(used, int) and (self.highest is None or used > self.highest):
                    self.highest = used
            yield values
            row = next(self._rows, _END)
            if row is not _END:
                self.number += 1
        self._ahead = row

    def _form_of(self, row: object) -> forms.Form:
        try:
            form = forms.form_of(self.shape, self._dialect, row, self._fill)
        except (UnknownColumnError, TypeError) as error:
            error.add_note(f"In row {self.number}.")
            raise
        except self._error as error:
            self._refuse(row, error)
        missing = self.shape.missing_key(dict.fromkeys(form.names, 0), self._dialect)
        if missing is not None:
            self._fail(forms.missing_key(self.shape, self._dialect, missing), missing)
        return form

    def _refuse(self, row: object, error: Exception) -> NoReturn:
        # The fast way does not know which column it was.
        values = {**self._fill, **self.shape.values_of(row)}
        for name, encode in forms.encoders(self.shape, self._dialect).items():
            if encode is not None and name in values:
                try:
                    encode(values[name])
                except self._error:
                    self._fail(error, name)
        self._fail(error, None)

    def _fail(self, error: Exception, column: str | None) -> NoReturn:
        # The driver's error as SQLAlchemy's, naming the row and the column.
        try:
            driver.raise_wrapped(self._connection, error, None, None, None)
        except DBAPIError as wrapped:
            place(wrapped, self.shape, self.number, column)
            raise

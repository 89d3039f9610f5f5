"""`InputRows`: the rows of one call, counted, checked and encoded in runs of rows with the same columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final, NoReturn

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.bulk.row_encoders import RowEncoder, encoder_for, encoders, missing_key
from tablewright.runtime.errors import UnknownColumnError
from tablewright.runtime.rows.driver_errors import raise_wrapped
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.rows.row_errors import add_row_location

_END: Final = object()


class InputRows:
    """The rows of one call, read one by one.

    *fill* adds the literal defaults of columns that a row leaves out, so that all rows have the same columns.
    """

    def __init__(
        self, mapper: RowMapper[Any], rows: Iterable[Any], connection: Connection, *, fill: bool = False
    ) -> None:
        self.mapper = mapper
        self.highest: int | None = None
        """The greatest explicit id so far, if the database has a sequence for them."""
        self._connection = connection
        self._dialect = connection.dialect
        self._rows = iter(rows)
        self._fill = mapper.defaults if fill else {}
        self._error: type[Exception] = self._dialect.loaded_dbapi.Error
        self.number = 0
        """The row read last, counted from 1."""
        self.ahead: Any = _END
        """A row that was read and is not written yet."""
        self._pull()

    def names(self) -> tuple[str, ...] | None:
        """Return the columns of the next run of rows; None at the end."""
        return None if self.ahead is _END else self._encoder_for(self.ahead).names

    def run(self, *, encoded: bool = True) -> Iterator[tuple[Any, ...]]:
        """Yield the next run: the next row and those after it with the same columns, as tuples in the order of `names`.

        The values are *encoded* for the driver, otherwise as given.
        """
        names: tuple[str, ...] | None = None
        while self.ahead is not _END:
            row = self.ahead
            encoder = self._encoder_for(row)
            if encoder.names != (names := names or encoder.names):
                return
            alone = type(row) is not encoder.kind
            self.ahead = _END
            # The loop counts this row again.
            self.number -= 1
            read = encoder.encode if encoded else encoder.take
            yield from read(self, (row,) if alone else chain((row,), self._rows))
            if alone:
                self._pull()

    def _pull(self) -> None:
        self.ahead = next(self._rows, _END)
        if self.ahead is not _END:
            self.number += 1

    def _encoder_for(self, row: object) -> RowEncoder:
        try:
            encoder = encoder_for(self.mapper, self._dialect, row, self._fill)
        except (UnknownColumnError, TypeError) as error:
            error.add_note(f"In row {self.number}.")
            raise
        except self._error as error:
            self.refuse(row, error)
        missing = self.mapper.missing_key(dict.fromkeys(encoder.names, 0), self._dialect)
        if missing is not None:
            self._fail(missing_key(self.mapper.table.name, self._dialect, missing), missing)
        return encoder

    def refuse(self, row: object, error: Exception) -> NoReturn:
        """Raise the driver's *error* about a value of *row* as SQLAlchemy's, with the row and the column."""
        # The generated loop does not keep track of the column.
        values = {**self._fill, **self.mapper.values_of(row)}
        for name, encode in encoders(self.mapper, self._dialect).items():
            if encode is not None and name in values:
                try:
                    encode(values[name])
                except self._error:
                    self._fail(error, name)
        self._fail(error, None)

    def _fail(self, error: Exception, column: str | None) -> NoReturn:
        try:
            raise_wrapped(self._connection, error, None, None, None)
        except DBAPIError as wrapped:
            add_row_location(wrapped, self.mapper.table, self.number, column)
            raise


PULLING = (
    "The session is reading rows from an iterable that uses the same session. "
    "Create a list of the rows first, or read them in another session."
)

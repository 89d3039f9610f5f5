"""`Backend`: what the databases differ in, one object per dialect of SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import URL, Column, ColumnElement, Connection, CursorResult, Engine, MetaData, Table
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.types import TypeEngine


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """The options of an engine that is created from a URL."""

    echo: bool = False
    pool_size: int = 5
    max_overflow: int = 10
    pool_timeout: float = 30.0
    pool_recycle: int = -1
    pool_pre_ping: bool = True
    busy_timeout: float = 5.0
    connect_args: Mapping[str, object] | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `sqlalchemy.create_engine` that are the same for every database."""
        return {
            "echo": self.echo,
            "pool_size": self.pool_size,
            "max_overflow": self.max_overflow,
            "pool_timeout": self.pool_timeout,
            "pool_recycle": self.pool_recycle,
        }


class Backend:
    """The differences of one database, beyond SQLAlchemy's dialect. The base class is an unsupported database.

    To add a dialect:

    1. Write `engine/<dialect>_backend.py` with a subclass. It overrides what the database does differently. What
       conditions compile to differently (`Glob`, `StartsWith`) is registered there with `@compiles(..., "<dialect>")`.
    2. Add its row to `BACKENDS` in `engine/registry.py`, and its driver's to `DRIVERS` (see `Driver`).

    DDL and the encoding of values are a matter of the column types in `schema/types/`. Without savepoints, a
    database runs only the verbs that need one statement.
    """

    generates_missing_keys = False
    """Whether an integer key that an insert leaves out is generated, though the column has no default."""
    has_sequences = False
    """Whether automatic ids come from a sequence, which explicit ids do not advance."""
    emulates_exclusion = False
    """Whether triggers replace exclusion constraints; ON CONFLICT does not reach their errors."""
    guards_read_only = False
    """Whether read-only transactions need a `ReadOnlyGuard`, so that they can create temporary tables."""
    has_isolation_levels = False
    """Whether a transaction can be less isolated than SERIALIZABLE."""
    opens_read_only = False
    """Whether an engine opened for reading only cannot write, so that its sessions need no other protection."""
    keeps_temporary_tables = False
    """Whether temporary tables outlive their transaction, with the connection."""
    explain_keyword = "EXPLAIN"

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    # Engines.

    def create_engine(self, url: URL, options: EngineOptions, *, read_only: bool, namespace: str | None) -> Engine:
        """Create the engine for *url*."""
        raise NotImplementedError

    def create_reader(self, url: URL, options: EngineOptions) -> Engine | None:
        """Create an engine that only reads and waits for no writer. Return None if the usual engine does so too."""
        return None

    def file_name(self, url: URL) -> str | None:
        """Return the file of the database at *url*, or None if it is not a file."""
        return None

    def prepare_file(self, engine: Engine) -> None:
        """Store the settings that belong in the database's file, before its tables are created."""

    def use_engine(self, engine: Engine, *, read_only: bool, namespace: str | None) -> Engine:
        """Check an *engine* of the caller's. Return it, or a *read_only* view of it."""
        raise NotImplementedError

    def adopt(self, engine: Engine) -> None:
        """Let an *engine* created elsewhere use the transactions of ours, once."""

    def ensure_begun(self, connection: Connection) -> None:
        """Begin the driver's transaction if SQLAlchemy's has begun on *connection* and the driver's has not."""

    def read_only_options(self, *, temporary_tables: bool) -> Mapping[str, object]:
        """Return the execution options with which read-only transactions begin."""
        return {}

    # DDL.

    def lock_ddl(self, connection: Connection) -> None:
        """Let one transaction at a time create tables, until *connection*'s ends."""

    def foreign_keys_disabled(self, connection: Connection) -> AbstractContextManager[None]:
        """Return a block, outside of a transaction, in which tables can be dropped in any order."""
        return nullcontext()

    def drop_all(self, connection: Connection, metadata: MetaData, tables: Sequence[Table]) -> None:
        """Drop those of the *tables* of *metadata* that exist."""
        metadata.drop_all(connection, tables=tables)

    def table_identity(self, name: str) -> str:
        """Return a string that is equal for names of the same table."""
        return name

    # Read-only sessions and temporary tables.

    def forbid_writes(self, connection: Connection) -> None:
        """Let *connection*, which writers share, refuse to write until the next transaction begins."""

    def allow_writes(self, connection: Connection) -> None:
        """Undo `forbid_writes`."""

    def allow_temporary_writes(self, connection: Connection) -> None:
        """Let *connection* write to temporary tables, and only to those, though `forbid_writes` was called."""

    def make_temporary(self, table: Table) -> None:
        """Let the CREATE TABLE of *table* create a temporary table that is dropped with its transaction."""
        # Only the constructor accepts it, which neither a copy nor a definition calls.
        table._prefixes = ["TEMPORARY"]

    def drop_kept_table(self, connection: Connection, name: str) -> str | None:
        """Drop a temporary table that would outlive its transaction. Raises the driver's own error.

        If a cursor still reads it, empty and rename it instead. Return the new name, or None if it was dropped.
        """
        self._unsupported("temporary tables")

    def lock_tables(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Keep other transactions from writing to *tables* until *connection*'s ends; they can still read."""
        self._unsupported("table locks")

    # Reading.

    def member(
        self, column: Column[Any], values: Sequence[Any], encoded: Sequence[Any], value_type: TypeEngine[Any]
    ) -> ColumnElement[bool]:
        """Return the condition *column* IN *values*, many of one Python class; *encoded* is what the driver accepts."""
        return column.in_(values)

    def row_member(
        self,
        columns: Sequence[Column[Any]],
        values: Sequence[Sequence[Any]],
        encoded: Sequence[Sequence[Any]],
        value_types: Sequence[TypeEngine[Any]],
    ) -> ColumnElement[bool]:
        """Return the condition *columns* IN rows; *values*, *encoded* and *value_types* are given column by column."""
        self._unsupported("comparisons with many rows")

    def explained(self, rows: Sequence[Any]) -> str:
        """Return the plan in the *rows* of an EXPLAIN, one line for each step."""
        return "\n".join(row[0] for row in rows)

    # Writing.

    def insert(self, table: Table) -> Any:
        """Return an INSERT that supports ON CONFLICT."""
        self._unsupported("ON CONFLICT")

    def truncate(self, connection: Connection, table: Table, *, cascade: bool) -> None:
        """Delete all rows of *table*; with *cascade* also those of the tables that reference it.

        Raise the driver's own error if other tables reference it.
        """
        self._unsupported("truncate")

    def rows_affected(self, connection: Connection, result: CursorResult[Any]) -> int:
        """Return the number of rows that the statement of *result*, just executed, wrote."""
        return result.rowcount

    def advance_sequence(self, connection: Connection, table: Table, used: int) -> None:
        """Let the next automatic id of *table* be greater than *used*."""

    def _unsupported(self, feature: str) -> NoReturn:
        raise InvalidRequestError(f"Tablewright supports {feature} on SQLite and Postgres, not on {self.name}.")

"""`SQLiteBackend`: SQLite through the standard library's driver."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Engine,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    case,
    column as sql_column,
    create_engine,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy.exc import ArgumentError
from sqlalchemy.types import TypeEngine

from tablewright.runtime.engine import sqlite
from tablewright.runtime.engine.backend import Backend, EngineOptions
from tablewright.runtime.engine.driver import client_side_error

_REFERENCING = text(
    "SELECT DISTINCT m.name FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f "
    "WHERE m.type = 'table' AND lower(f.\"table\") = lower(:name) ORDER BY m.name"
)
_INFINITE = {math.inf: msgspec.Raw(b"9e999"), -math.inf: msgspec.Raw(b"-9e999")}


class SQLiteBackend(Backend):
    """SQLite."""

    generates_missing_keys = True
    emulates_exclusion = True
    opens_read_only = True
    keeps_temporary_tables = True
    explain_keyword = "EXPLAIN QUERY PLAN"

    def create_engine(self, url: URL, options: EngineOptions, *, read_only: bool, namespace: str | None) -> Engine:
        if namespace is not None:
            raise ArgumentError("A namespace is a schema of Postgres; SQLite has none.")
        arguments = options.arguments()
        if sqlite.file_name(url) is None:
            # Every connection to memory has a database of its own.
            arguments.update(pool_size=1, max_overflow=0, pool_recycle=-1)
        engine = create_engine(
            sqlite.engine_url(url, read_only=read_only),
            connect_args={"timeout": options.busy_timeout} | dict(options.connect_args or {}),
            **arguments,
        )
        if read_only:
            engine.dialect.begin_statement = "BEGIN"  # type: ignore[attr-defined]  # of our own dialect
        return engine

    def create_reader(self, url: URL, options: EngineOptions) -> Engine | None:
        name = sqlite.file_name(url)
        if name is None:
            return None
        engine = self.create_engine(sqlite.reader_url(name), options, read_only=False, namespace=None)
        engine.dialect.begin_statement = "BEGIN"  # type: ignore[attr-defined]  # of our own dialect
        return engine

    def file_name(self, url: URL) -> str | None:
        return sqlite.file_name(url)

    def prepare_file(self, engine: Engine) -> None:
        # Outside of a transaction, and only when tables are created: the mode stays in the file.
        if sqlite.file_name(engine.url) is not None:
            with engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA journal_mode = WAL")

    def use_engine(self, engine: Engine, *, read_only: bool, namespace: str | None) -> Engine:
        if namespace is not None:
            raise ArgumentError("A namespace is a schema of Postgres; SQLite has none.")
        if read_only:
            raise ArgumentError(
                "A read-only SQLite database is opened by its URL: Database('sqlite:///file.db', read_only=True)."
            )
        return engine

    def adopt(self, engine: Engine) -> None:
        sqlite.adopt(engine)

    def ensure_begun(self, connection: Connection) -> None:
        sqlite.ensure_begun(connection)

    def foreign_keys_disabled(self, connection: Connection) -> AbstractContextManager[None]:
        return sqlite.foreign_keys_disabled(connection)

    def drop_all(self, connection: Connection, metadata: MetaData, tables: Sequence[Table]) -> None:
        if connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
            metadata.drop_all(connection, tables=tables)
            return
        # In any order: SQLAlchemy would sort them, and warn about circles.
        for table in tables:
            table.drop(connection, checkfirst=True)

    def table_identity(self, name: str) -> str:
        return name.lower()

    def forbid_writes(self, connection: Connection) -> None:
        sqlite.forbid_writes(connection.connection.dbapi_connection)

    def allow_writes(self, connection: Connection) -> None:
        sqlite.allow_writes(connection.connection.dbapi_connection)

    def allow_temporary_writes(self, connection: Connection) -> None:
        sqlite.allow_temporary_writes(connection.connection.dbapi_connection)

    def drop_kept_table(self, connection: Connection, name: str) -> str | None:
        return sqlite.drop_temporary_table(connection.connection.dbapi_connection, name)

    def lock_tables(self, connection: Connection, tables: Sequence[Table]) -> None:
        # Takes the lock of the file, in a joined transaction too.
        name = connection.dialect.identifier_preparer.format_table(tables[0])
        connection.exec_driver_sql(f"DELETE FROM {name} WHERE 0")

    def member(
        self, column: Column[Any], values: Sequence[Any], encoded: Sequence[Any], value_type: TypeEngine[Any]
    ) -> ColumnElement[bool]:
        # SQLite allows some thousand parameters; one of JSON contains any number of values.
        items, compared = _as_json(column, encoded)
        if set(map(type, items)) == {int}:
            # SQLite builds an index of them, much faster if they are sorted.
            items = sorted(items)
        value: ColumnElement[Any] = sql_column("value")
        listed: Select[Any] = select(value).select_from(_json_each(items))
        return compared.in_(listed)

    def row_member(
        self,
        columns: Sequence[Column[Any]],
        values: Sequence[Sequence[Any]],
        encoded: Sequence[Sequence[Any]],
        value_types: Sequence[TypeEngine[Any]],
    ) -> ColumnElement[bool]:
        items, compared = zip(*map(_as_json, columns, encoded), strict=True)
        row: ColumnElement[Any] = sql_column("value")
        parts = [func.json_extract(row, f"$[{number}]") for number in range(len(columns))]
        return tuple_(*compared).in_(select(*parts).select_from(_json_each(list(zip(*items, strict=True)))))

    def explained(self, rows: Sequence[Any]) -> str:
        depths = {0: -1}
        lines: list[str] = []
        for number, parent, _, detail in rows:
            depths[number] = depths[parent] + 1
            lines.append("  " * depths[number] + detail)
        return "\n".join(lines)

    def insert(self, table: Table) -> Any:
        # Importing a dialect takes long, and most processes need one of them.
        from sqlalchemy.dialects.sqlite import insert

        return insert(table)

    def truncate(self, connection: Connection, table: Table, *, cascade: bool) -> None:
        order: list[str] = []
        _visit(connection, table.name, {table.name}, order)
        if len(order) > 1 and not cascade:
            others = ", ".join(sorted(order[:-1]))
            message = f"cannot truncate {table.name}: {others} reference it; truncate(cascade=True) empties them too"
            raise client_side_error(connection.dialect, "NotSupportedError", message)
        # Tables may reference each other in a circle.
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for name in order:
            quoted = connection.dialect.identifier_preparer.quote(name).replace(":", "\\:")
            connection.execute(text(f"DELETE FROM {quoted}"))
        connection.execute(text("PRAGMA defer_foreign_keys = OFF"))

    def rows_affected(self, connection: Connection, result: CursorResult[Any]) -> int:
        count = result.rowcount
        if count < 0:
            # The driver treats a statement that begins with WITH as a query.
            count = int(connection.exec_driver_sql("SELECT changes()").scalar_one())
        return count


def _as_json(column: Column[Any], encoded: Sequence[Any]) -> tuple[Sequence[Any], ColumnElement[Any]]:
    """Return the driver's values as values that JSON can contain, and the expression to compare with them."""
    kinds = set(map(type, encoded))
    if any(issubclass(kind, bytes) for kind in kinds):
        # SQLite's hex(NULL) is '', the same as that of no bytes.
        return [bytes(value).hex().upper() for value in encoded], case((column.is_not(None), func.hex(column)))
    if any(issubclass(kind, float) for kind in kinds) and any(value in _INFINITE for value in encoded):
        return [_INFINITE.get(value, value) for value in encoded], column
    return encoded, column


def _json_each(rows: Sequence[Any]) -> Any:
    return func.json_each(bindparam(None, msgspec.json.encode(rows).decode(), type_=Text())).table_valued("value")


def _visit(connection: Connection, table: str, seen: set[str], order: list[str]) -> None:
    # Read from the database: tables whose modules are not imported count as well.
    for name in connection.execute(_REFERENCING, {"name": table}).scalars().all():
        if name.lower() not in {other.lower() for other in seen}:
            seen.add(name)
            _visit(connection, name, seen, order)
    order.append(table)

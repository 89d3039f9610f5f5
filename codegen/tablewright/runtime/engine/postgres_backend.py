"""`PostgresBackend`: Postgres through psycopg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    URL,
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Table,
    Text,
    TypeDecorator,
    any_,
    bindparam,
    create_engine,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy.types import TypeEngine

from tablewright.runtime.engine import postgres
from tablewright.runtime.engine.backend import Backend, EngineOptions
from tablewright.schema import postgresql
from tablewright.schema.types.column_type import DdlOverride

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('tablewright.create'))")
_ADVANCE = text(
    "SELECT setval(sequence, :used) "
    "FROM (SELECT CAST(pg_get_serial_sequence(:table, :column) AS regclass) AS sequence) AS found "
    "WHERE :used > coalesce(pg_sequence_last_value(sequence), 0) AND has_sequence_privilege(sequence, 'UPDATE')"
)


class PostgresBackend(Backend):
    """Postgres."""

    has_sequences = True
    guards_read_only = True
    has_isolation_levels = True

    def create_engine(self, url: URL, options: EngineOptions, *, read_only: bool, namespace: str | None) -> Engine:
        arguments = options.arguments()
        if read_only:
            arguments["execution_options"] = {"postgresql_readonly": True}
        return create_engine(
            postgres.engine_url(url),
            connect_args=postgres.connect_options(url, namespace) | dict(options.connect_args or {}),
            pool_pre_ping=options.pool_pre_ping,
            **arguments,
        )

    def use_engine(self, engine: Engine, *, read_only: bool, namespace: str | None) -> Engine:
        return engine.execution_options(postgresql_readonly=True) if read_only else engine

    def read_only_options(self, *, temporary_tables: bool) -> Mapping[str, object]:
        # None: as the server begins them, which in a replica is never READ WRITE.
        return {"postgresql_readonly": None if temporary_tables else True}

    def lock_ddl(self, connection: Connection) -> None:
        # CREATE … IF NOT EXISTS fails if two transactions run it at once.
        connection.execute(_LOCK).close()

    def make_temporary(self, table: Table) -> None:
        super().make_temporary(table)
        table.dialect_options["postgresql"]["on_commit"] = "DROP"

    def lock_tables(self, connection: Connection, tables: Sequence[Table]) -> None:
        names = map(connection.dialect.identifier_preparer.format_table, tables)
        connection.exec_driver_sql(f"LOCK TABLE {', '.join(names)} IN EXCLUSIVE MODE")

    def member(
        self, column: Column[Any], values: Sequence[Any], encoded: Sequence[Any], value_type: TypeEngine[Any]
    ) -> ColumnElement[bool]:
        return column == any_(_array(values, encoded, value_type))

    def row_member(
        self,
        columns: Sequence[Column[Any]],
        values: Sequence[Sequence[Any]],
        encoded: Sequence[Sequence[Any]],
        value_types: Sequence[TypeEngine[Any]],
    ) -> ColumnElement[bool]:
        names = [f"v{number}" for number in range(len(columns))]
        rows = func.unnest(*map(_array, values, encoded, value_types)).table_valued(*names).render_derived()
        return tuple_(*columns).in_(select(*rows.c))

    def insert(self, table: Table) -> Any:
        # Importing a dialect takes long, and most processes need one of them.
        from sqlalchemy.dialects.postgresql import insert

        return insert(table)

    def truncate(self, connection: Connection, table: Table, *, cascade: bool) -> None:
        name = postgres.table_name(connection, table).replace(":", "\\:")
        connection.execute(text(f"TRUNCATE TABLE {name}{' CASCADE' if cascade else ''}"))

    def advance_sequence(self, connection: Connection, table: Table, used: int) -> None:
        column = table.autoincrement_column
        if column is not None:
            given = {"used": int(used), "table": postgres.table_name(connection, table), "column": column.name}
            connection.execute(_ADVANCE, given).close()


class _ArrayLiteral(TypeDecorator[str]):
    """An array of *element*, given to the driver in the syntax of Postgres."""

    impl = Text
    cache_ok = True

    def __init__(self, element: TypeEngine[Any]) -> None:
        super().__init__()
        self.element = element

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return postgresql.ARRAY(self.element)

    def bind_processor(self, dialect: Dialect) -> None:
        """Return None: the text is sent as it is."""


def _array(values: Sequence[Any], encoded: Sequence[Any], value_type: TypeEngine[Any]) -> BindParameter[Any]:
    """Return one parameter that is an array of *values*, none of which is None."""
    literal = _array_literal(encoded)
    # Not cast to the SQL of the spec: CHAR(6) would cut what it is compared with. A citext must be, to ignore case.
    while isinstance(value_type, DdlOverride) and dict(value_type.sql).get("postgresql", "").lower() != "citext":
        value_type = value_type.inner
    if literal is None:
        return bindparam(None, list(values), type_=postgresql.ARRAY(value_type))
    return bindparam(None, literal, type_=_ArrayLiteral(value_type))


def _array_literal(values: Sequence[Any]) -> str | None:
    # The driver would look at each value several times.
    kinds = set(map(type, values))
    if kinds <= {int, UUID}:
        return f"{{{','.join(map(str, values))}}}"
    if kinds == {str}:
        # No text contains NUL, which Postgres refuses.
        joined = "\0".join(values).replace("\\", "\\\\").replace('"', '\\"').replace("\0", '","')
        return f'{{"{joined}"}}'
    return None

"""The tables of a Postgres database, read from its catalog."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, ForeignKeyConstraint, Index, Table, UniqueConstraint, text
from sqlalchemy.exc import DBAPIError

from tablewright.catalog.checks import checked_values, expected_limits, limits, listed_values
from tablewright.catalog.reflected_table import CatalogColumn, CatalogForeignKey, CatalogTable, CatalogUnique
from tablewright.schema import names

UNDEFINED_OBJECT = "42704"
_ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_KINDS = {"v": "view", "m": "materialized view", "f": "foreign table", "S": "sequence", "c": "composite type"}

_TABLE = text(
    "SELECT CAST(c.oid AS bigint), CAST(c.relkind AS text) FROM pg_class AS c "
    "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE c.relname = :name AND n.nspname = coalesce(:schema, current_schema()) AND c.relkind NOT IN ('i', 'I', 't')"
)
_COLUMNS = text(
    "SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, "
    "a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false), a.attgenerated <> '', "
    "ARRAY(SELECT CAST(e.enumlabel AS text) FROM pg_enum AS e WHERE e.enumtypid = a.atttypid) "
    "FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "WHERE a.attrelid = :oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
)
_NAMES = (
    "ARRAY(SELECT CAST(a.attname AS text) FROM unnest({columns}) WITH ORDINALITY AS k(number, position) "
    "JOIN pg_attribute AS a ON a.attrelid = {table} AND a.attnum = k.number ORDER BY k.position)"
)
_CONSTRAINTS = text(
    "SELECT CAST(c.contype AS text), CAST(c.conname AS text), "
    f"{_NAMES.format(columns='c.conkey', table='c.conrelid')}, CAST(t.relname AS text), "
    f"{_NAMES.format(columns='c.confkey', table='c.confrelid')}, "
    "CAST(c.confdeltype AS text), CAST(c.confupdtype AS text), "
    "CASE WHEN c.contype = 'c' THEN pg_get_constraintdef(c.oid) END, false "
    "FROM pg_constraint AS c LEFT JOIN pg_class AS t ON t.oid = c.confrelid "
    "WHERE c.conrelid = :oid AND c.contype IN ('p', 'f', 'c') "
    "UNION ALL SELECT 'u', '', "
    f"{_NAMES.format(columns='CAST(i.indkey AS smallint[])', table='i.indrelid')}, '', '{{}}', '', '', '', "
    "i.indpred IS NOT NULL "
    "FROM pg_index AS i WHERE i.indrelid = :oid AND i.indisunique AND NOT i.indisprimary"
)
_FORMATTED = text(
    "SELECT format_type(CAST(t.oid AS oid), t.modifier) FROM unnest(CAST(:oids AS bigint[]), "
    "CAST(:modifiers AS integer[])) WITH ORDINALITY AS t(oid, modifier, position) ORDER BY t.position"
)


def read(connection: Connection, table: Table) -> CatalogTable | str | None:
    """Read the table of *table*'s name. Return a message if it is no table, None if it does not exist."""
    schema = connection.schema_for_object(table)
    row = connection.execute(_TABLE, {"name": table.name, "schema": schema}).first()
    if row is None:
        return None
    oid, kind = row
    if kind not in ("r", "p"):
        return f"{table.name} is a {_KINDS.get(kind, 'relation of another kind')}, not a table."
    checks: dict[str, str] = {}
    primary_key: frozenset[str] = frozenset()
    uniques: set[CatalogUnique] = set()
    foreign_keys: set[CatalogForeignKey] = set()
    for constraint, name, columns, target, targets, on_delete, on_update, check, partial in connection.execute(
        _CONSTRAINTS, {"oid": oid}
    ):
        match constraint:
            case "p":
                primary_key = frozenset(columns)
            case "u":
                uniques.add(CatalogUnique(frozenset(columns), partial))
            case "f":
                pairs = frozenset(zip(columns, targets, strict=True))
                foreign_keys.add(CatalogForeignKey(pairs, target, _ACTIONS[on_delete], _ACTIONS[on_update]))
            case _:
                checks[name] = check
    return CatalogTable(
        {
            name: CatalogColumn(type_name, nullable, automatic, computed, *_allowed(table, name, labels, checks))
            for name, type_name, nullable, automatic, computed, labels in connection.execute(_COLUMNS, {"oid": oid})
        },
        primary_key,
        frozenset(uniques),
        frozenset(foreign_keys),
    )


def _allowed(
    table: Table, name: str, labels: list[str], checks: dict[str, str]
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Return the values of an enum, and the limits of a check."""
    if labels:
        return tuple(sorted(labels)), None
    check = checks.get(names.type_check_name(table.name, name))
    return (None, None) if check is None else (checked_values(table, name, check), limits(check))


def expected_table(connection: Connection, table: Table) -> CatalogTable | str:
    """Return *table* as the database would store it, or a message if it has no such type."""
    columns = list(table.columns)
    try:
        type_names = _types(connection, columns)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != UNDEFINED_OBJECT:
            raise
        return f"A type of its columns does not exist: {str(error.orig).partition(chr(10))[0]}."
    automatic = table.autoincrement_column
    expected: dict[str, CatalogColumn] = {
        column.name: CatalogColumn(
            type=column_type,
            nullable=bool(column.nullable),
            automatic=column is automatic,
            computed=column.computed is not None,
            values=listed_values(column.type),
            limits=expected_limits(column.type, "postgresql"),
        )
        for column, column_type in zip(columns, type_names, strict=True)
    }
    uniques: set[CatalogUnique] = set()
    foreign_keys: set[CatalogForeignKey] = set()
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            uniques.add(CatalogUnique(frozenset(column.name for column in constraint.columns), partial=False))
        elif isinstance(constraint, ForeignKeyConstraint):
            pairs = frozenset((element.parent.name, element.column.name) for element in constraint.elements)
            target = constraint.referred_table.name
            on_delete, on_update = constraint.ondelete or "NO ACTION", constraint.onupdate or "NO ACTION"
            foreign_keys.add(CatalogForeignKey(pairs, target, on_delete.upper(), on_update.upper()))
    for index in table.indexes:
        if index.unique:
            uniques.add(_unique(index))
    key = frozenset(column.name for column in table.primary_key.columns)
    return CatalogTable(expected, key, frozenset(uniques), frozenset(foreign_keys))


def _unique(index: Index) -> CatalogUnique:
    columns = frozenset(item.name for item in index.expressions if isinstance(item, Column))
    return CatalogUnique(columns, index.dialect_options["postgresql"].get("where") is not None)


def _types(connection: Connection, columns: list[Column[Any]]) -> list[str]:
    """Return the types of *columns* as the catalog names them."""
    compiler = connection.dialect.type_compiler_instance
    ddl = [compiler.process(column.type, type_expression=column) for column in columns]
    if not ddl:
        return []
    # The types of casts to them: the server's parser decides how types are named.
    casts = ", ".join(f"NULL::{item}, pg_typeof(NULL::{item})::oid" for item in ddl)
    with connection.begin_nested():
        cursor: Any = connection.exec_driver_sql(f"SELECT {casts}".replace("%", "%%")).cursor
        (row,) = cursor.fetchall()
        result = cursor.pgresult
        # A domain is sent as its base type, with the base type's modifier.
        oids = [int(row[number]) for number in range(1, len(row), 2)]
        modifiers = [
            result.fmod(2 * number) if result.ftype(2 * number) == oid else -1 for number, oid in enumerate(oids)
        ]
        cursor.close()
    return [name for (name,) in connection.execute(_FORMATTED, {"oids": oids, "modifiers": modifiers})]

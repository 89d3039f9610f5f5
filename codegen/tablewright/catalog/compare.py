"""The differences between a table in the database and the expected table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, MetaData, Table, inspect

from tablewright.catalog.reflected_table import CatalogForeignKey, CatalogTable, CatalogUnique, Columns


def compare(connection: Connection, table: Table) -> list[str]:
    """Return the differences between the database's table and *table*; empty if they match.

    Columns are compared with their types, nullability and enum values, and so are keys. Defaults, indexes and other
    checks are not.
    """
    differences = compare_existing(connection, table)
    return [f"The table {table.name} does not exist."] if differences is None else differences


def compare_existing(connection: Connection, table: Table) -> list[str] | None:
    """Return the same; None if the database has no such table."""
    # Each dialect's module is loaded only if it is used.
    if connection.dialect.name == "postgresql":
        from tablewright.catalog.postgres import expected_table, read
    else:
        from tablewright.catalog.sqlite import expected_table, read
    actual = read(connection, table)
    if actual is None or isinstance(actual, str):
        return actual if actual is None else [actual]
    expected = expected_table(connection, table)
    if isinstance(expected, str):
        return [expected]
    return [*_columns(expected, actual), *_keys(expected, actual)]


def _columns(expected: CatalogTable, actual: CatalogTable) -> Iterator[str]:
    for name, column in expected.columns.items():
        stored = actual.columns.get(name)
        if stored is None:
            yield f"The column {name} is missing."
            continue
        if stored.type != column.type:
            yield f"The column {name} is {stored.type}, not {column.type}."
        elif column.values is not None and stored.values != column.values:
            values = "any value" if stored.values is None else ", ".join(stored.values)
            yield f"The column {name} may be {values}, not {', '.join(column.values)}."
        elif stored.limits is not None and column.limits is not None and stored.limits != column.limits:
            yield f"The column {name} is limited to {_numbers(stored.limits)}, not to {_numbers(column.limits)}."
        if stored.nullable != column.nullable:
            yield f"The column {name} may {'' if stored.nullable else 'not '}be NULL."
        if stored.computed != column.computed:
            yield f"The column {name} is {'' if stored.computed else 'not '}computed."
        if stored.automatic != column.automatic:
            yield f"The column {name} is {'' if stored.automatic else 'not '}numbered by the database."
    for name, stored in actual.columns.items():
        # Some types are stored with additional generated columns.
        if name not in expected.columns and not stored.computed:
            yield f"The column {name} was not declared."


def _keys(expected: CatalogTable, actual: CatalogTable) -> Iterator[str]:
    if expected.primary_key != actual.primary_key:
        yield f"The primary key is {_listed(actual.primary_key)}, not {_listed(expected.primary_key)}."
    for unique in sorted(expected.uniques - actual.uniques, key=_sorting):
        yield f"The unique key {_unique(unique)} is missing."
    for unique in sorted(actual.uniques - expected.uniques, key=_sorting):
        yield f"The unique key {_unique(unique)} was not declared."
    for key in sorted(expected.foreign_keys - actual.foreign_keys, key=_foreign_key):
        yield f"The foreign key {_foreign_key(key)} is missing."
    for key in sorted(actual.foreign_keys - expected.foreign_keys, key=_foreign_key):
        yield f"The foreign key {_foreign_key(key)} was not declared."


def _numbers(limits: tuple[str, ...]) -> str:
    return ", ".join(limits) or "no limits"


def _listed(columns: Columns) -> str:
    return f"({', '.join(sorted(columns))})" if columns else "none"


def _sorting(unique: CatalogUnique) -> list[str]:
    return sorted(unique.columns)


def _unique(unique: CatalogUnique) -> str:
    named = _listed(unique.columns) if unique.columns else "of an expression"
    return f"{named} of some rows" if unique.partial else named


def _foreign_key(key: CatalogForeignKey) -> str:
    pairs = sorted(key.columns)
    text = f"({', '.join(own for own, _ in pairs)}) to {key.target} ({', '.join(target for _, target in pairs)})"
    for event, rule in (("delete", key.on_delete), ("update", key.on_update)):
        if rule != "NO ACTION":
            text += f" on {event} {rule.lower()}"
    return text


def present(connection: Connection, tables: Iterable[Table]) -> list[str]:
    """Return the names of those *tables* that exist in the database, as tables or views."""
    inspector = inspect(connection)
    existing: dict[str | None, set[str]] = {}
    names: list[str] = []
    for table in tables:
        schema = connection.schema_for_object(table)
        if schema not in existing:
            existing[schema] = {*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)}
        if table.name in existing[schema]:
            names.append(table.name)
    return names


def missing(connection: Connection, metadata: MetaData) -> list[str]:
    """Return the names of the tables of *metadata* that are missing in the database."""
    tables = _user_tables(metadata)
    existing = set(present(connection, tables))
    return sorted(table.name for table in tables if table.name not in existing)


def _user_tables(metadata: MetaData) -> list[Table]:
    # The run time's own tables are created when they are first needed.
    return [table for _, table in sorted(metadata.tables.items()) if not table.name.startswith("tablewright_")]


def compare_all(connection: Connection, metadata: MetaData) -> list[str]:
    """Return one message for each difference between the database and the tables of *metadata*."""
    absent = missing(connection, metadata)
    differences = [f"The table {name} does not exist." for name in absent]
    for table in _user_tables(metadata):
        if table.name not in absent:
            differences += [f"{table.name}: {message}" for message in compare(connection, table)]
    return differences

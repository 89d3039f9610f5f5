"""What a table in the database differs in from the table that was declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, MetaData, Table, inspect

from tablewright.catalog.reflected_table import Columns, LiveForeignKey, LiveTable, LiveUnique


def differences(connection: Connection, table: Table) -> list[str]:
    """What the table in the database has otherwise than *table*, a sentence each; none where they are the same.

    Compared are the columns with their types, nullability and values of enums, and the keys; not defaults, indexes and
    other checks.
    """
    found = compared(connection, table)
    return [f"The table {table.name} is not there."] if found is None else found


def compared(connection: Connection, table: Table) -> list[str] | None:
    """The same; None where the database has no such table."""
    # A dialect's part is loaded where it is used.
    if connection.dialect.name == "postgresql":
        from tablewright.catalog.postgres import declared as make_declared, read
    else:
        from tablewright.catalog.sqlite import declared as make_declared, read
    live = read(connection, table)
    if live is None or isinstance(live, str):
        return live if live is None else [live]
    declared = make_declared(connection, table)
    if isinstance(declared, str):
        return [declared]
    return [*_columns(declared, live), *_keys(declared, live)]


def _columns(declared: LiveTable, live: LiveTable) -> Iterator[str]:
    for name, wanted in declared.columns.items():
        found = live.columns.get(name)
        if found is None:
            yield f"The column {name} is missing."
            continue
        if found.type != wanted.type:
            yield f"The column {name} is {found.type}, not {wanted.type}."
        elif wanted.values is not None and found.values != wanted.values:
            said = "any value" if found.values is None else ", ".join(found.values)
            yield f"The column {name} may be {said}, not {', '.join(wanted.values)}."
        elif found.limits is not None and wanted.limits is not None and found.limits != wanted.limits:
            yield f"The column {name} is held to {_numbers(found.limits)}, not to {_numbers(wanted.limits)}."
        if found.nullable != wanted.nullable:
            yield f"The column {name} may {'' if found.nullable else 'not '}be NULL."
        if found.computed != wanted.computed:
            yield f"The column {name} is {'' if found.computed else 'not '}computed."
        if found.automatic != wanted.automatic:
            yield f"The column {name} is {'' if found.automatic else 'not '}numbered by the database."
    for name, found in live.columns.items():
        # Generated columns beside the declared ones are the way in which some types are kept.
        if name not in declared.columns and not found.computed:
            yield f"The column {name} was not declared."


def _keys(declared: LiveTable, live: LiveTable) -> Iterator[str]:
    if declared.primary_key != live.primary_key:
        yield f"The primary key is {_listed(live.primary_key)}, not {_listed(declared.primary_key)}."
    for unique in sorted(declared.uniques - live.uniques, key=_sorting):
        yield f"The unique key {_unique(unique)} is missing."
    for unique in sorted(live.uniques - declared.uniques, key=_sorting):
        yield f"The unique key {_unique(unique)} was not declared."
    for key in sorted(declared.foreign_keys - live.foreign_keys, key=_foreign_key):
        yield f"The foreign key {_foreign_key(key)} is missing."
    for key in sorted(live.foreign_keys - declared.foreign_keys, key=_foreign_key):
        yield f"The foreign key {_foreign_key(key)} was not declared."


def _numbers(limits: tuple[str, ...]) -> str:
    return ", ".join(limits) or "no limits"


def _listed(columns: Columns) -> str:
    return f"({', '.join(sorted(columns))})" if columns else "none"


def _sorting(unique: LiveUnique) -> list[str]:
    return sorted(unique.columns)


def _unique(unique: LiveUnique) -> str:
    named = _listed(unique.columns) if unique.columns else "of an expression"
    return f"{named} of some rows" if unique.partial else named


def _foreign_key(key: LiveForeignKey) -> str:
    pairs = sorted(key.columns)
    here, there = ", ".join(here for here, _ in pairs), ", ".join(there for _, there in pairs)
    said = f"({here}) to {key.target} ({there})"
    for event, rule in (("delete", key.on_delete), ("update", key.on_update)):
        if rule != "NO ACTION":
            said += f" on {event} {rule.lower()}"
    return said


def present(connection: Connection, tables: Iterable[Table]) -> list[str]:
    """The names of those *tables* that the database has, or has views or the like of."""
    inspector = inspect(connection)
    found: dict[str | None, set[str]] = {}
    names: list[str] = []
    for table in tables:
        schema = connection.schema_for_object(table)
        if schema not in found:
            found[schema] = {*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)}
        if table.name in found[schema]:
            names.append(table.name)
    return names


def missing(connection: Connection, metadata: MetaData) -> list[str]:
    """The names of the tables of *metadata* that the database lacks."""
    tables = _declared(metadata)
    there = set(present(connection, tables))
    return sorted(table.name for table in tables if table.name not in there)


def _declared(metadata: MetaData) -> list[Table]:
    # What the run time keeps for itself is nobody's to miss.
    return [table for _, table in sorted(metadata.tables.items()) if not table.name.startswith("tablewright_")]


def all_differences(connection: Connection, metadata: MetaData) -> list[str]:
    """What of the tables of *metadata* is missing in the database or otherwise than declared, a sentence each."""
    absent = missing(connection, metadata)
    found = [f"The table {name} is not there." for name in absent]
    for table in _declared(metadata):
        if table.name not in absent:
            found += [f"{table.name}: {sentence}" for sentence in differences(connection, table)]
    return found

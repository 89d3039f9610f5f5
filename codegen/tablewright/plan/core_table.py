"""The common parts of the modules of tables and opaque tables: Core table, row, values of an insert."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tablewright.plan.imports import Imports
from tablewright.plan.plans import CoreTable, Field
from tablewright.plan.spelling import annotation, column_doc, column_type, default, docstring, quoted
from tablewright.schema import definition as d, names
from tablewright.schema.type_registry import TYPES

TABLES = "tablewright.schema.tables"


def core_imports(taken: Iterable[str]) -> Imports:
    """Return the imports of a table's module, with what the templates of every table need."""
    imports = Imports(taken)
    imports.require("sqlalchemy", "Column", "Table")
    imports.require("tablewright.runtime.row", "Row")
    imports.require("tablewright.runtime.table", "TypedDict")
    imports.require("typing", "ClassVar", "Unpack")
    return imports


def value_types(table: d.Table, schema: d.Schema, imports: Imports) -> dict[str, str]:
    """Return the Python types of *table*'s columns, without None, by attribute."""
    return {column.attribute: annotation(column.type, schema, imports) for column in table.columns}


def with_null(table: d.Table, types: Mapping[str, str]) -> dict[str, str]:
    """Return the Python *types*, with None for nullable columns of *table*."""
    return {
        column.attribute: types[column.attribute] + (" | None" if column.nullable else "") for column in table.columns
    }


def plan_core_table(
    table: d.Table, schema: d.Schema, types: Mapping[str, str], imports: Imports, *, apart: bool = False
) -> CoreTable:
    """Plan *table*'s Core table and row; *types* are those of `with_null`.

    A table *apart* has its own MetaData, and references others by their columns.
    """
    columns = tuple(
        Field(column.attribute, f"Column[{types[column.attribute]}]", value=_column(column, schema, imports))
        for column in table.columns
    )
    elements = tuple(_elements(table, schema, imports, apart))
    return CoreTable(
        stem=table.class_name,
        variable=names.module_name(table.name),
        doc=docstring(described(table), 4),
        table_function=imports.use(TABLES, "table"),
        database_name=quoted(table.table),
        metadata=f"{imports.use('sqlalchemy', 'MetaData')}()" if apart else imports.use("..schema", "metadata"),
        columns=columns,
        elements=elements,
        row=tuple(
            Field(column.attribute, types[column.attribute], doc=column_doc(column, 4)) for column in table.columns
        ),
        row_options=_row_options(table),
        insert=tuple(
            _insert_field(column, types[column.attribute], imports)
            for column in table.columns
            if column.computed is None
        ),
    )


def described(table: d.Table) -> str:
    """Return the description of the table in its spec, or a default."""
    return table.doc or f"The table `{table.name}`."


def holds_lists(column: d.Column) -> bool:
    """Return True if a value of *column* may be a list, so that a list is one value and not several."""
    return column.type.codec is not None or TYPES[column.type.kind].holds_lists


def _insert_field(column: d.Column, annotated: str, imports: Imports) -> Field:
    if column.required:
        return Field(column.attribute, annotated)
    return Field(column.attribute, f"{imports.use('typing', 'NotRequired')}[{annotated}]")


def _row_options(table: d.Table) -> str:
    renamed = {column.attribute: column.name for column in table.columns if column.attribute != column.name}
    if not renamed:
        return ""
    pairs = ", ".join(f"{quoted(attribute)}: {quoted(name)}" for attribute, name in renamed.items())
    return f", rename={{{pairs}}}"


def _column(column: d.Column, schema: d.Schema, imports: Imports) -> str:
    arguments = [column_type(column.type, schema, imports)]
    if column.column != column.attribute:
        arguments.append(f"name={quoted(column.column)}")
    if column.nullable:
        arguments.append("nullable=True")
    if column.autoincrement:
        arguments.append("autoincrement=True")
    if column.has_default:
        arguments.append(f"default={default(column, schema, imports)}")
    for name in ("default_sql", "touch", "computed"):
        text = getattr(column, name)
        if text is not None:
            arguments.append(f"{name}={quoted(text)}")
    if column.meta:
        arguments.append(f"meta={column.meta!r}")
    return f"{imports.use(TABLES, 'column')}({', '.join(arguments)})"


def _elements(table: d.Table, schema: d.Schema, imports: Imports, apart: bool) -> list[str]:
    elements: list[str] = []

    def call(function: str, arguments: list[str], **options: object) -> None:
        keywords = [f"{name}={value}" for name, value in options.items() if value not in (None, False, (), "()")]
        elements.append(f"{imports.use(TABLES, function)}({', '.join(arguments + keywords)})")

    def database(attributes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(table.column(attribute).column for attribute in attributes)

    def unless_default(name: str, default: str) -> str | None:
        return None if name == default else quoted(name)

    if table.primary_key:
        call("primary_key", list(map(quoted, table.primary_key)))
    for key in table.foreign_keys:
        target = table if key.table == table.name else schema.table(key.table)
        if apart and target is not table:
            # Its MetaData does not contain the target, so names cannot be resolved.
            columns = imports.use(
                f"{_room(target, schema)}{names.module_name(target.name)}", f"{target.class_name}Columns"
            )
            targets = tuple(f"{columns}.{attribute}" for attribute in key.targets)
        else:
            targets = tuple(quoted(f"{target.table}.{attribute}") for attribute in key.targets)
        call(
            "foreign_key",
            [_one_or_tuple(tuple(map(quoted, key.columns))), _one_or_tuple(targets)],
            name=unless_default(key.name, names.foreign_key_name(table.table, database(key.columns))),
            on_delete=key.on_delete and quoted(key.on_delete),
            on_update=key.on_update and quoted(key.on_update),
            deferrable=key.deferrable,
        )
    for unique in table.uniques:
        naming = names.unique_name if unique.where is None else names.index_name
        call(
            "unique",
            list(map(quoted, unique.columns)),
            name=unless_default(unique.name, naming(table.table, database(unique.columns))),
            where=unique.where and quoted(unique.where),
            nulls_not_distinct=unique.nulls_not_distinct,
        )
    for index in table.indexes:
        parts = [table.column(item.column).column if item.column else "expr" for item in index.elements]
        call(
            "index",
            [_index_element(item, imports) for item in index.elements],
            name=unless_default(index.name, names.index_name(table.table, parts)),
            unique=index.unique,
            where=index.where and quoted(index.where),
            include=_tuple(index.include),
            using=index.using and quoted(index.using),
        )
    for check in table.checks:
        call("check", [quoted(check.sql)], name=quoted(check.name))
    for exclusion in table.exclusions:
        call(
            "exclusion",
            [_tuple(pair) for pair in exclusion.elements],
            using=quoted(exclusion.using),
            name=unless_default(
                exclusion.name, names.exclusion_name(table.table, database(tuple(a for a, _ in exclusion.elements)))
            ),
            where=exclusion.where and quoted(exclusion.where),
        )
    if table.meta:
        elements.append(f"meta={table.meta!r}")
    return elements


def _index_element(element: d.IndexElement, imports: Imports) -> str:
    if element.column is not None:
        return quoted(element.column)
    return f"{imports.use(TABLES, 'sql')}({quoted(element.sql or '')})"


def _room(table: d.Table, schema: d.Schema) -> str:
    # As imported by a module of an opaque table.
    return "." if any(table is item for item in schema.opaque_tables) else "..tables."


def _one_or_tuple(items: tuple[str, ...]) -> str:
    return items[0] if len(items) == 1 else f"({', '.join(items)})"


def _tuple(items: tuple[str, ...]) -> str:
    return f"({', '.join(map(quoted, items))}{',' if len(items) == 1 else ''})"

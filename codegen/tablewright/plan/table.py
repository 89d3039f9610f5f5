"""The plan of one table module: columns, row, typed dicts, accessor."""

from __future__ import annotations

from tablewright.plan.imports import Imports
from tablewright.plan.plans import Field, Finder, TablePlan
from tablewright.plan.spelling import annotation, column_doc, column_type, default, docstring, quoted
from tablewright.schema import definition as d, names

TABLES = "tablewright.schema.tables"
VERBS = "tablewright.runtime.table"
# What the generated methods name their own parameters.
_PARAMETERS = frozenset({"self", "lock", "values", "where", "equal", "rows", "conflict", "changes"})


def plan_table(table: d.Table, schema: d.Schema) -> TablePlan:
    """The plan of *table*'s module."""
    stem = table.class_name
    variable = names.module_name(table.name)
    attributes = {column.attribute for column in table.columns}
    imports = Imports(taken=attributes | {variable} | set(class_names(table)))
    types = {column.attribute: annotation(column.type, schema, imports) for column in table.columns}
    nullable = {
        column.attribute: types[column.attribute] + (" | None" if column.nullable else "") for column in table.columns
    }
    single = len(table.primary_key) == 1
    composite = len(table.primary_key) > 1
    settable = [column for column in table.columns if column.computed is None]
    conflicts = conflict_names(table)
    finders = tuple(_finder(unique, table, types) for unique in table.uniques if has_finder(unique, table))
    column_class = imports.use("sqlalchemy", "Column")
    columns = tuple(
        Field(
            column.attribute,
            f"{column_class}[{nullable[column.attribute]}]",
            value=_column(column, schema, imports),
        )
        for column in table.columns
    )
    elements = tuple(_elements(table, schema, imports))
    local = {name: imports.use(TABLES, name) for name in ("table",)}
    local |= {"Table": imports.use("sqlalchemy", "Table"), "type": imports.builtin("type")}
    local |= {"Row": imports.use("tablewright.runtime.row", "Row")}
    local |= {name: imports.use("typing", name) for name in ("ClassVar", "Unpack")}
    local["TypedDict"] = imports.use(VERBS, "TypedDict")
    update = tuple(
        Field(column.attribute, f"{imports.use(VERBS, 'Value')}[{nullable[column.attribute]}]")
        for column in settable
        if column.attribute not in table.primary_key
    )
    if update:
        local |= {name: imports.use(VERBS, name) for name in ("Where", "AllRows")}
    local["metadata"] = imports.use("..schema", "metadata")
    local |= {name: imports.builtin(name) for name in ("int", "list")}
    if composite:
        local |= {name: imports.builtin(name) for name in ("bool", "property")}
        local["NamedTuple"] = imports.use("typing", "NamedTuple")
    if composite or finders:
        local["Lock"] = imports.use(VERBS, "Lock")
    literal = None
    if conflicts:
        local["Iterable"] = imports.use("collections.abc", "Iterable")
        literal = f"{imports.use('typing', 'Literal')}[{', '.join(map(quoted, conflicts))}]"
    if update and table.primary_key:
        local["tuple"] = imports.builtin("tuple")
    parameters, key_type = f"{stem}Row, {stem}Insert", ""
    if single:
        key_type = types[table.primary_key[0]]
        base = f"{imports.use(VERBS, 'KeyedTable')}[{parameters}, {key_type}]"
    elif composite:
        key_type = f"{stem}Key"
        base = f"{imports.use(VERBS, 'CompositeTable')}[{parameters}, {key_type}]"
    else:
        base = f"{imports.use(VERBS, 'Table')}[{parameters}]"
    doc = table.doc or f"The table `{table.name}`."
    return TablePlan(
        module=variable,
        source=table.source,
        module_doc=docstring(doc),
        doc=docstring(doc, 4),
        local=local,
        stem=stem,
        variable=variable,
        database_name=quoted(table.table),
        columns=columns,
        elements=elements,
        row=tuple(
            Field(column.attribute, nullable[column.attribute], doc=column_doc(column, 4)) for column in table.columns
        ),
        row_options=_row_options(table),
        insert=tuple(_insert_field(column, nullable[column.attribute], imports) for column in settable),
        update=update,
        where=tuple(_where_field(column, nullable[column.attribute], imports) for column in table.columns),
        base=base,
        key=tuple(_key_field(attribute, types) for attribute in table.primary_key) if composite else (),
        key_type=key_type,
        key_property="key_" if "key" in attributes else "key",
        key_parameters=_parameters(table.primary_key, types),
        key_values=_values(table.primary_key),
        finders=finders,
        conflicts=literal,
        conflict_default=quoted(conflicts[0]) if conflicts else "",
        imports=imports.groups(),
    )


def class_names(table: d.Table) -> tuple[str, ...]:
    """The public classes of a table's module."""
    suffixes = ["Columns", "Insert", "Row", "Table", "Update", "Where"]
    if len(table.primary_key) > 1:
        suffixes.insert(2, "Key")
    return tuple(table.class_name + suffix for suffix in suffixes)


def conflict_names(table: d.Table) -> tuple[str, ...]:
    """What an upsert may call the key it collides on: keys that hold no NULL, which collides with nothing."""
    primary = ("primary_key",) if table.primary_key else ()
    return primary + tuple("_".join(unique.columns) for unique in table.uniques if has_finder(unique, table))


def has_finder(unique: d.Unique, table: d.Table) -> bool:
    """Whether a unique key finds at most one row for any values: no NULLs, no condition."""
    return unique.where is None and not any(table.column(attribute).nullable for attribute in unique.columns)


def _finder(unique: d.Unique, table: d.Table, types: dict[str, str]) -> Finder:
    name = "_".join(unique.columns)
    return Finder(f"get_by_{name}", quoted(name), _parameters(unique.columns, types), _values(unique.columns))


def _key_field(attribute: str, types: dict[str, str]) -> Field:
    # A tuple has methods of these names.
    name = attribute + "_" if attribute in ("count", "index") else attribute
    return Field(name, types[attribute], value=attribute)


def _parameters(attributes: tuple[str, ...], types: dict[str, str]) -> str:
    return ", ".join(f"{_parameter(attribute)}: {types[attribute]}" for attribute in attributes)


def _values(attributes: tuple[str, ...]) -> str:
    return f"({', '.join(map(_parameter, attributes))}{',' if len(attributes) == 1 else ''})"


def _parameter(attribute: str) -> str:
    return attribute + "_" if attribute in _PARAMETERS else attribute


def _insert_field(column: d.Column, annotated: str, imports: Imports) -> Field:
    if column.required:
        return Field(column.attribute, annotated)
    return Field(column.attribute, f"{imports.use('typing', 'NotRequired')}[{annotated}]")


def _where_field(column: d.Column, annotated: str, imports: Imports) -> Field:
    # Where a value may be a list itself, a list is that value and not several.
    if column.type.codec is not None or column.type.kind in ("json", "array", "range"):
        return Field(column.attribute, annotated)
    return Field(column.attribute, f"{imports.use(VERBS, 'Equal')}[{annotated}]")


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


def _elements(table: d.Table, schema: d.Schema, imports: Imports) -> list[str]:
    made: list[str] = []

    def call(function: str, arguments: list[str], **options: object) -> None:
        given = [f"{name}={value}" for name, value in options.items() if value not in (None, False, (), "()")]
        made.append(f"{imports.use(TABLES, function)}({', '.join(arguments + given)})")

    def database(attributes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(table.column(attribute).column for attribute in attributes)

    def given(name: str, usual: str) -> str | None:
        return None if name == usual else quoted(name)

    if table.primary_key:
        call("primary_key", list(map(quoted, table.primary_key)))
    for key in table.foreign_keys:
        target = table if key.table == table.name else schema.table(key.table)
        call(
            "foreign_key",
            [_one_or_tuple(key.columns), _one_or_tuple(tuple(f"{target.table}.{a}" for a in key.targets))],
            name=given(key.name, names.foreign_key_name(table.table, database(key.columns))),
            on_delete=key.on_delete and quoted(key.on_delete),
            on_update=key.on_update and quoted(key.on_update),
            deferrable=key.deferrable,
        )
    for unique in table.uniques:
        naming = names.unique_name if unique.where is None else names.index_name
        call(
            "unique",
            list(map(quoted, unique.columns)),
            name=given(unique.name, naming(table.table, database(unique.columns))),
            where=unique.where and quoted(unique.where),
            nulls_not_distinct=unique.nulls_not_distinct,
        )
    for index in table.indexes:
        parts = [table.column(item.column).column if item.column else "expr" for item in index.elements]
        call(
            "index",
            [_index_element(item, imports) for item in index.elements],
            name=given(index.name, names.index_name(table.table, parts)),
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
            name=given(
                exclusion.name, names.exclusion_name(table.table, database(tuple(a for a, _ in exclusion.elements)))
            ),
            where=exclusion.where and quoted(exclusion.where),
        )
    if table.meta:
        made.append(f"meta={table.meta!r}")
    return made


def _index_element(element: d.IndexElement, imports: Imports) -> str:
    if element.column is not None:
        return quoted(element.column)
    return f"{imports.use(TABLES, 'sql')}({quoted(element.sql or '')})"


def _one_or_tuple(items: tuple[str, ...]) -> str:
    return quoted(items[0]) if len(items) == 1 else _tuple(items)


def _tuple(items: tuple[str, ...]) -> str:
    return f"({', '.join(map(quoted, items))}{',' if len(items) == 1 else ''})"

"""SQLAlchemy tables from a resolved schema, for tables that no package was generated for."""

from __future__ import annotations

import enum
import functools
import importlib
from collections.abc import Callable, Iterable
from typing import Any, cast

import msgspec
from sqlalchemy import Column, MetaData, Table as SqlTable

from tablewright.schema import definition as d, names, tables, types
from tablewright.schema.python_types import evaluate, python_type
from tablewright.schema.range import Range
from tablewright.schema.type_registry import TYPES


def build_metadata(schema: d.Schema) -> MetaData:
    """All tables of *schema*, opaque ones apart."""
    metadata = MetaData()
    for table in schema.tables:
        build_table(table, metadata, schema)
    return metadata


def build_table(table: d.Table, metadata: MetaData, schema: d.Schema, *, prefixes: list[str] | None = None) -> SqlTable:
    """The SQLAlchemy table of one definition; *schema* has its enums and the tables it points at."""
    columns = {column.attribute: build_column(column, schema) for column in table.columns}
    return tables.make_table(
        table.table, metadata, columns, _elements(table, schema), meta=table.meta, prefixes=prefixes
    )


def build_column(column: d.Column, schema: d.Schema) -> Column[Any]:
    """The SQLAlchemy column of one definition."""
    column_type = build_type(column.type, schema.enums)
    options: dict[str, Any] = {}
    if column.has_default:
        options["default"] = python_default(column, column_type)
    if column.nullable:
        options["nullable"] = True
    made: Column[Any] = tables.column(
        column_type,
        name=column.column,
        autoincrement=column.autoincrement,
        default_sql=column.default_sql,
        touch=column.touch,
        computed=column.computed,
        meta=dict(column.meta) or None,
        **options,
    )
    made.key = column.attribute
    return made


def _elements(table: d.Table, schema: d.Schema) -> Iterable[tables.Element]:
    if table.primary_key:
        yield tables.primary_key(*table.primary_key)
    for key in table.foreign_keys:
        target = table.table if key.table == table.name else schema.table(key.table).table
        yield tables.foreign_key(
            key.columns,
            tuple(f"{target}.{attribute}" for attribute in key.targets),
            name=key.name,
            on_delete=key.on_delete,
            on_update=key.on_update,
            deferrable=key.deferrable,
        )
    for unique in table.uniques:
        yield tables.unique(
            *unique.columns, name=unique.name, where=unique.where, nulls_not_distinct=unique.nulls_not_distinct
        )
    for index in table.indexes:
        yield tables.index(
            *(item.column or tables.sql(item.sql or "") for item in index.elements),
            name=index.name,
            unique=index.unique,
            where=index.where,
            include=index.include,
            using=index.using,
        )
    for check in table.checks:
        yield tables.check(check.sql, name=check.name)
    for exclusion in table.exclusions:
        yield tables.exclusion(*exclusion.elements, using=exclusion.using, name=exclusion.name, where=exclusion.where)


def build_type(spec: d.Type, enums: Iterable[d.Enum] = ()) -> types.ColumnType[Any]:
    """The column type of one definition; `LookupError` for an enum that *enums* does not have."""
    made = _plain_type(spec, enums)
    if spec.codec is not None:
        made = types.CodecType(load_object(spec.codec)(), made)
    return made.with_ddl(**spec.sql) if spec.sql else made


def _plain_type(spec: d.Type, enums: Iterable[d.Enum]) -> types.ColumnType[Any]:
    row = TYPES[spec.kind]
    build: Callable[..., types.ColumnType[Any]] = getattr(types, row.class_name)
    if spec.kind == "enum":
        found = next(item for item in enums if item.name == spec.enum)
        return build(enum_class(found), native=found.name if found.native else None)
    if "of" in row.parameters:
        assert spec.of is not None
        return build(build_type(spec.of, enums))
    if "python" in row.parameters:
        return build(evaluate(python_type(spec)))
    return build(*spec.numbers, scaled=True) if spec.storage == "scaled" else build(*spec.numbers)


@functools.cache
def enum_class(definition: d.Enum) -> type[enum.StrEnum]:
    """The StrEnum that a generated package would have for *definition*."""
    members = {names.member_name(value): value for value in definition.values}
    # mypy reads the functional form as a look-up of a member.
    return enum.StrEnum(definition.class_name, members)  # type: ignore[return-value]


def load_object(reference: str) -> Any:
    """What `module:name` refers to; `ImportError` or `AttributeError` if there is nothing."""
    module, _, name = reference.partition(":")
    return functools.reduce(getattr, name.split("."), importlib.import_module(module))


def python_default(column: d.Column, column_type: types.ColumnType[Any]) -> Any:
    """A literal default as a value of the column's Python type."""
    return default_value(column.type, column.default, column_type)


def default_value(spec: d.Type, raw: d.Json, column_type: types.ColumnType[Any]) -> Any:
    """The canonical JSON form *raw* of a literal as a value of the type; `ValueError` if it is none."""
    if spec.kind == "array" and isinstance(column_type, types.ArrayOf):
        assert spec.of is not None
        assert isinstance(raw, list)
        element = cast("types.ColumnType[Any]", column_type.element)
        return [default_value(spec.of, item, element) for item in raw]
    if spec.kind == "range" and isinstance(column_type, types.RangeOf):
        assert spec.of is not None
        assert isinstance(raw, dict)
        of, element = spec.of, column_type.element
        bounds = {
            end: None if raw.get(end) is None else default_value(of, raw[end], element) for end in ("lower", "upper")
        }
        return Range(**bounds, bounds=raw.get("bounds", "[)"), empty=raw.get("empty", False))  # type: ignore[arg-type]
    python = column_type.enum if isinstance(column_type, types.Enum) else evaluate(python_type(spec))
    return msgspec.convert(raw, python, strict=False)

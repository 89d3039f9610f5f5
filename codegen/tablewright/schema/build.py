"""SQLAlchemy tables from definitions, for tables without generated code."""

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
    """Build all tables of *schema*, except opaque ones."""
    metadata = MetaData()
    for table in schema.tables:
        build_table(table, metadata, schema)
    return metadata


def build_table(table: d.Table, metadata: MetaData, schema: d.Schema, *, prefixes: list[str] | None = None) -> SqlTable:
    """Build the SQLAlchemy table of one definition; *schema* contains its enums and the tables that it references."""
    columns = {column.attribute: build_column(column, schema) for column in table.columns}
    return tables.make_table(
        table.table, metadata, columns, _elements(table, schema), meta=table.meta, prefixes=prefixes
    )


def build_column(column: d.Column, schema: d.Schema) -> Column[Any]:
    """Build the SQLAlchemy column of one definition."""
    column_type = build_type(column.type, schema.enums)
    options: dict[str, Any] = {}
    if column.has_default:
        options["default"] = python_default(column, column_type)
    if column.nullable:
        options["nullable"] = True
    result: Column[Any] = tables.column(
        column_type,
        name=column.column,
        autoincrement=column.autoincrement,
        default_sql=column.default_sql,
        touch=column.touch,
        computed=column.computed,
        meta=dict(column.meta) or None,
        **options,
    )
    result.key = column.attribute
    return result


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
    """Build the column type of one definition; raise `LookupError` for an enum that is not in *enums*."""
    result = _plain_type(spec, enums)
    if spec.codec is not None:
        result = types.CodecType(load_object(spec.codec)(), result)
    return result.with_ddl(**spec.sql) if spec.sql else result


def _plain_type(spec: d.Type, enums: Iterable[d.Enum]) -> types.ColumnType[Any]:
    row = TYPES[spec.kind]
    build: Callable[..., types.ColumnType[Any]] = getattr(types, row.class_name)
    if spec.kind == "enum":
        definition = next(item for item in enums if item.name == spec.enum)
        return build(enum_class(definition), native=definition.name if definition.native else None)
    if "of" in row.parameters:
        assert spec.of is not None
        return build(build_type(spec.of, enums))
    if "python" in row.parameters:
        return build(evaluate(python_type(spec)))
    return build(*spec.numbers, scaled=True) if spec.storage == "scaled" else build(*spec.numbers)


@functools.cache
def enum_class(definition: d.Enum) -> type[enum.StrEnum]:
    """Create the StrEnum that a generated package would contain for *definition*."""
    members = {names.member_name(value): value for value in definition.values}
    # mypy takes the functional form for a lookup of a member.
    return enum.StrEnum(definition.class_name, members)  # type: ignore[return-value]


def load_object(reference: str) -> Any:
    """Return the object that `module:name` names; raise `ImportError` or `AttributeError` if there is none."""
    module, _, name = reference.partition(":")
    return functools.reduce(getattr, name.split("."), importlib.import_module(module))


def python_default(column: d.Column, column_type: types.ColumnType[Any]) -> Any:
    """Return a literal default as a value of the column's Python type."""
    return default_value(column.type, column.default, column_type)


def default_value(spec: d.Type, raw: d.Json, column_type: types.ColumnType[Any]) -> Any:
    """Return the literal *raw*, in canonical JSON form, as a value of the type; raise `ValueError` if it is invalid."""
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

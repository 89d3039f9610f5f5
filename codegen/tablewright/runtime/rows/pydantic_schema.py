"""Rows as pydantic types, as FastAPI needs them for `-> list[BookRow]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

if TYPE_CHECKING:
    from pydantic_core import CoreSchema


def row_schema(row: type[msgspec.Struct], handler: Any) -> CoreSchema:
    """Return the schema of a *row* class. It accepts rows and mappings of their fields, and dumps mappings."""
    # Imported here: rows work without pydantic.
    from pydantic_core import core_schema

    hints = get_type_hints(row, include_extras=True)
    fields = {
        field.encode_name: core_schema.typed_dict_field(
            handler.generate_schema(hints[field.name]), required=field.required
        )
        for field in msgspec.structs.fields(row)
    }
    names = {field.encode_name: field.name for field in msgspec.structs.fields(row)}

    def build(values: dict[str, Any]) -> msgspec.Struct:
        return row(**{names[name]: value for name, value in values.items()})

    def dump(value: Any) -> Any:
        if not isinstance(value, row):
            return value
        return {name: getattr(value, attribute) for name, attribute in names.items()}

    mapping = core_schema.typed_dict_schema(fields, cls_name=row.__name__, total=True)
    from_mapping = core_schema.no_info_after_validator_function(build, mapping)
    return core_schema.json_or_python_schema(
        json_schema=from_mapping,
        python_schema=core_schema.union_schema([core_schema.is_instance_schema(row), from_mapping]),
        serialization=core_schema.plain_serializer_function_ser_schema(dump, return_schema=mapping),
        ref=f"{row.__module__}.{row.__qualname__}:{id(row)}",
        metadata={"pydantic_js_updates": {"title": row.__name__}},
    )

"""Arrays of Postgres as parameters: many values in one, written out at once where their kind allows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Connection, Dialect, Text, TypeDecorator, bindparam
from sqlalchemy.types import TypeEngine

from tablewright.runtime.rows.prepared import encode_all
from tablewright.schema import postgresql
from tablewright.schema.types.column_type import DdlOverride


class WrittenArray(TypeDecorator[str]):
    """An array of *element*, given to the driver as Postgres writes it."""

    impl = Text
    cache_ok = True

    def __init__(self, element: TypeEngine[Any]) -> None:
        super().__init__()
        self.element = element

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return postgresql.ARRAY(self.element)

    def bind_processor(self, dialect: Dialect) -> None:
        """None: the text goes as it is."""


def array_parameter(values: Sequence[Any], value_type: TypeEngine[Any], connection: Connection) -> BindParameter[Any]:
    """Return one parameter that is an array of *values*, none of them None. Raise DataError if one does not fit."""
    written = _written(encode_all(values, value_type, connection))
    # Not cast to the SQL of the spec: CHAR(6) would cut what it is compared with. A citext must be, to ignore case.
    while isinstance(value_type, DdlOverride) and dict(value_type.sql).get("postgresql", "").lower() != "citext":
        value_type = value_type.inner
    if written is None:
        return bindparam(None, list(values), type_=postgresql.ARRAY(value_type))
    return bindparam(None, written, type_=WrittenArray(value_type))


def _written(values: list[Any]) -> str | None:
    # The driver would look at each value several times.
    kinds = set(map(type, values))
    if kinds <= {int, UUID}:
        return f"{{{','.join(map(str, values))}}}"
    if kinds == {str}:
        # No text has a NUL in it, which Postgres does not take.
        joined = "\0".join(values).replace("\\", "\\\\").replace('"', '\\"').replace("\0", '","')
        return f'{{"{joined}"}}'
    return None

"""`Row`: the base class of generated rows, immutable and built directly from the driver's tuples."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Row(Struct, frozen=True, gc=False):
    """A row of a table: frozen, compared by value, encoded to JSON by `msgspec.json.encode`.

    Hashable if all its values are. Lists and dicts in it must not be changed in place. FastAPI and pydantic accept rows
    as models.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from tablewright.runtime.rows.pydantic_schema import row_schema

        return row_schema(cls, handler)

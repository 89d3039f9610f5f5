"""`SpecNode`: the base of all models of the spec language."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import CodeType
from typing import Any, cast

import pydantic
from pydantic import BaseModel, ConfigDict

from tablewright.spec.diagnostic import Location

# Frames between the user's line and the model that it creates: those of pydantic and of this folder.
_MACHINERY = (f"{Path(pydantic.__file__).parent}{os.sep}", f"{Path(__file__).parent}{os.sep}")

FROM_YAML = "from YAML"
"""The context for validating values that were not created by Python code."""
_WRITTEN_AT = "_written_at"


class SpecNode(BaseModel):
    """Base of the models: strict, frozen, equal if all fields are equal and in the same order."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, use_attribute_docstrings=True
    )

    def model_post_init(self, context: Any, /) -> None:
        """Store the location of the Python code that created the model."""
        if context is not FROM_YAML:
            # In `__dict__`, like a `cached_property`: pydantic's private attributes take longer than all of validation.
            vars(self)[_WRITTEN_AT] = _caller_location()

    @property
    def written_at(self) -> Location | None:
        """The location of the Python code that created the model; `None` for a model read from YAML."""
        return vars(self).get(_WRITTEN_AT)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpecNode) and _comparable(self) == _comparable(other)

    def __hash__(self) -> int:
        return hash(_comparable(self))


def _comparable(value: object) -> object:
    # Dicts compare without their order, and 1 == True == 1.0: both matter in a schema.
    match value:
        case SpecNode():
            return type(value), tuple(_comparable(getattr(value, name)) for name in type(value).model_fields)
        case Mapping():
            entries = cast("Mapping[object, object]", value).items()
            return dict, tuple((key, _comparable(item)) for key, item in entries)
        case str() | bytes() | bytearray():
            return type(value), value
        case Sequence():
            return list, tuple(_comparable(item) for item in cast("Sequence[object]", value))
        case _:
            return type(value), value


def _caller_location() -> Location | None:
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith(_MACHINERY):
        if frame.f_globals.get("__name__") == "tablewright.spec.load" or frame.f_back is None:
            return None
        frame = frame.f_back
    line, column = next(islice(_positions(frame.f_code), frame.f_lasti // 2, None), (None, None))
    return Location(frame.f_code.co_filename, line or frame.f_lineno, (column or 0) + 1)


def _positions(code: CodeType) -> Iterator[tuple[int | None, int | None]]:
    return ((line, column) for line, _, column, _ in code.co_positions())

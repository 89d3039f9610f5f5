"""`Inline`: the conversion of one value as Python source, for generated loops over rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tablewright.schema.types.compile_source import compile_source


class Inline:
    """An expression of one value that is not None: `{v}` in *text*; the other names in braces are *objects*.

    In generated code it saves a function call for each value.
    """

    __slots__ = ("_objects", "_text")

    def __init__(self, text: str, **objects: object) -> None:
        self._text = text
        self._objects = objects

    def source(self, value: str, namespace: dict[str, Any]) -> str:
        """Return the expression of the variable *value*; put its objects into *namespace*."""
        names = {name: f"{name}_{value}" for name in self._objects}
        for name, item in self._objects.items():
            namespace[names[name]] = item
        return self._text.format(v=value, **names)

    def function(self) -> Callable[[Any], Any]:
        """Return the expression as a function."""
        namespace: dict[str, Any] = {}
        source = f"def convert(v):\n    return {self.source('v', namespace)}\n"
        return compile_source(source, self._text, namespace)

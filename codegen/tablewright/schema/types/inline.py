"""`Inline`: what a column type does to one value, as Python source to be written into the loop over rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tablewright.schema.types.compile_source import compile_source


class Inline:
    """An expression over one value that is not None: `{v}` in *text*; the other names in braces are *objects*.

    Written into generated code it saves the call of a function for each value.
    """

    __slots__ = ("_objects", "_text")

    def __init__(self, text: str, **objects: object) -> None:
        self._text = text
        self._objects = objects

    def source(self, value: str, namespace: dict[str, Any]) -> str:
        """The expression over the variable *value*; what it needs is put into *namespace*."""
        names = {name: f"{name}_{value}" for name in self._objects}
        for name, item in self._objects.items():
            namespace[names[name]] = item
        return self._text.format(v=value, **names)

    def function(self) -> Callable[[Any], Any]:
        """The same as a function."""
        namespace: dict[str, Any] = {}
        source = f"def convert(v):\n    return {self.source('v', namespace)}\n"
        return compile_source(source, self._text, namespace)

"""`TypedDict`: that of `typing`, of whose annotations nothing is made before somebody asks."""

from __future__ import annotations

import functools
import typing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TypedDict as TypedDict
else:
    # A table has three such classes, for type checkers above all, and `typing` compiles every annotation: that took
    # longer than all other classes of the table.

    _Made = type(typing.TypedDict("_Made", {}))

    class _Unmade(_Made):
        """The type of a `TypedDict` as it was written."""

        def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], total: bool = True) -> type:
            if bases != (TypedDict,):
                bases = tuple(_made(base) if type(base) is mcs else base for base in bases)
                return _Made(name, bases, namespace, total=total)
            return type.__new__(
                mcs, name, (dict,), namespace | {"__total__": total, "__orig_bases__": (typing.TypedDict,)}
            )

        def __getattr__(cls, name: str) -> Any:
            if name.endswith("_keys__"):
                return getattr(_made(cls), name)
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}", name=name)

    @functools.cache
    def _made(written: _Unmade) -> type:
        hints = typing.get_type_hints(written, include_extras=True)
        made = typing.TypedDict(written.__name__, hints, total=written.__total__)
        made.__module__ = written.__module__
        return made

    TypedDict = type.__new__(_Unmade, "TypedDict", (dict,), {"__module__": __name__})

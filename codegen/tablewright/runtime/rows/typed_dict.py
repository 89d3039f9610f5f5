"""`TypedDict`: that of `typing`, with annotations that are evaluated on first use."""

from __future__ import annotations

import functools
import typing
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TypedDict as TypedDict
else:
    # A table has three such classes, mainly for type checkers. `typing` compiles every annotation, which took longer
    # than all other classes of the table.

    class _LazyTypedDict(type(typing.TypedDict("_", {}))):
        """The metaclass of a `TypedDict` whose annotations are not evaluated yet."""

        def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], total: bool = True) -> type:
            namespace["__total__"] = total
            namespace["__orig_bases__"] = tuple(typing.TypedDict if base is TypedDict else base for base in bases)
            generic = tuple(base for base in bases if base is typing.Generic)
            written = type.__new__(mcs, name, (*generic, dict), namespace)
            if bases != (TypedDict,):
                written.__annotations__ = {
                    key: hint for base in bases for key, hint in _marked(base)
                } | written.__annotations__
            return written

        def __getattr__(cls, name: str) -> Any:
            if name.endswith("_keys__"):
                return getattr(_evaluated(cls), name)
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}", name=name)

    @functools.cache
    def _evaluated(written: _LazyTypedDict) -> type:
        hints = typing.get_type_hints(written, include_extras=True)
        return typing.TypedDict(written.__name__, hints, total=written.__total__)

    def _marked(base: type) -> Iterator[tuple[str, Any]]:
        # Inherited keys stay required or optional, whatever the class sets for its own.
        if typing.is_typeddict(base) and base is not TypedDict:
            for key, hint in typing.get_type_hints(base, include_extras=True).items():
                if typing.get_origin(hint) in (typing.Required, typing.NotRequired):
                    hint = typing.get_args(hint)[0]
                yield key, (typing.Required if key in base.__required_keys__ else typing.NotRequired)[hint]

    TypedDict = type.__new__(_LazyTypedDict, "TypedDict", (dict,), {"__module__": __name__})

"""The one inverted dependency: the function that turns the spec of a table into its definition.

`TableSpec.definition()` has to check the spec by the rules, which are above `spec` and may import it. So `spec` calls
`define_table`, and the root of the package supplies the function behind it: it is above all rooms, and Python loads
it before any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tablewright.schema.definition import Schema, Table


class TableDefiner(Protocol):
    """A function that checks the spec of one table and returns its definition."""

    def __call__(
        self,
        spec: Any,
        name: str,
        schema: Schema | None,
        others: Mapping[str, object],
        complete: bool,
        dialects: Iterable[str],
        /,
    ) -> Table: ...


_supplied: list[TableDefiner] = []


def supply(definer: TableDefiner) -> None:
    """Set the function that `define_table` calls."""
    _supplied[:] = [definer]


def define_table(
    spec: Any,
    name: str,
    schema: Schema | None,
    others: Mapping[str, object],
    complete: bool,
    dialects: Iterable[str],
) -> Table:
    """Return the definition of the table *spec*, called *name*. Raise `SpecError` if it has errors."""
    (definer,) = _supplied
    return definer(spec, name, schema, others, complete, dialects)

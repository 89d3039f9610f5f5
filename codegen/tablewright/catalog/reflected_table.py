"""Tables as a database has them, or would have them: what of them is compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

Columns: TypeAlias = frozenset[str]


class LiveColumn(NamedTuple):
    """A column as the database has it, or would have it."""

    type: str
    nullable: bool
    automatic: bool
    """Whether the database gives it numbers of its own."""
    computed: bool
    values: tuple[str, ...] | None = None
    """Those of an enum."""
    limits: tuple[str, ...] | None = None
    """The numbers that the check of its type compares it with."""


class LiveUnique(NamedTuple):
    """Columns whose values together occur once; without columns, an expression's."""

    columns: Columns
    partial: bool


class LiveForeignKey(NamedTuple):
    """Columns that point at those of another table, and what a change of those does to them."""

    columns: frozenset[tuple[str, str]]
    """Pairs of a column here and one there."""
    target: str
    on_delete: str
    on_update: str


class LiveTable(NamedTuple):
    """A table as the database has it, or would have it."""

    columns: Mapping[str, LiveColumn]
    primary_key: Columns
    uniques: frozenset[LiveUnique]
    foreign_keys: frozenset[LiveForeignKey]

"""The structures of a database's tables that are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

Columns: TypeAlias = frozenset[str]


class CatalogColumn(NamedTuple):
    """A column as the database stores it, or would store it."""

    type: str
    nullable: bool
    automatic: bool
    """Whether the database numbers its values."""
    computed: bool
    values: tuple[str, ...] | None = None
    """The values of an enum."""
    limits: tuple[str, ...] | None = None
    """The numbers in the check of its type."""


class CatalogUnique(NamedTuple):
    """A unique key; without columns, that of an expression."""

    columns: Columns
    partial: bool


class CatalogForeignKey(NamedTuple):
    """A foreign key and its actions."""

    columns: frozenset[tuple[str, str]]
    """Pairs of a referencing and a referenced column."""
    target: str
    on_delete: str
    on_update: str


class CatalogTable(NamedTuple):
    """A table as the database stores it, or would store it."""

    columns: Mapping[str, CatalogColumn]
    primary_key: Columns
    uniques: frozenset[CatalogUnique]
    foreign_keys: frozenset[CatalogForeignKey]

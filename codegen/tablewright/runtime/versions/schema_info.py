"""`SchemaInfo`: which schema a package was generated from."""

from __future__ import annotations

from msgspec import Struct


class SchemaInfo(Struct, frozen=True):
    """Which schema a package was generated from."""

    name: str
    version: str
    digest: str
    """The hash of what a database holds of the schema."""

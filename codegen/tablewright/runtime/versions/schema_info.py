"""`SchemaInfo`: the schema from which a package was generated."""

from __future__ import annotations

from msgspec import Struct


class SchemaInfo(Struct, frozen=True):
    """The schema from which a package was generated."""

    name: str
    version: str
    digest: str
    """The hash of everything in the schema that a database stores."""

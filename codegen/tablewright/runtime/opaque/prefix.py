"""`Prefix`: text that others begin with."""

from __future__ import annotations

from msgspec import Struct


class Prefix(Struct, frozen=True):
    """Matches the values that begin with *text*, character by character."""

    text: str

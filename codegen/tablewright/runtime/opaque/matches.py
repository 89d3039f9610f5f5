"""`Matches`: what a column of an opaque table is compared with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Matches: TypeAlias = T | Iterable[T]
"""A value, None for IS NULL, or any iterable of them for IN; text besides with a `Prefix`.

For columns of JSON, arrays, ranges and codecs a list is one value, never several.
"""

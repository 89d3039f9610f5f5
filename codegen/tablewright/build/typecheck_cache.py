"""The cache of type checks that found no error."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from tablewright.cache.cache import BuildCache

_MOST: Final = 20


class CleanEntry(msgspec.Struct, frozen=True):
    """The keys of the type checks that found no error, the latest first."""

    clean: tuple[str, ...] = ()


def is_clean(output: Path, key: str, cache: BuildCache) -> bool:
    """Return True if the type check of *key* ran before without an error; *output* is the packages' folder."""
    entry = cache.get(output, CleanEntry)
    return entry is not None and key in entry.clean


def record_clean(output: Path, key: str, cache: BuildCache) -> None:
    """Record in the *cache* that the type check of *key* found no error."""
    entry = cache.get(output, CleanEntry) or CleanEntry()
    cache.put(output, CleanEntry((key, *(other for other in entry.clean if other != key))[:_MOST]))

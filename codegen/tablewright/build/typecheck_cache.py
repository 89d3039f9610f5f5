"""The verdicts of the type checker that found nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from tablewright.cache.cache import Ledger

_MOST: Final = 20


class VerdictEntry(msgspec.Struct, frozen=True):
    """What was found to be without a type error, the latest first."""

    clean: tuple[str, ...] = ()


def is_clean(output: Path, key: str, ledger: Ledger) -> bool:
    """Whether what *key* stands for was checked before, and nothing found; *output* is where the packages are."""
    known = ledger.recall(output, VerdictEntry)
    return known is not None and key in known.clean


def remember_clean(output: Path, key: str, ledger: Ledger) -> None:
    """Tells the *ledger* that what *key* stands for was checked, and nothing found."""
    known = ledger.recall(output, VerdictEntry) or VerdictEntry()
    ledger.remember(output, VerdictEntry((key, *(other for other in known.clean if other != key))[:_MOST]))

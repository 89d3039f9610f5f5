"""`VersionTuple`: the version of a schema or of an extension, and which versions fit each other."""

from __future__ import annotations

import re
from typing import NamedTuple, Self

_FORM = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")


class VersionTuple(NamedTuple):
    """Three numbers, compared from left to right; its `str` is `1.0.0`."""

    major: int
    """Different major versions never fit."""
    minor: int
    """An older minor version can be read, but not written."""
    patch: int
    """Any patch version fits."""

    @classmethod
    def from_string(cls, text: str) -> Self:
        """Return the version in *text*, which has exactly this form: `1.0.0`. Raise `ValueError` otherwise."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a version: write three numbers, such as 1.0.0.")
        return cls(*map(int, match.groups()))

    def check_compatibility(self, stored: VersionTuple, update: bool) -> bool:
        """Return True if code of this version may read a database of version *stored*, or with *update* write to it."""
        if self.major != stored.major:
            return False
        if self.minor == stored.minor:
            return True
        return self.minor > stored.minor and not update

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

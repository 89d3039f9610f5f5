"""`BuildCache`: the cache of one project, with entries about its schemas."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

from tablewright.cache.fingerprint import digest, generator_fingerprint
from tablewright.cache.store import Store

_Entry = TypeVar("_Entry")


class BuildCache:
    """Cache entries about the schemas of the project in *root*; always empty unless *used*.

    An entry contains a key: a digest of everything that the entry was computed from. The reader compares it.
    """

    def __init__(self, root: Path, *, used: bool = True) -> None:
        self.root = root
        self.generator = generator_fingerprint() if used else None
        """The fingerprint of the generator and its libraries; None if nothing may be cached."""
        # Another version of the generator may produce other output from the same inputs.
        self._store = None if self.generator is None else Store.of(root, self.generator)

    def get(self, subject: Path, kind: type[_Entry]) -> _Entry | None:
        """Return the entry of this *kind* about the file or folder *subject*, or None."""
        return None if self._store is None else self._store.read(self._name(subject, kind), kind)

    def put(self, subject: Path, entry: object) -> None:
        """Store *entry* in place of the entry of its kind about *subject*."""
        if self._store is not None:
            self._store.write(self._name(subject, type(entry)), entry)

    def _name(self, subject: Path, kind: type[object]) -> str:
        # Projects may share a cache folder, and two of them may have schemas of one name.
        return f"{subject.name}-{kind.__name__}-{digest(os.fspath(self.root), os.fspath(subject))[:12]}"

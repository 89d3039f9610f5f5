"""`Ledger`: what the runs of one project remember of its schemas."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

from tablewright.cache.fingerprint import digest, generator_stamp
from tablewright.cache.store import Store

_Entry = TypeVar("_Entry")


class Ledger:
    """Entries about the schemas of the project in *root*; it neither has nor takes any where not *used*.

    An entry is found again by what it was made from: whoever writes one puts all that it came from into its key.
    """

    def __init__(self, root: Path, *, used: bool = True) -> None:
        self.root = root
        self.generator = generator_stamp() if used else None
        """The stamp of the generator and its libraries; `None` where nothing may be remembered."""
        # What another generator made is not what this one would make.
        self._store = None if self.generator is None else Store.of(root, self.generator)

    def recall(self, subject: Path, kind: type[_Entry]) -> _Entry | None:
        """The entry of this *kind* about the file or folder *subject*."""
        return None if self._store is None else self._store.read(self._name(subject, kind), kind)

    def remember(self, subject: Path, entry: object) -> None:
        """Puts *entry* in the place of the one of its kind about *subject*."""
        if self._store is not None:
            self._store.write(self._name(subject, type(entry)), entry)

    def _name(self, subject: Path, kind: type[object]) -> str:
        # Projects may share a folder, and two of them a name.
        return f"{subject.name}-{kind.__name__}-{digest(os.fspath(self.root), os.fspath(subject))[:12]}"

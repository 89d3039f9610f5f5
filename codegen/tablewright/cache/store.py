"""The cache folder: typed entries, each written atomically and read only if intact."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec

VARIABLE: Final = "TABLEWRIGHT_CACHE_DIR"
FOLDER: Final = ".tablewright_cache"

_SUFFIX: Final = ".json"
_UNFINISHED: Final = ".tmp"
_MOST_ENTRIES: Final = 200
_STALE_AFTER: Final = 30 * 24 * 3600
_TAG: Final = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder is a cache of tablewright; it may be deleted at any time. See https://bford.info/cachedir/\n"
)

_Entry = TypeVar("_Entry")


class Store:
    """Entries by name. The folder may be deleted, damaged, shared or read-only: entries are then missing."""

    def __init__(self, folder: Path, seal: str = "") -> None:
        self.folder = folder
        self.seal = seal.encode()
        """Part of each checksum: entries under another seal are not read."""

    @classmethod
    def of(cls, root: Path, seal: str) -> Store:
        """Return the store of the project in *root*, in the folder that the environment names or its own."""
        return cls(root / (os.environ.get(VARIABLE) or FOLDER), seal)

    def read(self, name: str, kind: type[_Entry]) -> _Entry | None:
        """Return the entry *name*; None if it is missing, damaged or of another *kind*."""
        try:
            checksum, _, body = (self.folder / (name + _SUFFIX)).read_bytes().partition(b"\n")
            if checksum != self._checksum(body):
                return None
            return msgspec.json.decode(body, type=kind)
        except (OSError, ValueError, RecursionError):
            return None

    def write(self, name: str, entry: object) -> None:
        """Store *entry* as *name*; do nothing if the disk refuses."""
        body = msgspec.json.encode(entry)
        with suppress(OSError):
            _prepare(self.folder)
            # Concurrent runs may write the same entry: each to its own file, and the last one stays.
            unfinished = self.folder / f"{name}.{os.getpid()}-{time.monotonic_ns()}{_UNFINISHED}"
            try:
                unfinished.write_bytes(self._checksum(body) + b"\n" + body)
                unfinished.replace(self.folder / (name + _SUFFIX))
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
            _prune(self.folder)

    def _checksum(self, body: bytes) -> bytes:
        return hashlib.sha256(self.seal + b"\n" + body).hexdigest().encode()


def _prepare(folder: Path) -> None:
    created = not folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    if created or folder.name == FOLDER:
        for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
            if not (folder / name).exists():
                (folder / name).write_text(text, encoding="utf-8")


def _prune(folder: Path) -> None:
    # Entries of deleted schemas and projects, and files that killed runs left.
    oldest = time.time() - _STALE_AFTER
    for number, (modified, path) in enumerate(sorted(_ours(folder), reverse=True)):
        if number >= _MOST_ENTRIES or modified < oldest:
            with suppress(OSError):
                os.unlink(path)


def _ours(folder: Path) -> Iterator[tuple[float, str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith((_SUFFIX, _UNFINISHED)) and entry.is_file(follow_symlinks=False):
                yield entry.stat(follow_symlinks=False).st_mtime, entry.path

"""Fingerprints: short digests of the things that the generator's output depends on."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Final

SOURCE = os.path.dirname(os.path.dirname(__file__))
"""The folder of tablewright's own source."""
_LIBRARIES: Final = {
    "jinja2": "jinja2",
    "markupsafe": "markupsafe",
    "msgspec": "msgspec",
    "pydantic": "pydantic",
    "pydantic_core": "pydantic_core",
    "pyyaml": "yaml",
    "ruff": "ruff",
    "sqlalchemy": "sqlalchemy",
    "typing_extensions": "typing_extensions",
}
"""The distributions that read specs and generate output, each with its module."""


def digest(*parts: str | bytes) -> str:
    """Return a short digest of *parts*; equal only for equal lists."""
    result = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        result.update(b"%d:" % len(content))
        result.update(content)
    return result.hexdigest()[:32]


def generator_fingerprint() -> str | None:
    """Return the fingerprint of this code, Python and the libraries; None if one of them cannot be identified."""
    installed = dict(_installed())
    parts = [sys.version, sys.executable, sys.platform, _sqlite_version()]
    try:
        for distribution, module in _LIBRARIES.items():
            spec = importlib.util.find_spec(module)
            if spec is None or spec.origin is None:
                return None
            parts += [distribution, installed[distribution], *_file_fingerprint(spec.origin)]
        for path in _files(SOURCE):
            parts += _file_fingerprint(path)
    except (KeyError, OSError):
        return None
    return digest(*parts)


def environment_fingerprint() -> str:
    """Return the fingerprint of all installed distributions: their metadata folders' names and times."""
    return digest(*(part for item in sorted(_installed()) for part in item))


def _sqlite_version() -> str:
    # A rule runs SQLite. The module `sqlite3` would load much more than its version.
    try:
        from _sqlite3 import sqlite_version
    except ImportError:
        return ""
    return str(sqlite_version)


def _installed() -> Iterator[tuple[str, str]]:
    # Each distribution and its state. `importlib.metadata` takes longer than the rest of a run.
    seen: set[str] = set()
    for folder in sys.path:
        for entry in _entries(folder or "."):
            name, dot, kind = entry.name.rpartition(".")
            if not dot or kind not in ("dist-info", "egg-info", "egg-link", "pth"):
                continue
            distribution = name.partition("-")[0].lower()
            if distribution not in seen:
                seen.add(distribution)
                yield distribution, f"{entry.name} {entry.stat().st_mtime_ns}"


def _entries(folder: str) -> Iterable[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return ()


def _files(folder: str) -> Iterator[str]:
    for entry in _entries(folder):
        if not entry.is_dir():
            yield entry.path
        elif entry.name != "__pycache__":
            yield from _files(entry.path)


def _file_fingerprint(path: str) -> tuple[str, str]:
    state = os.stat(path)
    return path, f"{state.st_size} {state.st_mtime_ns}"

"""Stamps: short texts that change when a thing does on which the work of the generator depends."""

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
"""The distributions by which specs are read and output is made, each with the module that it brings."""


def digest(*parts: str | bytes) -> str:
    """A short text that two lists of *parts* share only if they are equal."""
    made = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        made.update(b"%d:" % len(content))
        made.update(content)
    return made.hexdigest()[:32]


def generator_stamp() -> str | None:
    """The stamp of all that turns specs into output: this code, Python, the libraries; `None` if one cannot be told."""
    found = dict(_installed())
    parts = [sys.version, sys.executable, sys.platform, _sqlite_version()]
    try:
        for distribution, module in _LIBRARIES.items():
            spec = importlib.util.find_spec(module)
            if spec is None or spec.origin is None:
                return None
            parts += [distribution, found[distribution], *_file_stamp(spec.origin)]
        for path in _files(SOURCE):
            parts += _file_stamp(path)
    except (KeyError, OSError):
        return None
    return digest(*parts)


def environment_stamp() -> str:
    """The stamp of everything that is installed, by the names and times that installers leave."""
    return digest(*(part for item in sorted(_installed()) for part in item))


def _sqlite_version() -> str:
    # A rule asks SQLite itself; `sqlite3` would bring much that is not needed for its version.
    try:
        from _sqlite3 import sqlite_version
    except ImportError:
        return ""
    return str(sqlite_version)


def _installed() -> Iterator[tuple[str, str]]:
    # Each distribution and the state of it. `importlib.metadata` takes longer than all the rest of a run.
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


def _file_stamp(path: str) -> tuple[str, str]:
    state = os.stat(path)
    return path, f"{state.st_size} {state.st_mtime_ns}"

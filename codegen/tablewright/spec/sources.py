"""The files of a schema's folder, and what is in them, before anyone reads it as YAML or runs it as Python."""

from __future__ import annotations

import os
from pathlib import Path

MAX_BYTES = 10_000_000
"""The size of the largest YAML file that is read."""


def spec_files(folder: Path) -> list[Path]:
    """The files that make up the schema in *folder*, by name; `OSError` if they cannot be listed."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if _is_spec(entry.name) and not entry.is_dir())
    return [folder / name for name in names]


def read_sources(folder: Path) -> dict[str, bytes] | None:
    """The content of each spec file in *folder*, by name; `None` where that is not all that counts.

    Python files may do anything, and a file that cannot be read is for the reader to report.
    """
    found: dict[str, bytes] = {}
    try:
        for path in spec_files(folder):
            with path.open("rb", buffering=0) as stream:
                if path.suffix == ".py" or os.fstat(stream.fileno()).st_size > MAX_BYTES:
                    return None
                found[path.name] = stream.read()
            # A name that is no text cannot be remembered.
            os.fspath(path).encode()
    except (OSError, UnicodeEncodeError):
        return None
    return found or None


def _is_spec(name: str) -> bool:
    return name.endswith((".yaml", ".yml", ".py")) and not name.startswith(("_", "."))

"""The files of a spec folder and their content, before they are parsed as YAML or run as Python."""

from __future__ import annotations

import os
from pathlib import Path

MAX_BYTES = 10_000_000
"""The size of the largest YAML file that is read."""


def spec_files(folder: Path) -> list[Path]:
    """Return the spec files in *folder*, sorted by name. Raise `OSError` if they cannot be listed."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if _is_spec(entry.name) and not entry.is_dir())
    return [folder / name for name in names]


def read_sources(folder: Path) -> dict[str, bytes] | None:
    """Return the content of each spec file in *folder*, by name; `None` if the schema may depend on more than that.

    Python files may do anything. A file that cannot be read is left to the reader, which reports it.
    """
    contents: dict[str, bytes] = {}
    try:
        for path in spec_files(folder):
            with path.open("rb", buffering=0) as stream:
                if path.suffix == ".py" or os.fstat(stream.fileno()).st_size > MAX_BYTES:
                    return None
                contents[path.name] = stream.read()
            # A name that is not valid text cannot be stored in the cache.
            os.fspath(path).encode()
    except (OSError, UnicodeEncodeError):
        return None
    return contents or None


def _is_spec(name: str) -> bool:
    return name.endswith((".yaml", ".yml", ".py")) and not name.startswith(("_", "."))

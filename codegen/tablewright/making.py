"""The making of a package's texts: plan and render; and what the ledger has of a package that was made."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import PurePath

import msgspec

from tablewright.ledger.ledger import Ledger
from tablewright.ledger.stamp import digest
from tablewright.reading import Reading
from tablewright.settings import Settings
from tablewright.write import fingerprint, holds


class PackageEntry(msgspec.Struct, frozen=True):
    """What a package was made of and what it is, as the ledger has it."""

    key: str | None
    """What stands for all that it came from; `None` where that is more than can be told."""
    files: dict[str, str]
    """The fingerprint of each file, by path."""


def find_made(readings: Sequence[Reading], settings: Settings, ledger: Ledger) -> dict[str, Mapping[str, str]]:
    """The packages whose folders have just what the *readings* ask for: by name, the fingerprint of each file."""
    found: dict[str, Mapping[str, str]] = {}
    for reading in readings:
        key, folder = _key(reading, settings), settings.output / reading.package
        known = None if key is None else ledger.recall(folder, PackageEntry)
        if known is not None and known.key == key and holds(folder, known.files):
            found[reading.package] = known.files
    return found


def remember(reading: Reading, files: Mapping[str, str], settings: Settings, ledger: Ledger) -> Mapping[str, str]:
    """Tells the *ledger* that *files*, text by path, come of the *reading*; gives their fingerprints."""
    made = {path: fingerprint(text.encode()) for path, text in files.items()}
    ledger.remember(settings.output / reading.package, PackageEntry(_key(reading, settings), made))
    return made


def render(reading: Reading, settings: Settings) -> dict[str, str]:
    """The text of every file of the package, by path, as yet unformatted."""
    # Loaded only when something has changed: SQLAlchemy and Jinja2 take longer than a run that finds nothing to do.
    from tablewright.plan.package import plan_package
    from tablewright.render.package import render_package

    source = PurePath(os.path.relpath(reading.folder, settings.root)).as_posix()
    return render_package(plan_package(reading.schema, source=source, base=settings.base))


def _key(reading: Reading, settings: Settings) -> str | None:
    return None if reading.key is None else digest(reading.key, settings.base or "")

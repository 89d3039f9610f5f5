"""Loads a spec folder: all its files, merged into one spec."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, Protocol

from pydantic import ValidationError

from tablewright.spec.diagnostic import Diagnostic, Location
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.models import SchemaSpec
from tablewright.spec.models_node import FROM_YAML
from tablewright.spec.pydantic_errors import without, yaml_diagnostics
from tablewright.spec.python_files import read_python
from tablewright.spec.sources import spec_files
from tablewright.spec.yaml_reader import Document, Path, read_yaml_file

_NAMED = ("enums", "types", "mixins", "tables", "opaque_tables")
_ONCE = {"schema": "name", "version": "version", "doc": "doc"}
_ARTICLES = {
    "enums": "the enum",
    "types": "the type",
    "mixins": "the mixin",
    "tables": "the table",
    "opaque_tables": "the opaque table",
}


class Located(Protocol):
    """An object that returns the location of each part of a spec."""

    def key(self, path: Path) -> Location: ...

    def value(self, path: Path) -> Location: ...


@dataclass(frozen=True)
class Part:
    """The spec in one file."""

    spec: SchemaSpec
    locations: Located


class FolderLocations:
    """The locations of the parts of a schema, over all its files."""

    def __init__(self, default: Location) -> None:
        self.default = default
        self.origins: dict[Path, Located] = {}

    def key(self, path: Path) -> Location:
        """Return the location of the last key of *path*; that of its nearest ancestor if it is not written."""
        origin = self._origin(path)
        return self.default if origin is None else origin.key(path)

    def value(self, path: Path) -> Location:
        """Return the location of the value at *path*; that of its nearest ancestor if it does not exist."""
        origin = self._origin(path)
        return self.default if origin is None else origin.value(path)

    def _origin(self, path: Path) -> Located | None:
        return self.origins.get(path[:2]) or self.origins.get(path[:1])


@dataclass(frozen=True)
class SpecFolder:
    """The merged spec of a folder, and the diagnostics of the reader."""

    spec: SchemaSpec | None
    """`None` if a file could not be read at all. Invalid parts are left out."""
    locations: FolderLocations
    diagnostics: tuple[Diagnostic, ...] = ()
    files: tuple[str, ...] = ()
    incomplete: frozenset[Path] = field(default_factory=frozenset)
    """The paths of tables, columns and other named parts of which something was left out."""

    @cached_property
    def expanded(self) -> ExpandedSchema | None:
        """The expanded spec, which the rules check and `resolve` translates."""
        return None if self.spec is None else ExpandedSchema(self.spec, self.incomplete)

    @property
    def failed(self) -> bool:
        """Whether any of the diagnostics is an error."""
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)


def load_folder(
    folder: FilePath, *, root: FilePath | None = None, documents: Mapping[str, Document] | None = None
) -> SpecFolder:
    """Load the specs in *folder*. Locations name files relative to *root*.

    Read `*.yaml`, `*.yml` and `*.py` files. Ignore subfolders and files that start with `_`. If *documents* is given,
    read no file: it has the parsed content of each one by name.
    """
    folder = folder.absolute()
    root = (root or folder.parent).absolute()
    default = Location(relative(folder, root), 1, 1)
    diagnostics: list[Diagnostic] = []
    parts: list[Part] = []
    incomplete: set[Path] = set()
    files = display_paths(_files(folder, default, diagnostics) if documents is None else documents, folder, root)
    readable = not diagnostics
    for name, file in files.items():
        if name.endswith(".py"):
            python = read_python(root / file, lambda path: relative(FilePath(path), root), diagnostics)
            if python is not None:
                parts.append(Part(*python))
        else:
            document = read_yaml_file(root / file, file) if documents is None else documents[name]
            part = _part(document, diagnostics, incomplete)
            if part is not None:
                parts.append(part)
    locations = FolderLocations(default)
    spec = _merged(parts, locations, diagnostics) if readable and len(parts) == len(files) else None
    if spec is not None:
        for key, name in _ONCE.items():
            if key != "doc" and not getattr(spec, name) and (key,) not in incomplete:
                where = parts[0].locations.key(())
                diagnostics.append(Diagnostic("missing-key", where, f"a schema must have `{key}`; no file has it."))
    diagnostics.sort(key=lambda diagnostic: diagnostic.location)
    return SpecFolder(spec, locations, tuple(diagnostics), tuple(files.values()), frozenset(incomplete))


def relative(path: FilePath, root: FilePath) -> str:
    """Return *path* as locations name it: relative to *root*, with forward slashes."""
    try:
        return FilePath(os.path.relpath(path, root)).as_posix()
    except ValueError:
        # Another drive.
        return path.as_posix()


def display_paths(names: Iterable[str], folder: FilePath, root: FilePath) -> dict[str, str]:
    """Return the files *names* of *folder* as locations name them, by name."""
    # Computed once for the folder: doing so for each file takes as long as reading the file.
    within = relative(folder, root)
    return {name: name if within == "." else f"{within}/{name}" for name in names}


def _files(folder: FilePath, default: Location, diagnostics: list[Diagnostic]) -> list[str]:
    try:
        names = [path.name for path in spec_files(folder)]
    except OSError as error:
        message = f"the folder of the schema cannot be read: {error.strerror or error}."
        diagnostics.append(Diagnostic("unreadable-file", default, message))
        return []
    if not names:
        diagnostics.append(Diagnostic("no-spec-files", default, "the folder contains no `.yaml` and no `.py` file."))
    return names


def _part(document: Document, diagnostics: list[Diagnostic], incomplete: set[Path]) -> Part | None:
    diagnostics += document.diagnostics
    if not document.complete:
        return None
    # An empty file is an empty mapping.
    data: object = {} if document.value is None else document.value
    if not isinstance(data, Mapping):
        location = document.locations.value(())
        diagnostics.append(
            Diagnostic("wrong-type", location, "a spec file is a mapping of `schema`, `tables` and so on.")
        )
        return None
    first = True
    while True:
        try:
            spec = SchemaSpec.model_validate(data, by_alias=True, by_name=False, context=FROM_YAML)
        except ValidationError as error:
            invalid = list(yaml_diagnostics(error, data, document.locations))
        else:
            return Part(spec, document.locations)
        if first:
            diagnostics += [diagnostic for _, diagnostic in invalid]
        first = False
        paths = [path for path, _ in invalid]
        incomplete.update(_named_part(path) for path in paths)
        before, data = data, without(data, paths)
        if () in paths or data == before:
            return None


def _named_part(path: Path) -> Path:
    # The smallest part with a name: a column of a table, else the table.
    return path[:4] if len(path) >= 4 and path[0] in _NAMED and path[2] == "columns" else path[:2]


def _merged(parts: list[Part], locations: FolderLocations, diagnostics: list[Diagnostic]) -> SchemaSpec:
    single: dict[str, str] = {}
    named: dict[str, dict[str, Any]] = {kind: {} for kind in _NAMED}
    for part in parts:
        for path, value in _statements(part.spec):
            here = part.locations.key(path)
            earlier = locations.origins.get(path)
            if earlier is not None:
                first = earlier.key(path)
                what = f"`{path[0]}`" if len(path) == 1 else f"{_ARTICLES[str(path[0])]} `{path[1]}`"
                message = f"{what} is given twice; the first is at {first}."
                diagnostics.append(Diagnostic("duplicate-name", here, message, "Keep one of them."))
                continue
            locations.origins[path] = part.locations
            if len(path) == 1:
                single[str(path[0])] = value
            else:
                named[str(path[0])][str(path[1])] = value
        locations.origins.setdefault((), part.locations)
    return SchemaSpec.model_construct(
        {_ONCE[key] for key in single} | {kind for kind in _NAMED if named[kind]},
        name=single.get("schema", ""),
        version=single.get("version", ""),
        doc=single.get("doc"),
        **named,
    )


def _statements(spec: SchemaSpec) -> Iterator[tuple[Path, Any]]:
    for key, name in _ONCE.items():
        if name in spec.model_fields_set:
            yield (key,), getattr(spec, name)
    for kind in _NAMED:
        for name, item in getattr(spec, kind).items():
            yield (kind, name), item

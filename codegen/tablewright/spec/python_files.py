"""Runs the Python files of a spec folder: each defines `SCHEMA` or `TABLES`."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path as FilePath
from types import ModuleType
from typing import cast

from pydantic import ValidationError

from tablewright.spec.diagnostic import Diagnostic, Location
from tablewright.spec.models import SchemaSpec, TableSpec, are_tables
from tablewright.spec.models_node import SpecNode
from tablewright.spec.pydantic_errors import python_diagnostics
from tablewright.spec.yaml_reader import Path

_MODULE = "tablewright_spec_file"


class PythonLocations:
    """The locations of the Python code that created the parts of a spec."""

    def __init__(self, spec: SchemaSpec, default: Location, relative: Callable[[str], str]) -> None:
        self.spec = spec
        self.default = default
        self.relative = relative

    def key(self, path: Path) -> Location:
        """Return the location of the smallest spec object that contains *path*."""
        node: object = self.spec
        location = self._written_at(node) or self.default
        for step in path:
            node = _inner(node, step)
            if node is None:
                break
            location = self._written_at(node) or location
        return location

    def value(self, path: Path) -> Location:
        """Return the same location as `key`."""
        return self.key(path)

    def _written_at(self, node: object) -> Location | None:
        if not isinstance(node, SpecNode) or node.written_at is None:
            return None
        return node.written_at._replace(file=self.relative(node.written_at.file))


def _inner(node: object, step: str | int) -> object:
    match node:
        case SpecNode():
            return getattr(node, {"schema": "name", "class": "class_"}.get(str(step), str(step)), None)
        case Mapping():
            return cast("Mapping[object, object]", node).get(step)
        case Sequence() if isinstance(step, int) and not isinstance(node, str):
            items = cast("Sequence[object]", node)
            return items[step] if step < len(items) else None
        case _:
            return None


def read_python(
    path: FilePath, relative: Callable[[str], str], diagnostics: list[Diagnostic]
) -> tuple[SchemaSpec, PythonLocations] | None:
    """Run the Python file at *path*. Return its spec; `None`, after adding to *diagnostics*, if it has none."""
    start = Location(relative(str(path)), 1, 1)
    namespace = _run(path, start, diagnostics)
    if namespace is None:
        return None
    schema, tables = namespace.get("SCHEMA"), namespace.get("TABLES")
    if schema is None and tables is None:
        message = "the file defines neither `SCHEMA` nor `TABLES`."
        suggestion = "If other files import it, give it a name that starts with `_`."
        diagnostics.append(Diagnostic("python-file", start, message, suggestion))
        return None
    if schema is not None and not isinstance(schema, SchemaSpec):
        diagnostics.append(
            Diagnostic("python-file", start, f"`SCHEMA` is a `{type(schema).__name__}`, not a `SchemaSpec`.")
        )
        return None
    if tables is None:
        assert isinstance(schema, SchemaSpec)
        return schema, PythonLocations(schema, start, relative)
    if not are_tables(tables):
        diagnostics.append(Diagnostic("python-file", start, "`TABLES` is not a list of `TableSpec`."))
        return None
    by_name: dict[str, TableSpec] = dict(schema.tables) if isinstance(schema, SchemaSpec) else {}
    for table in tables:
        if (first := by_name.setdefault(table.name, table)) is not table:
            here, first_at = (_at(item, start, relative) for item in (table, first))
            message = f"the table `{table.name}` is given twice; the first is at {first_at}."
            diagnostics.append(Diagnostic("duplicate-name", here, message, "Keep one of them."))
    base = SchemaSpec() if schema is None else schema
    spec = base.model_copy(update={"tables": by_name})
    return spec, PythonLocations(spec, start, relative)


def _at(table: TableSpec, default: Location, relative: Callable[[str], str]) -> Location:
    location = table.written_at
    return default if location is None else location._replace(file=relative(location.file))


def _run(path: FilePath, start: Location, diagnostics: list[Diagnostic]) -> Mapping[str, object] | None:
    try:
        source = path.read_bytes()
    except OSError as error:
        diagnostics.append(Diagnostic("unreadable-file", start, f"cannot be read: {error.strerror or error}."))
        return None
    module = ModuleType(_MODULE)
    module.__file__ = str(path)
    try:
        with _importing_from(path.parent, module):
            exec(compile(source, str(path), "exec", dont_inherit=True), vars(module))
    except SyntaxError as error:
        location = start
        if error.filename == str(path):
            location = start._replace(line=error.lineno or 1, column=max(error.offset or 1, 1))
        diagnostics.append(Diagnostic("python-error", location, f"not Python: {error.msg}."))
        return None
    except ValidationError as error:
        diagnostics += python_diagnostics(error, _raised_at(error, path, start))
        return None
    except (Exception, SystemExit) as error:
        shown = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        diagnostics.append(
            Diagnostic("python-error", _raised_at(error, path, start), f"running the file raised {shown}.")
        )
        return None
    return vars(module)


def _raised_at(error: BaseException, path: FilePath, start: Location) -> Location:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if not frames:
        return start
    return start._replace(line=frames[-1].lineno or 1, column=(frames[-1].colno or 0) + 1)


@contextmanager
def _importing_from(folder: FilePath, module: ModuleType) -> Generator[None]:
    # Files may import their neighbours; those of one schema must not be visible to the next one.
    before = set(sys.modules)
    writes = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    sys.modules[module.__name__] = module
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = writes
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if name == _MODULE or (file is not None and FilePath(file).is_relative_to(folder)):
                del sys.modules[name]

"""`Package`: the names of a generated package, loaded when they are first used."""

from __future__ import annotations

import difflib
import gc
import importlib
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData

from tablewright.runtime.errors import InterfaceMismatchError
from tablewright.runtime.versions.schema_info import SchemaInfo as SchemaInfo

if TYPE_CHECKING:
    from tablewright.runtime.transaction.gate import GatedSession
    from tablewright.schema.definition import Schema

INTERFACE = 2
"""The interface between generated code and this runtime; it changes with every incompatible change."""
SUFFIXES = ("Row", "Insert", "Update", "Filter", "Table", "Key", "Columns")
"""The suffixes of the classes in `tables/book.py`: `BookRow` and so on."""
OPAQUE_SUFFIXES = ("Row", "Insert", "Part", "Filter", "Storage", "Columns")
"""The suffixes of the classes in `opaque/file_record.py`."""


class Accessor:
    """The attribute *name* of a package's sessions.

    A descriptor instead of `__getattr__`, which would slow down every attribute of a session.
    """

    __slots__ = ("_name", "_package")

    def __init__(self, package: Package, name: str) -> None:
        self._package = package
        self._name = name

    def __get__(self, session: GatedSession | None, _owner: type | None = None) -> Any:
        if session is None:
            return self
        accessor = vars(session)[self._name] = self._package.accessor(self._name)(session)
        return accessor


class Package:
    """The names of the generated package *name*, each imported when it is first used.

    *tables* maps each table module to its class stem, *accessors* modules to accessors that differ from their name,
    *opaque* each opaque table to its module and class stem. Raise `InterfaceMismatchError` for code generated for
    another runtime.
    """

    def __init__(
        self,
        name: str,
        *,
        interface: int,
        metadata: MetaData,
        schema: SchemaInfo,
        tables: Mapping[str, str],
        opaque: Mapping[str, tuple[str, str]] | None = None,
        enums: tuple[str, ...] = (),
        accessors: Mapping[str, str] | None = None,
    ) -> None:
        if interface != INTERFACE:
            raise InterfaceMismatchError(
                f"The package {name} was generated for interface {interface} of tablewright's runtime; the one "
                f"installed has {INTERFACE}. Run `tablewright generate {schema.name}`, or install the tablewright "
                "that it was generated with.",
                name=name,
            )
        self.name = name
        self.schema = schema
        self._metadata = metadata
        self._tables = dict(tables)
        self._enums = frozenset(enums)
        self._stems = {stem: module for module, stem in tables.items()}
        differing = accessors or {}
        self.opaque = dict(opaque or {})
        """The module and the class stem of each opaque table of the specs, by name."""
        self._opaque_stems = {stem: module for module, stem in self.opaque.values()}
        self._accessors = {differing.get(module, module): module for module in tables}

    def load(self, name: str) -> Any:
        """Import and return the object called *name*: the package's `__getattr__`.

        Raise `AttributeError` if there is none.
        """
        value = self._find(name)
        vars(sys.modules[self.name])[name] = value
        return value

    def _find(self, name: str) -> Any:
        match name:
            case "metadata":
                return self.load_tables()
            case "Base":
                return self._module("entities._base").Base
            case "Session" | "Database":
                return getattr(self._module("session"), name)
            case "OpaqueTableStorageManager" if self.opaque:
                return self._module("opaque._manager").OpaqueTableStorageManager
            case _:
                pass
        if name in self._enums:
            return getattr(self._module("enums"), name)
        if name in self._stems:
            # Their package imports all of them, so that the registry is always complete.
            with _uncollected():
                entities = self._module("entities")
            entity = getattr(entities, name, None)
            if entity is None:
                message = f"the table {self._stems[name]!r} of {self.name!r} has no primary key, and so no entity"
                raise AttributeError(message, name=name)
            return entity
        for suffix in SUFFIXES:
            module = self._stems.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
            if module is not None:
                value: Any = getattr(self._module(f"tables.{module}"), name, None)
                if value is not None:
                    return value
        for suffix in OPAQUE_SUFFIXES:
            module = self._opaque_stems.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
            if module is not None:
                return getattr(self._module(f"opaque.{module}"), name)
        raise self._unknown(name)

    def _unknown(self, name: str) -> AttributeError:
        near = [] if name.startswith("__") else difflib.get_close_matches(name, self.names(), 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return AttributeError(f"module {self.name!r} has no attribute {name!r}.{hint}", name=name)

    def names(self) -> list[str]:
        """Return every name of the package: its `__dir__`."""
        names = {"Base", "Database", "SCHEMA", "Session", "metadata", *self._enums, *self._stems}
        names |= {stem + suffix for stem in self._stems for suffix in SUFFIXES if suffix != "Key"}
        if self.opaque:
            names |= {"OpaqueTableStorageManager"}
            names |= {stem + suffix for stem in self._opaque_stems for suffix in OPAQUE_SUFFIXES}
        return sorted(names | vars(sys.modules[self.name]).keys())

    def load_tables(self) -> MetaData:
        """Import every table. Return the metadata with all of them and the attribute table."""
        # Not at the top: importing a package loads no table.
        from tablewright.runtime.versions import attributes

        with _uncollected():
            for module in self._tables:
                self._module(f"tables.{module}")
            attributes.add_to(self._metadata)
        return self._metadata

    @cached_property
    def definition(self) -> Schema:
        """The canonical schema from which the package was generated."""
        import importlib.resources

        from tablewright.schema.canonical import from_json

        text = importlib.resources.files(self.name).joinpath("schema.json").read_bytes()
        return from_json(text)

    def accessor(self, name: str) -> type[Any]:
        """Return the table class behind `session.<name>`. Raise `KeyError` if no table has this accessor."""
        module = self._accessors[name]
        table_class: type[Any] = getattr(self._module(f"tables.{module}"), f"{self._tables[module]}Table")
        return table_class

    def opaque_class(self) -> type[Any] | None:
        """Return the generated manager of opaque tables, or None for a schema without any."""
        return self.load("OpaqueTableStorageManager") if self.opaque else None

    def opaque_storage(self, name: str) -> type[Any]:
        """Return the storage class of the opaque table *name*. Raise `KeyError` if the specs have none of this name."""
        module, stem = self.opaque[name]
        storage_class: type[Any] = getattr(self._module(f"opaque.{module}"), f"{stem}Storage")
        return storage_class

    def accessors(self) -> list[str]:
        """Return the accessors of all tables, sorted."""
        return sorted(self._accessors)

    def _module(self, path: str) -> Any:
        return importlib.import_module(f"{self.name}.{path}")


@contextmanager
def _uncollected() -> Generator[None]:
    # Loading creates objects that stay. Repeated garbage collections over a growing heap take longer than creating
    # them.
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()

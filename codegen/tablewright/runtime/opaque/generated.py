"""`GeneratedOpaqueManager`: the manager of a package with generated code for the opaque tables of its spec."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy.exc import ArgumentError

from tablewright.runtime.dynamic.definitions import Definition as Definition
from tablewright.runtime.expressions.prefix import Prefix as Prefix
from tablewright.runtime.opaque.fetch import Matches as Matches
from tablewright.runtime.opaque.manager import AnyStorage as AnyStorage, OpaqueTableStorageManager
from tablewright.runtime.package import Package
from tablewright.runtime.session import Session


class GeneratedOpaqueManager(OpaqueTableStorageManager):
    """The opaque tables of a database. Those of the package's spec have typed storages, and need no definition.

    Generated classes set the *package*, and add the types of the methods.
    """

    package: ClassVar[Package]

    def _register(self, name: str, definition: Definition | None, session: Session | None) -> AnyStorage:
        if definition is None:
            if name not in self.package.opaque:
                names = ", ".join(map(repr, self.package.opaque))
                raise ArgumentError(
                    f"The specs of {self.package.name} have no opaque table {name!r}; they have {names}. "
                    "Register other tables with a definition."
                )
            definition = self.package.definition.table(name)
        return OpaqueTableStorageManager.register(self, name, definition, session=session)

    def _storage_class(self, name: str) -> type[AnyStorage] | None:
        storage: type[AnyStorage] | None = self.package.opaque_storage(name) if name in self.package.opaque else None
        return storage

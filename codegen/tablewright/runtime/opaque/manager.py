"""`OpaqueTableStorageManager`: the opaque tables of a database, by name."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, Self, TypeAlias, cast

from sqlalchemy import MetaData, inspect

from tablewright.runtime.definitions import Definition, make_table
from tablewright.runtime.dynamic import row_of
from tablewright.runtime.opaque.storage import DynamicOpaqueTableStorage, OpaqueTableStorage
from tablewright.runtime.session import Session

AnyStorage: TypeAlias = OpaqueTableStorage[Any, Any]
"""The storage of an opaque table of which only the name is known."""


class OpaqueTableStorageManager:
    """The opaque tables of *database*: registered by a client, and looked up by name."""

    def __init__(self, database: Any) -> None:
        self.database = database
        self._storages: dict[str, AnyStorage] = {}

    def clone(self, db: Any) -> Self:
        """A manager of the same tables for *db*, another handle of the database."""
        twin = type(self)(db)
        twin._storages = self._storages
        return twin

    def get(self, name: str, *, session: Session | None = None) -> AnyStorage | None:
        """The storage of the table *name*; None if it is not registered."""
        return self._storages.get(name)

    def __getitem__(self, name: str, /) -> AnyStorage:
        """The storage of the table *name*; `LookupError` if it is not registered."""
        return self._storages[name]

    def register(self, name: str, definition: Definition, *, session: Session | None = None) -> AnyStorage:
        """The storage of the table *name*, which is made where it is missing."""
        storage_class = self._storage_class(name)
        if storage_class is None:
            table = make_table(definition, name, MetaData(), self.database.engine.dialect)
            named = {"table": table, "row": row_of(table)}
            storage_class = cast("type[AnyStorage]", type(name, (DynamicOpaqueTableStorage,), named))
        with nullcontext(session) if session is not None else self.database.session() as own:
            connection = own.connection()
            if not inspect(connection).has_table(storage_class.table.name):
                storage_class.table.create(connection)
        self._storages[name] = storage_class(self)
        return self._storages[name]

    def _storage_class(self, name: str) -> type[AnyStorage] | None:
        """The storage that was generated for the table *name*, if any."""
        return None

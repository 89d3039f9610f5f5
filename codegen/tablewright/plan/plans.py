"""The plans: the input of each template, as strings."""

from __future__ import annotations

from msgspec import Struct


class Import(Struct, frozen=True):
    """One `from module import a, b as c` line."""

    module: str
    names: tuple[str, ...]


class ImportGroups(Struct, frozen=True):
    """A module's imports: the standard library, other packages, its own package."""

    standard: tuple[Import, ...]
    others: tuple[Import, ...]
    relative: tuple[Import, ...]


class Field(Struct, frozen=True):
    """An annotated attribute: of a row, a typed dict, an entity."""

    name: str
    annotation: str
    doc: str | None = None
    """The docstring literal below it."""
    value: str | None = None


class Finder(Struct, frozen=True):
    """A `get_by_…` method."""

    method: str
    unique: str
    parameters: str
    values: str


class CoreTable(Struct, frozen=True):
    """The common parts of the modules of tables and opaque tables."""

    stem: str
    variable: str
    doc: str
    table_function: str
    """The local name of `schema.tables.table`."""
    database_name: str
    metadata: str
    columns: tuple[Field, ...]
    elements: tuple[str, ...]
    row: tuple[Field, ...]
    row_options: str
    insert: tuple[Field, ...]


class TablePlan(Struct, frozen=True):
    """One `tables/<module>.py`."""

    module: str
    source: str
    module_doc: str
    core: CoreTable
    imports: ImportGroups
    local: dict[str, str]
    """The local names of imports and builtins that a name of the user's can shadow."""
    update: tuple[Field, ...]
    filter: tuple[Field, ...]
    base: str
    """The accessor's base class with its parameters."""
    key: tuple[Field, ...]
    """The fields of a composite key; empty for a single one."""
    key_type: str
    """The type of a key; empty for a table without any."""
    key_property: str
    key_parameters: str
    key_values: str
    finders: tuple[Finder, ...]
    conflicts: str | None
    """The `Literal[…]` of keys that an upsert can name; None for a table without a key."""
    conflict_default: str


class OpaquePlan(Struct, frozen=True):
    """One `opaque/<module>.py`."""

    module: str
    source: str
    module_doc: str
    doc: str
    """The docstring of the storage."""
    core: CoreTable
    imports: ImportGroups
    local: dict[str, str]
    """The local names of imports and builtins that a name of the user's can shadow."""
    filter: tuple[Field, ...]
    part: tuple[Field, ...]
    columns: str
    """The `Literal[…]` of all columns."""


class OpaqueNames(Struct, frozen=True):
    """The names of an opaque table in other modules."""

    name: str
    """The literal of the table's registered name."""
    module: str
    stem: str
    classes: tuple[str, ...]
    """The public names of the table's module."""


class ManagerPlan(Struct, frozen=True):
    """`opaque/_manager.py`."""

    tables: tuple[OpaqueNames, ...]
    imports: ImportGroups
    local: dict[str, str]
    """The local names of imports and builtins that a name of the user's can shadow."""


class EntityPlan(Struct, frozen=True):
    """One `entities/<module>.py`."""

    module: str
    source: str
    module_doc: str
    doc: str | None
    imports: ImportGroups
    typing_imports: tuple[Import, ...]
    local: dict[str, str]
    class_name: str
    table: str
    receiver: str
    columns: tuple[Field, ...]
    relationships: tuple[Field, ...]
    arguments: tuple[Field, ...]


class EnumPlan(Struct, frozen=True):
    """One class of `enums.py`."""

    class_name: str
    doc: str | None
    members: tuple[tuple[str, str], ...]


class AccessorPlan(Struct, frozen=True):
    """A property of the session."""

    name: str
    table: str
    """The table's name in the spec."""
    module: str
    stem: str
    names: tuple[str, ...]
    """The public names of the table's module."""
    entity: bool


class PackagePlan(Struct, frozen=True):
    """A whole generated package."""

    name: str
    source: str
    doc: str
    version: str
    digest: str
    interface: int
    base: Import | None
    """The user's own declarative base, if the configuration names one."""
    base_name: str
    tables: tuple[TablePlan, ...]
    entities: tuple[EntityPlan, ...]
    opaque_tables: tuple[OpaquePlan, ...]
    manager: ManagerPlan | None
    """None for a schema without opaque tables."""
    enums: tuple[EnumPlan, ...]
    accessors: tuple[AccessorPlan, ...]
    renamed_accessors: tuple[AccessorPlan, ...]
    names: tuple[str, ...]
    """The public names of the package."""
    property: str
    """The local name of the builtin in the session's module."""
    schema_json: str

"""The resolved schema as frozen objects, with every name, type and key decided."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct

from tablewright.schema.type_registry import PORTABLE as PORTABLE, TYPES, Kind as Kind

if TYPE_CHECKING:
    Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
else:
    # msgspec decodes no recursive alias.
    Json = Any

Action: TypeAlias = Literal["cascade", "set null", "set default", "restrict", "no action"]
Dialect: TypeAlias = Literal["sqlite", "postgresql"]


class Definition(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all definitions: frozen, compared by every field, written as canonical JSON."""


class Type(Definition, frozen=True, kw_only=True):
    """A column type with all its parameters."""

    kind: Kind
    length: int | None = None
    """The maximum number of characters of a string."""
    precision: int | None = None
    """Digits of a decimal; fractional-second digits (0 to 6) of time types."""
    scale: int | None = None
    nbytes: int | None = None
    """The exact number of bytes of a hash."""
    of: Type | None = None
    """The element type of an array, the bound type of a range."""
    enum: str | None = None
    """The name of the enum in `Schema.enums`."""
    storage: Literal["scaled", "native"] | None = None
    """`scaled`: a decimal stored as an integer on SQLite. `native`: a Postgres ENUM."""
    python: str | None = None
    """The Python type of a json value or of a codec, as the spec spells it."""
    codec: str | None = None
    """`module:Class` of a class with `encode` and `decode`."""
    sql: dict[str, str] = {}
    """DDL types by dialect, in place of the usual ones."""

    @property
    def numbers(self) -> tuple[int, ...]:
        """The number parameters that are set: the arguments of the type's class."""
        given = ((getattr(self, item.name), item) for item in TYPES[self.kind].numbers)
        return tuple(value or 0 for value, item in given if value is not None or item.required)

    @property
    def closed(self) -> bool:
        """Whether the type uses no code of the user's, whose effect cannot be seen in the schema."""
        uses_code = self.codec is not None or ":" in (self.python or "")
        return not uses_code and (self.of is None or self.of.closed)


class Column(Definition, frozen=True, kw_only=True):
    """A column of a table."""

    name: str
    """The name in the spec, and in JSON."""
    attribute: str
    """The Python attribute: the name, with `_` appended if Python or SQLAlchemy reserves it."""
    column: str
    """The name in the database."""
    type: Type
    nullable: bool = False
    autoincrement: bool = False
    default: Json = None
    """A literal default in its canonical JSON form; meaningful when `has_default`."""
    has_default: bool = False
    default_sql: str | None = None
    """`now`, `uuid4`, `uuid7`, or an SQL expression."""
    touch: str | None = None
    """Like `default_sql`, applied by every update."""
    computed: str | None = None
    """The expression of a stored generated column."""
    doc: str | None = None
    renamed_from: str | None = None
    deprecated: str | None = None
    meta: dict[str, Json] = {}

    @property
    def required(self) -> bool:
        """Whether an insert must name the column."""
        return not (
            self.nullable
            or self.has_default
            or self.autoincrement
            or self.default_sql is not None
            or self.computed is not None
        )


class ForeignKey(Definition, frozen=True, kw_only=True):
    """A foreign key: columns that reference a key of another or the same table."""

    name: str
    columns: tuple[str, ...]
    """Attributes of this table."""
    table: str
    """The target's name in the schema."""
    targets: tuple[str, ...]
    """Attributes of the target."""
    on_delete: Action | None = None
    on_update: Action | None = None
    deferrable: bool = False


class Relationship(Definition, frozen=True, kw_only=True):
    """An attribute of an entity: one or many entities of another table."""

    name: str
    target: str
    """The target's name in the schema."""
    many: bool
    nullable: bool = False
    """Whether a single one may be absent."""
    foreign_key: str | None = None
    """Name of the foreign key behind it; `None` for a relationship through a link table."""
    through: str | None = None
    """The link table of a many-to-many relationship."""
    inverse: str | None = None
    """The attribute on the target that mirrors this one."""
    order_by: str | None = None
    """Attribute of the target by which a collection is ordered."""
    here: bool = True
    """Whether the foreign key is on this table (rather than on the target).

    For a link table that references this table twice: whether its first foreign key references this side.
    """


class Unique(Definition, frozen=True, kw_only=True):
    """A unique key."""

    name: str
    columns: tuple[str, ...]
    where: str | None = None
    nulls_not_distinct: bool = False


class Index(Definition, frozen=True, kw_only=True):
    """An index over columns and expressions."""

    name: str
    elements: tuple[IndexElement, ...]
    unique: bool = False
    where: str | None = None
    include: tuple[str, ...] = ()
    using: str | None = None


class IndexElement(Definition, frozen=True, kw_only=True):
    """One column or one SQL expression of an index."""

    column: str | None = None
    sql: str | None = None


class Check(Definition, frozen=True, kw_only=True):
    """A condition that every row must meet."""

    name: str
    sql: str


class Exclusion(Definition, frozen=True, kw_only=True):
    """An exclusion constraint."""

    name: str
    using: str
    elements: tuple[tuple[str, str], ...]
    """Pairs of attribute and operator."""
    where: str | None = None


class Enum(Definition, frozen=True, kw_only=True):
    """A closed set of string values."""

    name: str
    class_name: str
    values: tuple[str, ...]
    native: bool = False
    doc: str | None = None


# With a `__dict__` for lookups by name, which is neither compared nor written to JSON.
class Table(Definition, frozen=True, kw_only=True, dict=True):
    """A table with all its parts."""

    name: str
    """The name in the spec; the module of the generated table."""
    table: str
    """The name in the database."""
    class_name: str
    accessor: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    """Attributes, in key order."""
    foreign_keys: tuple[ForeignKey, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    uniques: tuple[Unique, ...] = ()
    indexes: tuple[Index, ...] = ()
    checks: tuple[Check, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    doc: str | None = None
    renamed_from: str | None = None
    meta: dict[str, Json] = {}
    source: str = ""
    """The spec file, as shown in the header of generated files."""

    def column(self, attribute: str) -> Column:
        """Return the column with this *attribute*; raise `KeyError` if there is none."""
        return self._by_attribute[attribute]

    @cached_property
    def _by_attribute(self) -> dict[str, Column]:
        return {column.attribute: column for column in reversed(self.columns)}


class Schema(Definition, frozen=True, kw_only=True, dict=True):
    """A whole schema: the source of one generated package."""

    name: str
    version: str
    doc: str | None = None
    enums: tuple[Enum, ...] = ()
    tables: tuple[Table, ...] = ()
    opaque_tables: tuple[Table, ...] = ()

    def table(self, name: str) -> Table:
        """Return the table or opaque table called *name*; raise `KeyError` if there is none."""
        return self._tables_by_name[name]

    def enum(self, name: str) -> Enum:
        """Return the enum called *name*; raise `KeyError` if there is none."""
        return self._enums_by_name[name]

    @cached_property
    def _tables_by_name(self) -> dict[str, Table]:
        return {table.name: table for table in reversed((*self.tables, *self.opaque_tables))}

    @cached_property
    def _enums_by_name(self) -> dict[str, Enum]:
        return {enum.name: enum for enum in reversed(self.enums)}

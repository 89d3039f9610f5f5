"""The spec language as pydantic models: one class for each kind of entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeGuard, cast

import msgspec
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from tablewright.schema.definition import Action, Schema, Table
from tablewright.schema.table_definer import define_table
from tablewright.spec.models_node import SpecNode

TABLE_NAME = "\0name"
"""The key that passes the name of a table to `TableSpec.name`; YAML cannot write it."""


def _tagged(value: object) -> str:
    return "<mapping>" if isinstance(value, Mapping | SpecNode) else "<text>"


def _listed(data: object) -> object:
    return {"columns": cast("Sequence[object]", data)} if isinstance(data, list | tuple) else data


def _plain(meta: Mapping[str, object]) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(msgspec.json.encode(meta), type=dict[str, Any])
    except (TypeError, ValueError, RecursionError) as error:
        raise PydanticCustomError("not_json", "it cannot be written as JSON ({why})", {"why": str(error)}) from None


Names = Annotated[Sequence[str], AfterValidator(tuple)]
Meta = Annotated[Mapping[str, Any], AfterValidator(_plain)]


class _Typed(SpecNode):
    type: str
    """A type of the language, or the name of an enum or of an entry of `types`."""
    length: int | None = None
    """The maximum number of characters of a `string`."""
    precision: int | None = None
    """Digits of a `decimal`; fractional-second digits, 0 to 6, of `time`, `datetime` and `timestamptz`."""
    scale: int | None = None
    """The number of fractional digits of a `decimal`."""
    of: (
        Annotated[Annotated[str, Tag("<text>")] | Annotated[TypeSpec, Tag("<mapping>")], Discriminator(_tagged)] | None
    ) = None
    """The type of an `array`'s elements or of a `range`'s bounds: a name, or a mapping as in `types`."""
    nbytes: int | None = None
    """The exact number of bytes of a `hash`."""
    python: str | None = None
    """The Python type of a `json` value or of what a codec decodes: `dict[str, int]`, `app.models:Address`."""
    storage: Literal["scaled"] | None = None
    """`scaled` stores a `decimal` as an integer on SQLite, exact to 18 digits."""


class TypeSpec(_Typed):
    """A named type, or the element type of an array or range."""

    sql: Mapping[Literal["sqlite", "postgresql"], str] = {}
    """The DDL type by dialect, instead of the default one."""
    codec: str | None = None
    """`module:Class` of a class with `encode` and `decode`."""
    doc: str | None = None
    """The documentation of the type."""


class ColumnSpec(_Typed):
    """A column of a table or mixin."""

    nullable: bool = False
    """Whether the column may be NULL."""
    primary_key: bool = False
    """Whether the column is (part of) the primary key, in the order of the columns."""
    autoincrement: bool = False
    """Whether the database numbers the rows."""
    unique: bool = False
    """Whether no two rows may have the same value."""
    index: bool = False
    """Whether the column has an index."""
    references: str | None = None
    """The column that this one references: `table.column`."""
    on_delete: Action | None = None
    """The action on this row when the referenced row is deleted."""
    on_update: Action | None = None
    """The action on this row when the referenced key changes."""
    relationship: str | None = None
    """The attribute of this table's entity for the referenced entity."""
    inverse: str | None = None
    """The attribute of the referenced table's entity for the entities that reference it."""
    default: Any = None
    """The value of an insert without one: a literal of the column's type."""
    default_sql: str | None = None
    """The default as an expression: `now`, `uuid4`, `uuid7`, or SQL."""
    touch: str | None = None
    """The value that every update sets: `now`, `uuid4`, `uuid7`, or SQL."""
    computed: str | None = None
    """The SQL expression of a column that the database computes and stores."""
    doc: str | None = None
    """The documentation of the column."""
    column: str | None = None
    """The name in the database, if it differs."""
    renamed_from: str | None = None
    """The name of the column in the previous version."""
    deprecated: str | None = None
    """Why the column is deprecated, and what to use instead."""
    meta: Meta = {}
    """Any mapping, copied to `Column.info` and the docs; it is not part of the digest."""

    @property
    def has_default(self) -> bool:
        """Whether a literal default is given; null is not one."""
        return self.default is not None


class SqlSpec(SpecNode):
    """An SQL expression instead of a column."""

    sql: str
    """The expression."""


class UniqueSpec(SpecNode):
    """A unique key: columns whose values together occur once."""

    columns: Names
    """The columns."""
    name: str | None = None
    """The name of the constraint, without the prefix of the table's name."""
    where: str | None = None
    """The SQL condition of the rows for which the key is unique."""
    nulls_not_distinct: bool = False
    """Whether two NULLs count as the same value (Postgres 15)."""

    _shorthand = model_validator(mode="before")(_listed)


class IndexSpec(SpecNode):
    """An index over columns and expressions."""

    columns: Annotated[
        Sequence[
            Annotated[Annotated[str, Tag("<text>")] | Annotated[SqlSpec, Tag("<mapping>")], Discriminator(_tagged)]
        ],
        AfterValidator(tuple),
    ]
    """Columns, and expressions as `{sql: lower(title)}`."""
    name: str | None = None
    """The name of the index, without the prefix of the table's name."""
    unique: bool = False
    """Whether no two rows may have the same values."""
    where: str | None = None
    """The SQL condition of the rows to index."""
    include: Names = ()
    """Further columns that Postgres stores in the index."""
    using: str | None = None
    """The index method on Postgres: `btree`, `hash`, `gin`, `gist`, `brin`."""

    _shorthand = model_validator(mode="before")(_listed)


class ReferenceSpec(SpecNode):
    """The columns that a foreign key references."""

    table: str
    """The referenced table."""
    columns: Names
    """The referenced columns, in the order of the foreign key's columns."""

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: object) -> object:
        if not isinstance(data, str) or "." not in data:
            return data
        table, _, column = data.rpartition(".")
        return {"table": table, "columns": [column]}


class ForeignKeySpec(SpecNode):
    """A foreign key: columns that reference a key of another or the same table."""

    columns: Names
    """The referencing columns."""
    references: ReferenceSpec
    """The referenced table and columns."""
    on_delete: Action | None = None
    """The action on this row when the referenced row is deleted."""
    on_update: Action | None = None
    """The action on this row when the referenced key changes."""
    name: str | None = None
    """The name of the constraint, without the prefix of the table's name."""
    deferrable: bool = False
    """Whether it is checked at the end of the transaction."""
    relationship: str | None = None
    """The attribute of this table's entity for the referenced entity."""
    inverse: str | None = None
    """The attribute of the referenced table's entity for the entities that reference it."""


class CheckSpec(SpecNode):
    """A check: a condition that every row meets."""

    sql: str
    """The condition in SQL, with the names that columns have in the database."""

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: object) -> object:
        return {"sql": data} if isinstance(data, str) else data


class ExclusionSpec(SpecNode):
    """An exclusion constraint: no two rows satisfy all operators. SQLite uses triggers."""

    elements: Annotated[
        Sequence[Annotated[tuple[str, str], Field(strict=False)]], Field(min_length=1), AfterValidator(tuple)
    ]
    """Pairs of column and operator."""
    using: str = "gist"
    """The method of the underlying index."""
    name: str | None = None
    """The name of the constraint, without the prefix of the table's name."""
    where: str | None = None
    """The SQL condition of the rows to compare."""


class RelationshipSpec(SpecNode):
    """The options of a relationship that a foreign key cannot declare."""

    through: str | None = None
    """The link table of a many-to-many relationship."""
    inverse: str | None = None
    """The attribute of the other table's entity for the other side of a many-to-many relationship."""
    order_by: str | None = None
    """The column of the other table by which a collection is ordered."""
    one: bool = False
    """Whether the inverse of a foreign key is one entity rather than a list."""


class EnumSpec(SpecNode):
    """A closed set of text values."""

    values: Annotated[Names, Field(min_length=1)]
    """The values, in order."""
    storage: Literal["native"] | None = None
    """`native` creates a Postgres ENUM rather than checked text."""
    class_: str | None = Field(default=None, validation_alias="class")
    """The name of the Python class; by default the name of the enum in CamelCase."""
    doc: str | None = None
    """The documentation of the enum."""

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: object) -> object:
        return {"values": cast("Sequence[object]", data)} if isinstance(data, list | tuple) else data


class _Columned(SpecNode):
    doc: str | None = None
    """The documentation of the table: what a row is."""
    columns: Mapping[str, ColumnSpec] = {}
    """The columns by name, in order."""
    primary_key: Names = ()
    """The columns of the primary key, if their order differs from that of the columns."""
    unique: Annotated[Sequence[UniqueSpec], AfterValidator(tuple)] = ()
    """Unique keys: lists of columns, or mappings."""
    indexes: Annotated[Sequence[IndexSpec], AfterValidator(tuple)] = ()
    """Indexes: lists of columns, or mappings."""
    foreign_keys: Annotated[Sequence[ForeignKeySpec], AfterValidator(tuple)] = ()
    """Foreign keys that `references` on a column cannot declare."""
    checks: Mapping[str, CheckSpec] = {}
    """Checks by name: conditions that every row meets."""
    exclusions: Annotated[Sequence[ExclusionSpec], AfterValidator(tuple)] = ()
    """Exclusion constraints."""
    relationships: Mapping[str, RelationshipSpec] = {}
    """Many-to-many relationships, and options of inverses, by name."""


class MixinSpec(_Columned):
    """A mixin: columns, keys, indexes and checks that tables include."""


class TableSpec(_Columned):
    """A table."""

    name: str = Field(validation_alias=TABLE_NAME)
    """The name of the table; in YAML the key of the table."""
    table: str | None = None
    """The name in the database, if it differs."""
    class_: str | None = Field(default=None, validation_alias="class")
    """The name of the entity; by default the name of the table in CamelCase."""
    accessor: str | None = None
    """The attribute of the session; by default the name of the table."""
    include: Names = ()
    """The mixins to include; their columns follow those of the table."""
    renamed_from: str | None = None
    """The name of the table in the previous version."""
    meta: Meta = {}
    """Any mapping, copied to `Table.info` and the docs; it is not part of the digest."""

    def definition(
        self,
        name: str | None = None,
        *,
        schema: Schema | None = None,
        others: Mapping[str, object] = MappingProxyType({}),
        complete: bool = True,
        dialects: Iterable[str] = ("sqlite", "postgresql"),
    ) -> Table:
        """Return the definition of the table, called *name* if given. Raise `SpecError` with every error in the spec.

        It may reference the tables of *schema* and use its enums, and reference the specs *others* by their keys.
        Unless *complete*, it may reference unknown tables too.
        """
        return define_table(self, name or self.name, schema, others, complete, dialects)


def are_tables(value: object) -> TypeGuard[Sequence[TableSpec]]:
    """Return True if *value* is a list or tuple of `TableSpec` only."""
    return isinstance(value, list | tuple) and all(
        isinstance(item, TableSpec) for item in cast("Sequence[object]", value)
    )


def _named(tables: object) -> object:
    if isinstance(tables, Mapping):
        entries = cast("Mapping[str, object]", tables).items()
        return {
            name: {**cast("Mapping[str, object]", body), TABLE_NAME: name} if isinstance(body, Mapping) else body
            for name, body in entries
        }
    if not are_tables(tables):
        return tables
    by_name: dict[str, TableSpec] = {}
    for table in tables:
        if table.name in by_name:
            raise PydanticCustomError("duplicate_name", "there are two tables called `{name}`", {"name": table.name})
        by_name[table.name] = table
    return by_name


Tables = Annotated[Mapping[str, TableSpec], BeforeValidator(_named)]


class SchemaSpec(SpecNode):
    """A whole schema, or the part of it in one file."""

    name: str = Field(default="", validation_alias="schema")
    """The name of the schema and of the package generated from it."""
    version: str = ""
    """The version of the schema: `1.0.0`."""
    doc: str | None = None
    """The documentation of the schema."""
    enums: Mapping[str, EnumSpec] = {}
    """Closed sets of text values by name: a list of values, or a mapping."""
    types: Mapping[str, TypeSpec] = {}
    """Named types."""
    mixins: Mapping[str, MixinSpec] = {}
    """Columns, keys, indexes and checks that tables include, by name."""
    tables: Tables = {}
    """The tables by name; in Python a list of `TableSpec`."""
    opaque_tables: Tables = {}
    """Tables that a client of the database registers, in the same syntax as `tables`."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            schema: str = ...,
            version: str = ...,
            doc: str | None = ...,
            enums: Mapping[str, EnumSpec] = ...,
            types: Mapping[str, TypeSpec] = ...,
            mixins: Mapping[str, MixinSpec] = ...,
            tables: Iterable[TableSpec] = ...,
            opaque_tables: Iterable[TableSpec] = ...,
        ) -> None: ...

"""The spec language as pydantic models: one class for each thing a spec can say."""

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
"""The key under which a table's own key in its mapping reaches `TableSpec.name`: none that YAML can write."""


def _tagged(value: object) -> str:
    return "<mapping>" if isinstance(value, Mapping | SpecNode) else "<text>"


def _listed(data: object) -> object:
    return {"columns": cast("Sequence[object]", data)} if isinstance(data, list | tuple) else data


def _plain(meta: Mapping[str, object]) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(msgspec.json.encode(meta), type=dict[str, Any])
    except (TypeError, ValueError, RecursionError) as error:
        raise PydanticCustomError("not_json", "it has no form in JSON ({why})", {"why": str(error)}) from None


Names = Annotated[Sequence[str], AfterValidator(tuple)]
Meta = Annotated[Mapping[str, Any], AfterValidator(_plain)]


class _Typed(SpecNode):
    type: str
    """A type of the language, or the name of an enum or of an entry of `types`."""
    length: int | None = None
    """The most characters of a `string`."""
    precision: int | None = None
    """Digits of a `decimal`; fractional-second digits, 0 to 6, of `time`, `datetime` and `timestamptz`."""
    scale: int | None = None
    """How many digits of a `decimal` are fractional."""
    of: (
        Annotated[Annotated[str, Tag("<text>")] | Annotated[TypeSpec, Tag("<mapping>")], Discriminator(_tagged)] | None
    ) = None
    """The type of an `array`'s elements or of a `range`'s bounds: a name, or a mapping as in `types`."""
    nbytes: int | None = None
    """The exact number of bytes of a `hash`."""
    python: str | None = None
    """The Python type of a `json` value or of what a codec decodes: `dict[str, int]`, `app.models:Address`."""
    storage: Literal["scaled"] | None = None
    """`scaled` keeps a `decimal` as an integer on SQLite, exact to 18 digits."""


class TypeSpec(_Typed):
    """A named type, or the element type of an array or range."""

    sql: Mapping[Literal["sqlite", "postgresql"], str] = {}
    """The DDL type by dialect, in place of the usual one."""
    codec: str | None = None
    """`module:Class` of a class with `encode` and `decode`."""
    doc: str | None = None
    """What the type is for."""


class ColumnSpec(_Typed):
    """A column of a table or mixin."""

    nullable: bool = False
    """Whether the column may hold NULL."""
    primary_key: bool = False
    """Whether the column is (part of) the primary key, in the order of the columns."""
    autoincrement: bool = False
    """Whether the database numbers the rows."""
    unique: bool = False
    """Whether no two rows may have the same value."""
    index: bool = False
    """Whether the column has an index of its own."""
    references: str | None = None
    """The column that this one points at: `table.column`."""
    on_delete: Action | None = None
    """What happens to this row when the row it points at is deleted."""
    on_update: Action | None = None
    """What happens to this row when the key it points at changes."""
    relationship: str | None = None
    """The attribute of this table's entity that holds the row pointed at."""
    inverse: str | None = None
    """The attribute of the other table's entity that holds the rows pointing at it."""
    default: Any = None
    """The value of a row that names none: a literal of the column's type."""
    default_sql: str | None = None
    """The same as an expression: `now`, `uuid4`, `uuid7`, or SQL."""
    touch: str | None = None
    """What every update sets the column to: `now`, `uuid4`, `uuid7`, or SQL."""
    computed: str | None = None
    """The SQL expression of a column that the database computes and stores."""
    doc: str | None = None
    """What the column means."""
    column: str | None = None
    """The name in the database, where it differs."""
    renamed_from: str | None = None
    """The name the column had in the version before."""
    deprecated: str | None = None
    """Why not to use the column any more, and what to use instead."""
    meta: Meta = {}
    """Anything, carried to `Column.info` and the docs; no part of the schema's identity."""

    @property
    def has_default(self) -> bool:
        """Whether a literal default is given; an explicit null is none."""
        return self.default is not None


class SqlSpec(SpecNode):
    """An SQL expression in the place of a column."""

    sql: str
    """The expression."""


class UniqueSpec(SpecNode):
    """Columns whose values together occur once."""

    columns: Names
    """The columns."""
    name: str | None = None
    """The constraint's name; the table's name is put in front."""
    where: str | None = None
    """The SQL condition of the rows among which the values occur once."""
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
    """The index's name; the table's name is put in front."""
    unique: bool = False
    """Whether no two rows may agree in all of them."""
    where: str | None = None
    """The SQL condition of the rows that the index has."""
    include: Names = ()
    """Columns that Postgres stores beside the index."""
    using: str | None = None
    """The method of the index on Postgres: `btree`, `hash`, `gin`, `gist`, `brin`."""

    _shorthand = model_validator(mode="before")(_listed)


class ReferenceSpec(SpecNode):
    """The columns that a foreign key points at."""

    table: str
    """The table pointed at."""
    columns: Names
    """Its columns, in the order of the foreign key's own."""

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: object) -> object:
        if not isinstance(data, str) or "." not in data:
            return data
        table, _, column = data.rpartition(".")
        return {"table": table, "columns": [column]}


class ForeignKeySpec(SpecNode):
    """Columns that point at a key of another or the same table."""

    columns: Names
    """The columns that point."""
    references: ReferenceSpec
    """What they point at."""
    on_delete: Action | None = None
    """What happens to this row when the row it points at is deleted."""
    on_update: Action | None = None
    """What happens to this row when the key it points at changes."""
    name: str | None = None
    """The constraint's name; the table's name is put in front."""
    deferrable: bool = False
    """Whether it is checked at the end of the transaction."""
    relationship: str | None = None
    """The attribute of this table's entity that holds the row pointed at."""
    inverse: str | None = None
    """The attribute of the other table's entity that holds the rows pointing at it."""


class CheckSpec(SpecNode):
    """A condition that every row meets."""

    sql: str
    """The condition, over the database's names of columns."""

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: object) -> object:
        return {"sql": data} if isinstance(data, str) else data


class ExclusionSpec(SpecNode):
    """An exclusion constraint: no two rows for which every operator holds; on SQLite by triggers."""

    elements: Annotated[
        Sequence[Annotated[tuple[str, str], Field(strict=False)]], Field(min_length=1), AfterValidator(tuple)
    ]
    """Pairs of column and operator."""
    using: str = "gist"
    """The method of the index behind it."""
    name: str | None = None
    """The constraint's name; the table's name is put in front."""
    where: str | None = None
    """The SQL condition of the rows that it compares."""


class RelationshipSpec(SpecNode):
    """What a foreign key cannot say of a relationship."""

    through: str | None = None
    """The link table of a many-to-many relationship."""
    inverse: str | None = None
    """The attribute of the other table's entity that mirrors one through a link table."""
    order_by: str | None = None
    """The column of the other table by which a collection is ordered."""
    one: bool = False
    """Whether the inverse of a foreign key holds one entity rather than a list."""


class EnumSpec(SpecNode):
    """A closed set of text values."""

    values: Annotated[Names, Field(min_length=1)]
    """The values, in order."""
    storage: Literal["native"] | None = None
    """`native` makes it a Postgres ENUM rather than checked text."""
    class_: str | None = Field(default=None, validation_alias="class")
    """The name of the Python class; otherwise the enum's in CamelCase."""
    doc: str | None = None
    """What the enum means."""

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: object) -> object:
        return {"values": cast("Sequence[object]", data)} if isinstance(data, list | tuple) else data


class _Columned(SpecNode):
    doc: str | None = None
    """What a row is."""
    columns: Mapping[str, ColumnSpec] = {}
    """The columns by name, in order."""
    primary_key: Names = ()
    """The primary key, where `primary_key: true` on the columns cannot say its order."""
    unique: Annotated[Sequence[UniqueSpec], AfterValidator(tuple)] = ()
    """Unique keys: lists of columns, or mappings."""
    indexes: Annotated[Sequence[IndexSpec], AfterValidator(tuple)] = ()
    """Indexes: lists of columns, or mappings."""
    foreign_keys: Annotated[Sequence[ForeignKeySpec], AfterValidator(tuple)] = ()
    """Foreign keys that `references` on a column cannot say."""
    checks: Mapping[str, CheckSpec] = {}
    """Conditions that every row meets, by name."""
    exclusions: Annotated[Sequence[ExclusionSpec], AfterValidator(tuple)] = ()
    """Exclusion constraints."""
    relationships: Mapping[str, RelationshipSpec] = {}
    """Many-to-many relationships, and what the foreign key behind an inverse cannot say of it."""


class MixinSpec(_Columned):
    """Columns, keys, indexes and checks that tables include."""


class TableSpec(_Columned):
    """A table."""

    name: str = Field(validation_alias=TABLE_NAME)
    """The table's name; in YAML the key under which the table stands."""
    table: str | None = None
    """The name in the database, where it differs."""
    class_: str | None = Field(default=None, validation_alias="class")
    """The name of the entity; otherwise the table's in CamelCase."""
    accessor: str | None = None
    """The attribute of a session that gives the table; otherwise the table's name."""
    include: Names = ()
    """Mixins whose columns follow the table's own."""
    renamed_from: str | None = None
    """The name the table had in the version before."""
    meta: Meta = {}
    """Anything, carried to `Table.info` and the docs; no part of the schema's identity."""

    def definition(
        self,
        name: str | None = None,
        *,
        among: Schema | None = None,
        beside: Mapping[str, object] = MappingProxyType({}),
        complete: bool = True,
        dialects: Iterable[str] = ("sqlite", "postgresql"),
    ) -> Table:
        """What the spec means as a table on its own, called *name* if given.

        It may point at the tables of *among* and use its enums, and point at the specs *beside* it; unless *complete*,
        at tables that nobody knows yet. `SpecError` with every mistake in it.
        """
        return define_table(self, name or self.name, among, beside, complete, dialects)


def are_tables(value: object) -> TypeGuard[Sequence[TableSpec]]:
    """Whether *value* is a list or tuple of nothing but `TableSpec`."""
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
    """A whole schema, or what one file of it says."""

    name: str = Field(default="", validation_alias="schema")
    """The name of the schema and of the package generated from it."""
    version: str = ""
    """The version of the schema: `1.0.0`."""
    doc: str | None = None
    """What the schema is for."""
    enums: Mapping[str, EnumSpec] = {}
    """Closed sets of text values by name: a list of values, or a mapping."""
    types: Mapping[str, TypeSpec] = {}
    """Named types."""
    mixins: Mapping[str, MixinSpec] = {}
    """Columns, keys, indexes and checks that tables include, by name."""
    tables: Tables = {}
    """The tables by name; in Python a list of `TableSpec`."""
    opaque_tables: Tables = {}
    """Tables that a client of the database registers; said as tables are."""

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

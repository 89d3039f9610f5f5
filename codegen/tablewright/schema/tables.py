"""The functions that define tables: `table`, `column`, keys, indexes and checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, overload

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Computed,
    ForeignKeyConstraint,
    Identity,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    literal,
    literal_column,
)
from sqlalchemy.schema import SchemaItem

from tablewright.schema import names, postgresql
from tablewright.schema.checked_table import CheckedTable
from tablewright.schema.expressions import expression
from tablewright.schema.types.column_type import ColumnType

if TYPE_CHECKING:
    from tablewright.schema.definition import Action

T = TypeVar("T")
Columns: TypeAlias = Mapping[str, Column[Any]]
Element: TypeAlias = Callable[[str, Columns], SchemaItem]
"""A part of a table other than a column: a function of the table's name and columns."""
Target: TypeAlias = str | Column[Any]

_NO_DEFAULT: Any = object()


@overload
def column(
    column_type: ColumnType[T],
    *,
    name: str | None = ...,
    nullable: Literal[False] = False,
    autoincrement: bool = ...,
    default: T = ...,
    default_sql: str | None = ...,
    touch: str | None = ...,
    computed: str | None = ...,
    meta: dict[str, object] | None = ...,
) -> Column[T]: ...
@overload
def column(
    column_type: ColumnType[T],
    *,
    nullable: Literal[True],
    name: str | None = ...,
    autoincrement: bool = ...,
    default: T = ...,
    default_sql: str | None = ...,
    touch: str | None = ...,
    computed: str | None = ...,
    meta: dict[str, object] | None = ...,
) -> Column[T | None]: ...
def column(
    column_type: ColumnType[Any],
    *,
    name: str | None = None,
    nullable: bool = False,
    autoincrement: bool = False,
    default: Any = _NO_DEFAULT,
    default_sql: str | None = None,
    touch: str | None = None,
    computed: str | None = None,
    meta: dict[str, object] | None = None,
) -> Column[Any]:
    """Create a column of *column_type*, named after its attribute unless *name* is given.

    *default* is a value of the type; *default_sql* and *touch* (set by every update) are `now`,
    `uuid4`, `uuid7` or SQL; *computed* is the expression of a stored generated column.
    """
    generated: list[Any] = []
    if autoincrement:
        generated.append(Identity())
    if computed is not None:
        generated.append(Computed(sql(computed), persisted=True))
    server_default: ColumnElement[Any] | None = None
    info: dict[str, object] = {}
    if default is not _NO_DEFAULT:
        server_default = literal(default, column_type)
        info["default"] = default
    elif default_sql is not None:
        server_default = expression(default_sql, column_type)
    if meta:
        info["meta"] = meta
    return Column(
        name,
        column_type,
        *generated,
        nullable=nullable,
        autoincrement=autoincrement,
        server_default=server_default,
        onupdate=None if touch is None else expression(touch, column_type),
        info=info,
    )


def table(
    name: str,
    metadata: MetaData,
    columns: type,
    /,
    *elements: Element,
    meta: dict[str, object] | None = None,
) -> Table:
    """Create a table of the `Column` attributes of the class *columns* and of *elements*."""
    by_attribute: dict[str, Column[Any]] = {}
    for attribute, value in vars(columns).items():
        if isinstance(value, Column):
            value.key = attribute
            value.name = value.name or attribute
            by_attribute[attribute] = value
    return make_table(name, metadata, by_attribute, elements, meta=meta)


def make_table(
    name: str,
    metadata: MetaData,
    columns: Columns,
    elements: Iterable[Element],
    *,
    meta: Mapping[str, object] | None = None,
    prefixes: list[str] | None = None,
) -> Table:
    """Create a table of *columns* by attribute, with the checks of their types."""
    items: list[SchemaItem] = list(columns.values())
    items += [element(name, columns) for element in elements]
    result = CheckedTable(
        name,
        metadata,
        *items,
        info={"meta": dict(meta)} if meta else {},
        prefixes=prefixes or [],
        # Without it SQLite would reuse the id of a deleted last row.
        sqlite_autoincrement=any(item.autoincrement is True for item in columns.values()),
    )
    result.defer_checks()
    return result


def primary_key(*columns: str) -> Element:
    """Define the primary key, in key order."""

    def make(table_name: str, _: Columns) -> SchemaItem:
        return PrimaryKeyConstraint(*columns, name=names.primary_key_name(table_name))

    return make


def foreign_key(
    columns: str | tuple[str, ...],
    targets: Target | tuple[Target, ...],
    *,
    name: str | None = None,
    on_delete: Action | None = None,
    on_update: Action | None = None,
    deferrable: bool = False,
) -> Element:
    """Define a foreign key to *targets*: each a `table.column`, or a column of a table in another MetaData."""
    local = (columns,) if isinstance(columns, str) else columns
    remote = targets if isinstance(targets, tuple) else (targets,)

    def make(table_name: str, available: Columns) -> SchemaItem:
        return ForeignKeyConstraint(
            local,
            remote,
            name=name or names.foreign_key_name(table_name, database_names(local, available)),
            ondelete=on_delete and on_delete.upper(),
            onupdate=on_update and on_update.upper(),
            deferrable=deferrable or None,
            initially="DEFERRED" if deferrable else None,
        )

    return make


def unique(
    *columns: str, name: str | None = None, where: str | None = None, nulls_not_distinct: bool = False
) -> Element:
    """Define a unique key; with *where*, for the rows that meet the condition."""
    if where is not None:
        return index(*columns, name=name, where=where, unique=True)

    def make(table_name: str, available: Columns) -> SchemaItem:
        # Postgres options load the Postgres dialect.
        postgres: dict[str, Any] = {"postgresql_nulls_not_distinct": True} if nulls_not_distinct else {}
        return UniqueConstraint(
            *columns, name=name or names.unique_name(table_name, database_names(columns, available)), **postgres
        )

    return make


def sql(text: str) -> ColumnElement[Any]:
    """Return an SQL expression for an index."""
    return literal_column(text)


def index(
    *elements: str | ColumnElement[Any],
    name: str | None = None,
    unique: bool = False,
    where: str | None = None,
    include: tuple[str, ...] = (),
    using: str | None = None,
) -> Element:
    """Define an index over columns and `sql` expressions; *include* and *using* are for Postgres.

    For a `gist` index of ranges, SQLite has an additional index over their bounds.
    """

    def make(table_name: str, available: Columns) -> SchemaItem:
        parts = [available[item].name if isinstance(item, str) else "expr" for item in elements]
        # Postgres options load the Postgres dialect.
        options: dict[str, Any] = {}
        if where is not None:
            options["postgresql_where"] = options["sqlite_where"] = literal_column(where)
        if using:
            options["postgresql_using"] = using
        if include:
            # SQLAlchemy finds them by key, which is the attribute.
            options["postgresql_include"] = list(include)
        result = Index(
            name or names.index_name(table_name, parts),
            *(available[item] if isinstance(item, str) else item for item in elements),
            unique=unique,
            **options,
        )
        columns = [item for item in elements if isinstance(item, str)]
        if using in ("gist", "spgist") and len(columns) == len(elements):
            # Loaded here because few tables need it.
            from tablewright.schema.bounds_index import index_bounds

            index_bounds(result, columns, where)
        return result

    return make


def check(text: str, *, name: str) -> Element:
    """Define a condition in SQL that every row must meet."""
    return lambda _table, _columns: CheckConstraint(literal_column(text), name=name)


def exclusion(*elements: tuple[str, str], using: str, name: str | None = None, where: str | None = None) -> Element:
    """Define an exclusion constraint of pairs (column, operator); on SQLite `=`, and `&&` of ranges."""

    def make(table_name: str, available: Columns) -> SchemaItem:
        # Loaded here because few tables need it.
        from tablewright.schema.exclusion import emulate_exclusion

        result = postgresql.ExcludeConstraint(
            *((available[attribute], operator) for attribute, operator in elements),
            name=name or names.exclusion_name(table_name, database_names((a for a, _ in elements), available)),
            using=using,
            where=None if where is None else literal_column(where),
        )
        emulate_exclusion(result, elements, where)
        return result

    return make


def database_names(attributes: Iterable[str], columns: Columns) -> tuple[str, ...]:
    """Return the database's names of columns, by their attributes."""
    return tuple(columns[attribute].name for attribute in attributes)

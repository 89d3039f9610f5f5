"""Decides everything that a spec leaves open, and gives the schema: names, types, keys, relationships."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import msgspec

from tablewright.schema import definition as d, names
from tablewright.schema.reserved import RESERVED_ACCESSORS
from tablewright.spec.load import Catalog
from tablewright.spec.models import (
    ColumnSpec,
    EnumSpec,
    ForeignKeySpec,
    IndexSpec,
    MixinSpec,
    RelationshipSpec,
    SchemaSpec,
    SqlSpec,
    TableSpec,
    UniqueSpec,
)
from tablewright.spec.resolve_literal import LiteralError, canonical_literal
from tablewright.spec.resolve_relationships import Wish, resolve_relationships
from tablewright.spec.resolve_type import ResolveError, resolve_type


def resolve(catalog: Catalog | SchemaSpec) -> d.Schema:
    """The schema that a judged *catalog* means; `ResolveError` if it has errors that the rules would have found."""
    if isinstance(catalog, SchemaSpec):
        return _Resolver(catalog, lambda kind, name: "").schema()
    places = catalog.places
    if catalog.spec is None or catalog.failed:
        raise ResolveError("the spec has errors")
    return _Resolver(catalog.spec, lambda kind, name: places.key((kind, name)).file).schema()


def resolve_some(catalog: Catalog, wanted: Collection[str]) -> dict[str, d.Table]:
    """The tables *wanted* of a schema of which *catalog* has some: these, and all that `reach.surroundings` names."""
    if catalog.spec is None:
        raise ResolveError("the spec has errors")
    places = catalog.places
    schema = _Resolver(catalog.spec, lambda kind, name: places.key((kind, name)).file, wanted).schema()
    return {table.name: table for table in (*schema.tables, *schema.opaque_tables) if table.name in wanted}


@dataclass(frozen=True)
class _Reference:
    """A foreign key, said by `references` of a column or at length."""

    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]
    said: ColumnSpec | ForeignKeySpec
    name: str | None = None
    deferrable: bool = False


@dataclass(frozen=True)
class _Whole:
    """A table and its mixins as one."""

    spec: TableSpec
    columns: Mapping[str, ColumnSpec]
    parts: tuple[TableSpec | MixinSpec, ...]

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def table(self) -> str:
        return self.spec.table or self.spec.name

    def column(self, name: str) -> ColumnSpec:
        if name not in self.columns:
            raise ResolveError(f"the table `{self.name}` has no column `{name}`")
        return self.columns[name]

    def attribute(self, name: str) -> str:
        self.column(name)
        return names.attribute_name(name)

    def attributes(self, columns: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.attribute(name) for name in columns)

    def stored(self, columns: Iterable[str]) -> list[str]:
        """The database's names of *columns*."""
        return [self.column(name).column or name for name in columns]

    def own_name(self, name: str | None, otherwise: str) -> str:
        return otherwise if name is None else names.own_name(self.table, name)

    def foreign_keys(self) -> Iterator[_Reference]:
        for name, said in self.columns.items():
            if said.references is not None:
                table, _, target = said.references.rpartition(".")
                yield _Reference((name,), table, (target,), said)
        for part in self.parts:
            for key in part.foreign_keys:
                to = key.references
                yield _Reference(tuple(key.columns), to.table, tuple(to.columns), key, key.name, key.deferrable)

    def relationships(self) -> dict[str, RelationshipSpec]:
        return {name: item for part in reversed(self.parts) for name, item in part.relationships.items()}


class _Resolver:
    def __init__(
        self, spec: SchemaSpec, source: Callable[[str, str], str], wanted: Collection[str] | None = None
    ) -> None:
        self.spec = spec
        self.source = source
        self.wanted = wanted
        self.enums = tuple(_enum(name, said) for name, said in spec.enums.items())
        self.tables = {table.name: self._whole(table) for table in spec.tables.values()}
        self.opaque = {table.name: self._whole(table) for table in spec.opaque_tables.values()}
        self.wishes: list[Wish] = []

    def schema(self) -> d.Schema:
        if not self.spec.name or not self.spec.version:
            raise ResolveError("a schema needs `schema` and `version`")
        tables = [self._table("tables", whole) for whole in self.tables.values()]
        opaque = [self._table("opaque_tables", whole) for whole in self.opaque.values()]
        related = resolve_relationships(
            [*tables, *opaque],
            self._relationships,
            self.wishes,
            lambda table, column: self._find(table).attribute(column),
        )
        return d.Schema(
            name=self.spec.name,
            version=self.spec.version,
            doc=self.spec.doc,
            enums=self.enums,
            tables=tuple(_related(table, related) for table in tables),
            opaque_tables=tuple(_related(table, related) for table in opaque),
        )

    def _relationships(self, name: str) -> Mapping[str, RelationshipSpec]:
        said = self._find(name).relationships()
        if self.wanted is None or name in self.wanted:
            return said
        # Of a table that is only here for the sake of others, what goes through a link table with both its ends.
        return {key: item for key, item in said.items() if item.through is not None and self._is_whole(item.through)}

    def _is_whole(self, name: str) -> bool:
        found = self.tables.get(name) or self.opaque.get(name)
        return found is not None and all(self._is_here(key) for key in found.foreign_keys())

    def _is_here(self, key: _Reference) -> bool:
        return self.wanted is None or key.table in self.tables or key.table in self.opaque

    def _find(self, name: str) -> _Whole:
        found = self.tables.get(name) or self.opaque.get(name)
        if found is None:
            raise ResolveError(f"there is no table `{name}`")
        return found

    def _whole(self, table: TableSpec) -> _Whole:
        columns = dict(table.columns)
        mixins: list[MixinSpec] = []
        for name in table.include:
            if name not in self.spec.mixins:
                raise ResolveError(f"there is no mixin `{name}`")
            mixin = self.spec.mixins[name]
            mixins.append(mixin)
            for column, said in mixin.columns.items():
                if columns.setdefault(column, said) is not said:
                    raise ResolveError(f"the table `{table.name}` has a column `{column}` of its own and by a mixin")
        return _Whole(table, columns, (table, *mixins))

    def _table(self, kind: str, whole: _Whole) -> d.Table:
        spec = whole.spec
        return d.Table(
            name=spec.name,
            table=whole.table,
            class_name=spec.class_ or names.class_name(spec.name),
            accessor=spec.accessor or _accessor(spec.name),
            columns=tuple(self._column(whole, name, said) for name, said in whole.columns.items()),
            primary_key=_primary_key(whole),
            foreign_keys=tuple(self._foreign_key(whole, key) for key in whole.foreign_keys() if self._is_here(key)),
            uniques=tuple(_uniques(whole)),
            indexes=tuple(_indexes(whole)),
            checks=tuple(_checks(whole)),
            exclusions=tuple(_exclusions(whole)),
            doc=spec.doc,
            renamed_from=spec.renamed_from,
            meta=dict(spec.meta),
            source=self.source(kind, spec.name),
        )

    def _column(self, whole: _Whole, name: str, said: ColumnSpec) -> d.Column:
        try:
            made = resolve_type(said, self.spec)
            default = canonical_literal(said.default, made, self.enums) if said.has_default else None
        except (ResolveError, LiteralError) as error:
            raise ResolveError(f"{whole.name}.{name}: {error}") from error
        return d.Column(
            name=name,
            attribute=names.attribute_name(name),
            column=said.column or name,
            type=made,
            nullable=said.nullable,
            autoincrement=said.autoincrement,
            default=default,
            has_default=said.has_default,
            default_sql=said.default_sql,
            touch=said.touch,
            computed=said.computed,
            doc=said.doc,
            renamed_from=said.renamed_from,
            deprecated=said.deprecated,
            meta=dict(said.meta),
        )

    def _foreign_key(self, whole: _Whole, reference: _Reference) -> d.ForeignKey:
        target = self._find(reference.table)
        said = reference.said
        key = d.ForeignKey(
            name=whole.own_name(reference.name, names.foreign_key_name(whole.table, whole.stored(reference.columns))),
            columns=whole.attributes(reference.columns),
            table=target.name,
            targets=target.attributes(reference.targets),
            on_delete=said.on_delete,
            on_update=said.on_update,
            deferrable=reference.deferrable,
        )
        if len(key.columns) != len(key.targets):
            raise ResolveError(f"the foreign key `{key.name}` has {len(key.columns)} columns for {len(key.targets)}")
        nullable = any(whole.column(name).nullable for name in reference.columns)
        self.wishes.append(Wish(whole.name, key, nullable, said.relationship, said.inverse))
        return key


def _enum(name: str, said: EnumSpec) -> d.Enum:
    return d.Enum(
        name=name,
        class_name=said.class_ or names.class_name(name),
        values=tuple(said.values),
        native=said.storage == "native",
        doc=said.doc,
    )


def _accessor(name: str) -> str:
    return name + "_" if name in RESERVED_ACCESSORS or keyword.iskeyword(name) else name


def _primary_key(whole: _Whole) -> tuple[str, ...]:
    listed = next((part.primary_key for part in whole.parts if part.primary_key), ())
    return whole.attributes(listed or (name for name, said in whole.columns.items() if said.primary_key))


def _uniques(whole: _Whole) -> Iterator[d.Unique]:
    shorthand = (UniqueSpec(columns=[name]) for name, said in whole.columns.items() if said.unique)
    for said in chain(shorthand, *(part.unique for part in whole.parts)):
        # On both engines a unique key with a condition is an index.
        make = names.unique_name if said.where is None else names.index_name
        yield d.Unique(
            name=whole.own_name(said.name, make(whole.table, whole.stored(said.columns))),
            columns=whole.attributes(said.columns),
            where=said.where,
            nulls_not_distinct=said.nulls_not_distinct,
        )


def _indexes(whole: _Whole) -> Iterator[d.Index]:
    shorthand = (IndexSpec(columns=[name]) for name, said in whole.columns.items() if said.index)
    for said in chain(shorthand, *(part.indexes for part in whole.parts)):
        parts = ["expr" if isinstance(item, SqlSpec) else whole.stored([item])[0] for item in said.columns]
        yield d.Index(
            name=whole.own_name(said.name, names.index_name(whole.table, parts)),
            elements=tuple(
                d.IndexElement(sql=item.sql)
                if isinstance(item, SqlSpec)
                else d.IndexElement(column=whole.attribute(item))
                for item in said.columns
            ),
            unique=said.unique,
            where=said.where,
            include=whole.attributes(said.include),
            using=said.using,
        )


def _checks(whole: _Whole) -> Iterator[d.Check]:
    for part in whole.parts:
        for name, said in part.checks.items():
            yield d.Check(name=names.own_name(whole.table, name), sql=said.sql)


def _exclusions(whole: _Whole) -> Iterator[d.Exclusion]:
    for part in whole.parts:
        for said in part.exclusions:
            columns = [column for column, _ in said.elements]
            yield d.Exclusion(
                name=whole.own_name(said.name, names.exclusion_name(whole.table, whole.stored(columns))),
                using=said.using,
                elements=tuple((whole.attribute(column), operator) for column, operator in said.elements),
                where=said.where,
            )


def _related(table: d.Table, related: Mapping[str, tuple[d.Relationship, ...]]) -> d.Table:
    return msgspec.structs.replace(table, relationships=related[table.name])

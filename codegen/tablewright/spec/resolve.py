"""Translates an expanded spec to a schema: the definitions of its tables, keys and relationships."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import msgspec

from tablewright.schema import definition as d
from tablewright.spec.diagnostic import ResolveError
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedColumn, ExpandedForeignKey, ExpandedIndex, ExpandedTable, split_reference
from tablewright.spec.load import SpecFolder
from tablewright.spec.models import RelationshipSpec, SqlSpec
from tablewright.spec.resolve_literal import LiteralError, canonical_literal
from tablewright.spec.resolve_relationships import RelationshipRequest, resolve_relationships


def resolve(spec: SpecFolder | ExpandedSchema) -> d.Schema:
    """Return the schema of a checked *spec*. Raise `ResolveError` on an error that the rules would have reported."""
    return _resolver(spec, None).schema()


def resolve_tables(specs: SpecFolder, wanted: Collection[str]) -> dict[str, d.Table]:
    """Return the tables *wanted*, by name, of a *catalog* that may be only a part of its schema.

    It must have all tables of `impact.context_tables`.
    """
    schema = _resolver(specs, wanted).schema()
    return {table.name: table for table in (*schema.tables, *schema.opaque_tables) if table.name in wanted}


def _resolver(spec: SpecFolder | ExpandedSchema, wanted: Collection[str] | None) -> _Resolver:
    if isinstance(spec, ExpandedSchema):
        return _Resolver(spec, lambda table: "", wanted)
    if spec.expanded is None or spec.failed:
        raise ResolveError("the spec has errors")
    return _Resolver(spec.expanded, lambda table: spec.locations.key(table.path).file, wanted)


class _Resolver:
    def __init__(
        self, schema: ExpandedSchema, source: Callable[[ExpandedTable], str], wanted: Collection[str] | None
    ) -> None:
        self.expanded = schema
        self.source = source
        self.wanted = wanted
        self.requests: list[RelationshipRequest] = []

    def schema(self) -> d.Schema:
        spec = self.expanded.spec
        if not spec.name or not spec.version:
            raise ResolveError("a schema needs `schema` and `version`")
        tables = [self._table(table) for table in self.expanded.tables]
        related = resolve_relationships(self.expanded, self._relationships, self.requests, _attribute)
        tables = [msgspec.structs.replace(table, relationships=related[table.name]) for table in tables]
        count = len(spec.tables)
        return d.Schema(
            name=spec.name,
            version=spec.version,
            doc=spec.doc,
            enums=self.expanded.enums,
            tables=tuple(tables[:count]),
            opaque_tables=tuple(tables[count:]),
        )

    def _relationships(self, table: ExpandedTable) -> dict[str, RelationshipSpec]:
        given = {name: spec for name, (_, spec) in table.relationships.items()}
        if self.wanted is None or table.name in self.wanted:
            return given
        # A table that is only context keeps what goes through a link table of which both ends are present.
        return {name: spec for name, spec in given.items() if spec.through is not None and self._is_whole(spec.through)}

    def _is_whole(self, name: str) -> bool:
        link = self.expanded.by_name.get(name)
        return link is not None and all(self._is_present(key) for key in link.foreign_keys)

    def _is_present(self, key: ExpandedForeignKey) -> bool:
        return self.wanted is None or key.table in self.expanded.by_name

    def _table(self, table: ExpandedTable) -> d.Table:
        spec = table.spec
        _refuse_gaps(table, self.expanded)
        return d.Table(
            name=table.name,
            table=table.stored,
            class_name=table.class_name,
            accessor=table.accessor,
            columns=tuple(self._column(table, column) for column in table.columns.values()),
            primary_key=_attributes(table, table.primary_key),
            foreign_keys=tuple(self._foreign_key(table, key) for key in table.foreign_keys if self._is_present(key)),
            uniques=tuple(
                d.Unique(
                    name=unique.name,
                    columns=_attributes(table, unique.columns),
                    where=unique.where,
                    nulls_not_distinct=unique.nulls_not_distinct,
                )
                for unique in table.uniques
            ),
            indexes=tuple(_index(table, index) for index in table.indexes),
            checks=tuple(d.Check(name=check.name, sql=check.sql) for check in table.checks),
            exclusions=tuple(
                d.Exclusion(
                    name=exclusion.name,
                    using=exclusion.using,
                    elements=tuple((_attribute(table, column), operator) for column, operator in exclusion.elements),
                    where=exclusion.where,
                )
                for exclusion in table.exclusions
            ),
            doc=spec.doc,
            renamed_from=spec.renamed_from,
            meta=dict(spec.meta),
            source=self.source(table),
        )

    def _column(self, table: ExpandedTable, column: ExpandedColumn) -> d.Column:
        spec, type_, default = column.spec, column.type.definition, None
        if type_ is None:
            raise ResolveError(f"{table.name}.{column.name}: {column.type.fault}")
        if spec.has_default:
            try:
                default = canonical_literal(spec.default, type_, self.expanded.enums)
            except LiteralError as error:
                raise ResolveError(f"{table.name}.{column.name}: {error}") from error
        return d.Column(
            name=column.name,
            attribute=column.attribute,
            column=column.stored,
            type=type_,
            nullable=spec.nullable,
            autoincrement=spec.autoincrement,
            default=default,
            has_default=spec.has_default,
            default_sql=spec.default_sql,
            touch=spec.touch,
            computed=spec.computed,
            doc=spec.doc,
            renamed_from=spec.renamed_from,
            deprecated=spec.deprecated,
            meta=dict(spec.meta),
        )

    def _foreign_key(self, table: ExpandedTable, key: ExpandedForeignKey) -> d.ForeignKey:
        target = self.expanded.by_name.get(key.table)
        if target is None:
            raise ResolveError(f"there is no table `{key.table}`")
        if len(key.columns) != len(key.targets):
            raise ResolveError(f"the foreign key `{key.name}` has {len(key.columns)} columns for {len(key.targets)}")
        definition = d.ForeignKey(
            name=key.name,
            columns=_attributes(table, key.columns),
            table=target.name,
            targets=_attributes(target, key.targets),
            on_delete=key.on_delete,
            on_update=key.on_update,
            deferrable=key.deferrable,
        )
        nullable = any(table.columns[name].spec.nullable for name in key.columns)
        self.requests.append(RelationshipRequest(table, definition, nullable, key.relationship, key.inverse))
        return definition


def _refuse_gaps(table: ExpandedTable, schema: ExpandedSchema) -> None:
    # What the expansion leaves out of a wrong spec.
    for mixin in table.spec.include:
        if mixin not in schema.spec.mixins:
            raise ResolveError(f"there is no mixin `{mixin}`")
    if len(table.columns) != sum(len(part.columns) for _, part in table.parts):
        raise ResolveError(f"two parts of the table `{table.name}` have a column of the same name")
    for column in table.columns.values():
        reference = column.spec.references
        if reference is not None and not all(split_reference(reference)):
            raise ResolveError(f"`{reference}` does not name a column")


def _attribute(table: ExpandedTable, column: str) -> str:
    if column not in table.columns:
        raise ResolveError(f"the table `{table.name}` has no column `{column}`")
    return table.columns[column].attribute


def _attributes(table: ExpandedTable, columns: Iterable[str]) -> tuple[str, ...]:
    return tuple(_attribute(table, name) for name in columns)


def _index(table: ExpandedTable, index: ExpandedIndex) -> d.Index:
    return d.Index(
        name=index.name,
        elements=tuple(
            d.IndexElement(sql=item.sql)
            if isinstance(item, SqlSpec)
            else d.IndexElement(column=_attribute(table, item))
            for item in index.elements
        ),
        unique=index.unique,
        where=index.where,
        include=_attributes(table, index.include),
        using=index.using,
    )

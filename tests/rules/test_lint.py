"""All rules together: they never raise, and a spec that passes can be resolved and created."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import Dialect, create_engine
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.schema import CreateIndex, CreateTable

from tablewright.rules import name_clashes
from tablewright.rules.lint import lint
from tablewright.schema.build import build_metadata
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.load import SpecFolder, load_folder
from tablewright.spec.resolve import resolve

ROOT = Path(__file__).parents[2]

WHOLE = """
schema: shop
version: 1.0.0
enums:
  genre: [fiction, poetry]
  mood: {values: [calm, wild], storage: native, class: Mood}
types:
  money: {type: decimal, precision: 12, scale: 2}
  price: {type: money, scale: 3}
mixins:
  stamped:
    columns:
      made: {type: timestamptz, default_sql: now}
      changed: {type: timestamptz, default_sql: now, touch: now}
    indexes: [[made]]
    checks: {in_order: changed >= made}
tables:
  author:
    class: Writer
    accessor: writers
    columns:
      id: {type: bigint, primary_key: true, autoincrement: true}
      name: {type: string, length: 200, unique: true}
      mentor_id: {type: bigint, nullable: true, references: author.id, on_delete: set null,
                  relationship: mentor, inverse: pupils}
    relationships:
      books: {order_by: title}
      profile: {one: true}
  profile:
    columns:
      author_id: {type: bigint, primary_key: true, references: author.id, on_delete: cascade,
                  relationship: author, inverse: profile}
      text: {type: text, default: ""}
  book:
    include: [stamped]
    table: Books
    columns:
      id: {type: bigint, primary_key: true, autoincrement: true, column: BookId}
      class: {type: genre, default: fiction}
      mood: {type: mood, nullable: true}
      author_id: {type: bigint, references: author.id, relationship: author, inverse: books, index: true}
      title: {type: string, length: 300}
      price: {type: price, default: "9.99"}
      twice: {type: price, computed: price * 2}
      tags: {type: array, of: {type: string, length: 20}, default: [a]}
      shown: {type: range, of: date, nullable: true}
      digest: {type: hash, nbytes: 4, default: AAAAAA==}
      details: {type: json, python: "dict[str, int]", default: {a: 1}, meta: {owner: me}}
    unique: [[author_id, title], {columns: [digest], where: price > 0, name: cheap}]
    indexes:
      - {columns: [{sql: lower(title)}, author_id], name: by_title}
      - {columns: [price], where: price > 0, include: [title, id], using: btree}
    checks: {positive: price >= 0}
    relationships:
      tags_of: {through: book_tag, order_by: label, inverse: tagged}
  tag:
    columns:
      id: {type: uuid, primary_key: true, default_sql: uuid7}
      label: {type: string, length: 40, unique: true}
  book_tag:
    primary_key: [book_id, tag_id]
    columns:
      book_id: {type: bigint, on_delete: cascade, references: book.id}
      tag_id: {type: uuid}
    foreign_keys:
      - {columns: [tag_id], references: {table: tag, columns: [id]}, on_delete: cascade, deferrable: true}
opaque_tables:
  record:
    columns:
      name: {type: string, length: 64, primary_key: true}
      size: {type: bigint, nullable: true}
"""

# SQLAlchemy leaves the class untyped.
POSTGRES = cast("Callable[[], Dialect]", PGDialect)()

JUNK = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1, 7, 2**70, 0.5, "", "x", "id", "author", "author.id", "book.id", "title", "1.0"),
        *("money", "genre", "string", "decimal", "array", "range", "json", "hash", "text", "date", "now", "uuid4"),
        *("class", "self", "Book", "metadata", "set null", "cascade", "a b", "ä", "x" * 70, "x;", "(", "'", "__a__"),
        *([], {}, ["id"], ["id", "id"], ["author_id"], {"type": "text"}, {"sql": "1"}, {"id": {"type": "text"}}),
        *([["id"]], [{"columns": ["id"]}], {"through": "book_tag"}, {"table": "tag", "columns": ["label"]}),
    ]
)


def load(spec: object) -> SpecFolder:
    """Load *spec*, written as JSON, which is YAML too."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schema.yaml").write_text(json.dumps(spec), encoding="utf-8")
        return load_folder(Path(folder))


def spots(node: Any) -> list[tuple[Any, Any]]:
    """Return every container and key of a nested value."""
    if isinstance(node, dict):
        return [(node, key) for key in node] + [spot for item in node.values() for spot in spots(item)]
    if isinstance(node, list):
        return [(node, key) for key in range(len(node))] + [spot for item in node for spot in spots(item)]
    return []


def check_creatable(specs: SpecFolder) -> None:
    """Resolve the schema and create its tables."""
    schema = resolve(specs)
    for table in schema.tables:
        names = [column.attribute for column in table.columns] + [item.name for item in table.relationships]
        assert len(set(names)) == len(names), names
    metadata = build_metadata(schema)
    engine = create_engine("sqlite://")
    try:
        metadata.create_all(engine)
    finally:
        engine.dispose()
    for built in metadata.tables.values():
        str(CreateTable(built).compile(dialect=POSTGRES))
        for index in built.indexes:
            str(CreateIndex(index).compile(dialect=POSTGRES))


def test_a_schema_with_everything_is_without_problems() -> None:
    """A schema that uses every part of the language has no diagnostics, and can be created."""
    specs = load(yaml.safe_load(WHOLE))
    assert [str(diagnostic) for diagnostic in lint(specs)] == []
    check_creatable(specs)


@given(st.data())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_schema_is_refused_or_can_be_created(data: st.DataObject) -> None:
    """If any part of a schema is replaced, no rule raises; without an error it can be resolved and created."""
    spec = yaml.safe_load(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        candidates = spots(spec)
        holder, key = candidates[data.draw(st.integers(0, len(candidates) - 1))]
        match data.draw(st.sampled_from(["replace", "remove", "rename", "move"])):
            case "replace":
                holder[key] = copy.deepcopy(data.draw(JUNK))
            case "remove":
                del holder[key]
            case "rename" if isinstance(holder, dict):
                holder[data.draw(st.sampled_from(["id", "title", "type", "columns", "unique", "one", "new"]))] = (
                    holder.pop(key)
                )
            case _:
                other, other_key = candidates[data.draw(st.integers(0, len(candidates) - 1))]
                holder[key] = copy.deepcopy(other[other_key])
    specs = load(spec)
    diagnostics = lint(specs)
    assert specs.spec is not None or diagnostics
    if not any(diagnostic.severity == "error" for diagnostic in diagnostics):
        check_creatable(specs)


@pytest.mark.parametrize("source", ["whole", "bookstore", "observatory"])
def test_the_names_that_clashes_looks_at_are_those_that_resolving_makes(source: str) -> None:
    """The rule and `resolve` use the same names of indexes and constraints."""
    specs = load(yaml.safe_load(WHOLE)) if source == "whole" else load_folder(ROOT / "specs" / source)
    assert specs.spec is not None
    expanded = ExpandedSchema(specs.spec)
    resolved = resolve(specs)
    for table in (*resolved.tables, *resolved.opaque_tables):
        declared = {name for name, _, _ in name_clashes._index_names(expanded.by_name[table.name])}
        resolved_names = [item.name for item in table.uniques] + [item.name for item in table.indexes]
        assert declared == {*resolved_names, *(item.name for item in table.exclusions)}
        assert expanded.by_name[table.name].class_name == table.class_name
        assert [item.attribute for item in expanded.by_name[table.name].columns.values()] == [
            item.attribute for item in table.columns
        ]


def test_problems_come_in_the_order_of_the_file() -> None:
    """All diagnostics of a run, including those of the reader, are sorted by location."""
    specs = load_folder(ROOT / "tests" / "golden" / "problems" / "yaml-merge-key")
    locations = [diagnostic.location for diagnostic in lint(specs)]
    assert locations == sorted(locations)

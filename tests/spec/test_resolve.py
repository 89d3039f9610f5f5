from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tablewright.schema import canonical, definition as d
from tablewright.schema.build import build_metadata
from tablewright.spec.diagnostic import ResolveError
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.load import load_folder
from tablewright.spec.models import (
    ColumnSpec,
    ForeignKeySpec,
    MixinSpec,
    ReferenceSpec,
    SchemaSpec,
    TableSpec,
    TypeSpec,
)
from tablewright.spec.resolve import resolve

SPECS = Path(__file__).parents[2] / "specs"
HEAD = "schema: s\nversion: 1.0.0\n"
BOOKSTORE = """
from tablewright.spec.models import *

def key():
    return ColumnSpec(type="bigint", primary_key=True, autoincrement=True)

def ref(target, action, name, inverse, **more):
    return ColumnSpec(
        type="bigint", references=target, on_delete=action, relationship=name, inverse=inverse, **more
    )

SCHEMA = SchemaSpec(
    schema="bookstore",
    version="1.0.0",
    doc="A small bookshop.",
    enums={"genre": EnumSpec(values=["fiction", "poetry", "essay"])},
    types={"money": TypeSpec(type="decimal", precision=12, scale=2)},
    mixins={"timestamps": MixinSpec(columns={
        "created_at": ColumnSpec(type="timestamptz", default_sql="now"),
        "updated_at": ColumnSpec(type="timestamptz", default_sql="now", touch="now"),
    })},
    tables=[
        TableSpec(
            name="author",
            doc="Someone who writes.",
            columns={
                "id": key(),
                "name": ColumnSpec(type="string", length=200, doc="As printed on the cover."),
                "born": ColumnSpec(type="date", nullable=True),
            },
            unique=[UniqueSpec(columns=["name", "born"])],
        ),
        TableSpec(
            name="book",
            doc="A title on the shelves.",
            include=["timestamps"],
            columns={
                "id": key(),
                "author_id": ref("author.id", "cascade", "author", "books"),
                "isbn": ColumnSpec(type="string", length=13, unique=True),
                "title": ColumnSpec(type="string", length=300),
                "genre": ColumnSpec(type="genre", default="fiction"),
                "price": ColumnSpec(type="money"),
                "stock": ColumnSpec(type="integer", default=0, doc="Copies on the shelf."),
                "details": ColumnSpec(type="json", python="dict[str, str]", default={}),
            },
            indexes=[
                IndexSpec(columns=["author_id", "title"]),
                IndexSpec(columns=[SqlSpec(sql="lower(title)")], name="by_lower_title"),
                IndexSpec(columns=["price"], where="price > 0", include=["title"], using="btree"),
            ],
            checks={"price_not_negative": CheckSpec(sql="price >= 0")},
        ),
        TableSpec(
            name="customer",
            doc="Someone who buys.",
            columns={
                "id": key(),
                "email": ColumnSpec(type="string", length=320, unique=True),
                "name": ColumnSpec(type="string", length=200),
            },
        ),
        TableSpec(
            name="order",
            doc="A sale; its lines say what was sold.",
            columns={
                "id": key(),
                "customer_id": ref("customer.id", "restrict", "customer", "orders", index=True),
                "placed_at": ColumnSpec(type="timestamptz", default_sql="now"),
            },
        ),
        TableSpec(
            name="order_line",
            doc="One title of an order.",
            primary_key=["order_id", "number"],
            columns={
                "order_id": ref("order.id", "cascade", "order", "lines"),
                "number": ColumnSpec(type="integer"),
                "book_id": ref("book.id", "restrict", "book", "lines", index=True),
                "quantity": ColumnSpec(type="integer", default=1),
                "price": ColumnSpec(type="money", doc="Of one copy on the day of the sale."),
            },
            checks={"quantity_positive": CheckSpec(sql="quantity > 0")},
        ),
    ],
)
"""


def schema_of(folder: Path, text: str, suffix: str = "yaml") -> d.Schema:
    """Return the schema of a file with the given *text*."""
    (folder / f"schema.{suffix}").write_text(text, encoding="utf-8")
    specs = load_folder(folder, root=folder)
    assert [str(diagnostic) for diagnostic in specs.diagnostics] == []
    return resolve(specs)


def without_sources(schema: d.Schema) -> d.Schema:
    """Return *schema* without the sources of its tables."""
    tables = tuple(msgspec.structs.replace(table, source="") for table in schema.tables)
    return msgspec.structs.replace(schema, tables=tables)


@pytest.fixture(scope="module")
def bookstore() -> d.Schema:
    """The resolved bookstore."""
    return resolve(load_folder(SPECS / "bookstore", root=SPECS.parent))


def test_yaml_and_python_give_one_schema(bookstore: d.Schema, tmp_path: Path) -> None:
    """The same tables in YAML and in Python resolve to the same bytes, except for their sources."""
    python = schema_of(tmp_path, BOOKSTORE, "py")
    assert canonical.to_json(without_sources(python)) == canonical.to_json(without_sources(bookstore))
    assert canonical.digest(python) == canonical.digest(bookstore)
    assert {table.source for table in python.tables} == {"schema.py"}


@pytest.mark.parametrize("name", ["bookstore", "observatory"])
def test_a_schema_survives_its_own_json(name: str) -> None:
    """The canonical JSON contains the whole schema, and SQLAlchemy accepts all of it."""
    schema = resolve(load_folder(SPECS / name, root=SPECS.parent))
    assert canonical.from_json(canonical.to_json(schema)) == schema
    assert len(build_metadata(schema).tables) == len(schema.tables)


def test_tables_name_the_file_they_came_from(bookstore: d.Schema) -> None:
    """The source of a table is its file, relative to the root."""
    assert {table.source for table in bookstore.tables} == {"specs/bookstore/schema.yaml"}


def test_mixins_follow_the_tables_own_columns(bookstore: d.Schema) -> None:
    """The columns of a mixin come after those of the table."""
    assert [column.name for column in bookstore.table("book").columns][-3:] == ["details", "created_at", "updated_at"]


def test_a_table_may_have_only_a_mixins_columns() -> None:
    """A table may get all its columns, and its key, from a mixin."""
    mixin = MixinSpec(columns={"id": ColumnSpec(type="bigint", primary_key=True)})
    spec = SchemaSpec(schema="s", version="1.0.0", mixins={"m": mixin}, tables=[TableSpec(name="t", include=["m"])])
    assert resolve(ExpandedSchema(spec)).table("t").primary_key == ("id",)


def test_constraints_are_named_after_the_database(tmp_path: Path) -> None:
    """Default names of constraints use the names in the database; given names get the table as a prefix."""
    schema = schema_of(
        tmp_path,
        HEAD
        + """
tables:
  a:
    table: real_a
    columns:
      id: {type: bigint, primary_key: true}
      b: {type: integer, column: real_b, unique: true, index: true, references: a.id}
      r: {type: range, of: date}
    unique:
      - {columns: [id, b], name: pair}
      - {columns: [b], where: b > 0}
      - {columns: [b, id], name: real_a_own}
    indexes: [[b, {sql: b + 1}], {columns: [r], name: by_r}]
    checks: {positive: b > 0}
    exclusions: [{elements: [[r, "&&"]]}]
""",
    )
    table = schema.table("a")
    assert [unique.name for unique in table.uniques] == [
        "real_a_real_b_key",
        "real_a_pair",
        "real_a_real_b_idx",
        "real_a_own",
    ]
    assert [index.name for index in table.indexes] == [
        "real_a_real_b_idx",
        "real_a_real_b_expr_idx",
        "real_a_by_r",
    ]
    assert [key.name for key in table.foreign_keys] == ["real_a_real_b_fkey"]
    assert [check.name for check in table.checks] == ["real_a_positive"]
    assert [exclusion.name for exclusion in table.exclusions] == ["real_a_r_excl"]


def test_taken_names_get_an_underscore(tmp_path: Path) -> None:
    """Attributes and accessors avoid reserved names, and keys and indexes use the attributes."""
    schema = schema_of(
        tmp_path,
        HEAD
        + """
tables:
  query:
    columns:
      class: {type: bigint, primary_key: true}
      metadata: {type: bigint, references: query.class, unique: true}
    indexes: [[metadata, class]]
  loan_request:
    class: Wish
    accessor: wishes
    columns: {id: {type: bigint, primary_key: true}}
""",
    )
    query, loan = schema.tables
    assert (query.class_name, query.accessor) == ("Query", "query_")
    assert (loan.class_name, loan.accessor) == ("Wish", "wishes")
    assert query.primary_key == ("class_",)
    assert [(column.name, column.attribute, column.column) for column in query.columns] == [
        ("class", "class_", "class"),
        ("metadata", "metadata_", "metadata"),
    ]
    assert (query.foreign_keys[0].columns, query.foreign_keys[0].targets) == (("metadata_",), ("class_",))
    assert query.uniques[0].columns == ("metadata_",)
    assert [element.column for element in query.indexes[0].elements] == ["metadata_", "class_"]


def test_named_types_are_followed_to_the_end() -> None:
    """Named types resolve to plain types, in arrays too, and a column may add missing parameters."""
    spec = SchemaSpec(
        schema="s",
        version="1.0.0",
        types={
            "short": TypeSpec(type="string", length=5, sql={"sqlite": "X"}),
            "code": TypeSpec(type="short"),
            "codes": TypeSpec(type="array", of="code"),
            "open": TypeSpec(type="string"),
        },
        tables=[TableSpec(name="t", columns={"a": ColumnSpec(type="codes"), "b": ColumnSpec(type="open", length=7)})],
    )
    first, second = resolve(ExpandedSchema(spec)).table("t").columns
    assert first.type == d.Type(kind="array", of=d.Type(kind="string", length=5, sql={"sqlite": "X"}))
    assert second.type == d.Type(kind="string", length=7)


RELATED = """
tables:
  person:
    columns:
      id: {type: bigint, primary_key: true}
      boss_id: {type: bigint, nullable: true, references: person.id, relationship: boss, inverse: staff}
    relationships:
      badge: {one: true}
      staff: {order_by: id}
      projects: {through: membership, order_by: name}
  badge:
    columns:
      person_id: {type: bigint, primary_key: true, references: person.id, relationship: person, inverse: badge}
  project:
    columns:
      id: {type: bigint, primary_key: true}
      name: {type: text}
    relationships:
      members: {through: membership}
      related: {through: link, inverse: related_by}
  membership:
    primary_key: [person_id, project_id]
    columns:
      person_id: {type: bigint, references: person.id}
      project_id: {type: bigint, references: project.id}
  link:
    primary_key: [from_id, to_id]
    columns:
      from_id: {type: bigint, references: project.id}
      to_id: {type: bigint, references: project.id}
"""


def test_relationships(tmp_path: Path) -> None:
    """A foreign key declares both sides of a relationship; a link table connects its two sides."""
    schema = schema_of(tmp_path, HEAD + RELATED)
    relation = d.Relationship
    assert schema.table("person").relationships == (
        relation(
            name="boss", target="person", many=False, nullable=True, foreign_key="person_boss_id_fkey", inverse="staff"
        ),
        relation(
            name="staff",
            target="person",
            many=True,
            foreign_key="person_boss_id_fkey",
            inverse="boss",
            order_by="id",
            here=False,
        ),
        relation(
            name="badge",
            target="badge",
            many=False,
            nullable=True,
            foreign_key="badge_person_id_fkey",
            inverse="person",
            here=False,
        ),
        relation(
            name="projects", target="project", many=True, through="membership", inverse="members", order_by="name"
        ),
    )
    assert schema.table("badge").relationships == (
        relation(name="person", target="person", many=False, foreign_key="badge_person_id_fkey", inverse="badge"),
    )
    assert schema.table("project").relationships == (
        relation(name="members", target="person", many=True, through="membership", inverse="projects"),
        relation(name="related", target="project", many=True, through="link", inverse="related_by"),
        relation(name="related_by", target="project", many=True, through="link", inverse="related", here=False),
    )


@pytest.mark.parametrize(("a", "b", "nullable"), [(False, False, False), (False, True, True), (True, True, True)])
def test_a_composite_key_is_optional_when_one_of_its_columns_is(a: bool, b: bool, nullable: bool) -> None:
    """The relationship of a foreign key with a nullable column is nullable."""
    key = ForeignKeySpec(
        columns=["a", "b"], references=ReferenceSpec(table="t", columns=["x", "y"]), relationship="other"
    )
    integer = ColumnSpec(type="integer")
    columns = {
        "x": integer,
        "y": integer,
        "a": ColumnSpec(type="integer", nullable=a),
        "b": ColumnSpec(type="integer", nullable=b),
    }
    table = TableSpec(name="t", columns=columns, primary_key=["x", "y"], foreign_keys=[key])
    schema = resolve(ExpandedSchema(SchemaSpec(schema="s", version="1.0.0", tables=[table])))
    assert schema.table("t").relationships[0].nullable is nullable


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ("t: {columns: {a: {type: nothing}}}", "t.a: there is no type `nothing`"),
        ("t: {columns: {a: {type: array}}}", "t.a: the type `array` needs `of`"),
        ("t: {columns: {a: {type: integer, default: x}}}", "t.a: 'x' is not a whole number"),
        ("t: {columns: {a: {type: bigint, references: u.a}}}", "there is no table `u`"),
        ("t: {columns: {a: {type: bigint, references: t.b}}}", "the table `t` has no column `b`"),
        ("t: {include: [m]}", "there is no mixin `m`"),
        ("t: {primary_key: [a]}", "the table `t` has no column `a`"),
        ("t: {relationships: {r: {through: u}}}", "there is no link table `u`"),
        ("t: {relationships: {r: {one: true}}}", "no foreign key is behind the relationship `t.r`"),
    ],
)
def test_an_unchecked_spec_is_refused_clearly(tmp_path: Path, tables: str, message: str) -> None:
    """An error that the rules would report raises `ResolveError` rather than give a wrong schema."""
    (tmp_path / "a.yaml").write_text(f"{HEAD}tables:\n  {tables}\n")
    with pytest.raises(ResolveError) as error:
        resolve(load_folder(tmp_path))
    assert str(error.value) == message


def test_a_folder_with_errors_is_refused(tmp_path: Path) -> None:
    """A spec with errors cannot be resolved."""
    (tmp_path / "a.yaml").write_text(f"{HEAD}tables: 3")
    with pytest.raises(ResolveError, match="the spec has errors"):
        resolve(load_folder(tmp_path))


def test_types_that_refer_to_themselves_are_refused() -> None:
    """A cycle of named types is an error."""
    spec = SchemaSpec(
        schema="s",
        version="1.0.0",
        types={"a": TypeSpec(type="array", of="b"), "b": TypeSpec(type="a")},
        tables=[TableSpec(name="t", columns={"x": ColumnSpec(type="a")})],
    )
    with pytest.raises(ResolveError, match="refers to itself"):
        resolve(ExpandedSchema(spec))

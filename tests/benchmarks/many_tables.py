"""A schema of any number of tables, each with 11 columns and one foreign key, in the language of each generator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAME = "big"
"""The name of the schema and of its package."""

# Name, spec, SQL, Python, JSON Schema. The last column is nullable.
COLUMNS = (
    ("name", "{type: string, length: 100}", "VARCHAR(100) NOT NULL", "str", {"type": "string", "maxLength": 100}),
    ("code", "{type: string, length: 20}", "VARCHAR(20) NOT NULL", "str", {"type": "string", "maxLength": 20}),
    ("quantity", "{type: integer}", "INTEGER NOT NULL", "int", {"type": "integer"}),
    ("price", "{type: decimal, precision: 12, scale: 2}", "NUMERIC(12, 2) NOT NULL", "Decimal", {"type": "number"}),
    ("ratio", "{type: float}", "DOUBLE PRECISION NOT NULL", "float", {"type": "number"}),
    ("active", "{type: boolean}", "BOOLEAN NOT NULL", "bool", {"type": "boolean"}),
    ("day", "{type: date}", "DATE NOT NULL", "date", {"type": "string", "format": "date"}),
    ("seen", "{type: datetime}", "TIMESTAMP NOT NULL", "datetime", {"type": "string", "format": "date-time"}),
    ("notes", "{type: text, nullable: true}", "TEXT", "str | None", {"type": ["string", "null"]}),
)
HAND_WRITTEN_TYPES = {
    "name": "String(100)",
    "code": "String(20)",
    "quantity": "Integer",
    "price": "Numeric(12, 2)",
    "ratio": "Float(53)",
    "active": "Boolean",
    "day": "Date",
    "seen": "DateTime",
    "notes": "Text",
}
HAND_WRITTEN_HEAD = '''\
"""The tables, mapped by hand."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Float, ForeignKey, Integer, Numeric, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass
'''


def table_name(number: int) -> str:
    """Return the name of a table."""
    return f"item_{number:04}"


def class_name(number: int) -> str:
    """Return the name of its class."""
    return f"Item{number:04}"


def parent_of(number: int) -> int | None:
    """Return the table that a table references: an earlier one, or None for the first."""
    return (number - 1) // 2 if number else None


def children_of(number: int, count: int) -> list[int]:
    """Return the tables that reference a table."""
    return [child for child in (2 * number + 1, 2 * number + 2) if child < count]


def table_spec(number: int, *, quantity: str = "integer") -> str:
    """Return one table in YAML, for use below `tables:`."""
    parent = parent_of(number)
    reference = ""
    if parent is not None:
        inverse = f"from_{table_name(number)}"
        reference = f", references: {table_name(parent)}.id, relationship: parent, inverse: {inverse}"
    lines = [
        f"  {table_name(number)}:",
        "    columns:",
        "      id: {type: bigint, primary_key: true, autoincrement: true}",
        f"      parent_id: {{type: bigint, nullable: true{reference}}}",
        *(f"      {name}: {spec}" for name, spec, *_ in COLUMNS),
    ]
    return "\n".join(lines).replace("{type: integer}", f"{{type: {quantity}}}") + "\n"


def write_specs(project: Path, count: int, *, one_file: bool = False) -> None:
    """Write a tablewright project: a file for each table, or *one_file* for all."""
    folder = project / "specs" / NAME
    folder.mkdir(parents=True)
    (project / "pyproject.toml").write_text("[tool.tablewright]\n")
    head = f"schema: {NAME}\nversion: 1.0.0\n"
    if one_file:
        (folder / "schema.yaml").write_text(head + "tables:\n" + "".join(map(table_spec, range(count))))
        return
    (folder / "schema.yaml").write_text(head)
    for number in range(count):
        (folder / f"{table_name(number)}.yaml").write_text("tables:\n" + table_spec(number))


def change_spec(project: Path, number: int, *, quantity: str) -> None:
    """Change the type of one column of one table."""
    path = project / "specs" / NAME / f"{table_name(number)}.yaml"
    path.write_text("tables:\n" + table_spec(number, quantity=quantity))


def sql(count: int) -> str:
    """Return the tables in SQL that both SQLite and Postgres accept."""
    statements: list[str] = []
    for number in range(count):
        parent = parent_of(number)
        reference = "" if parent is None else f" REFERENCES {table_name(parent)} (id)"
        columns = ["id BIGINT PRIMARY KEY", f"parent_id BIGINT{reference}"]
        columns += [f"{name} {definition}" for name, _, definition, *_ in COLUMNS]
        body = ",\n    ".join(columns)
        statements.append(f"CREATE TABLE {table_name(number)} (\n    {body}\n);\n")
    return "".join(statements)


def queries(count: int) -> str:
    """Return the queries for sqlc: one for each basic method of a tablewright table."""
    names = [name for name, *_ in COLUMNS]
    marks = ", ".join(f"${number}" for number in range(1, len(names) + 3))
    assignments = ", ".join(f"{name} = ${number}" for number, name in enumerate(names, 2))
    texts: list[str] = []
    for number in range(count):
        table, stem = table_name(number), class_name(number)
        texts.append(
            f"-- name: Get{stem} :one\nSELECT * FROM {table} WHERE id = $1;\n"
            f"-- name: List{stem} :many\nSELECT * FROM {table} ORDER BY id;\n"
            f"-- name: Insert{stem} :one\n"
            f"INSERT INTO {table} (id, parent_id, {', '.join(names)}) VALUES ({marks}) RETURNING *;\n"
            f"-- name: Update{stem} :one\nUPDATE {table} SET {assignments} WHERE id = $1 RETURNING *;\n"
            f"-- name: Delete{stem} :execrows\nDELETE FROM {table} WHERE id = $1;\n"
        )
    return "".join(texts)


def json_schema(count: int) -> str:
    """Return the JSON Schema for datamodel-code-generator: an object for each table."""
    definitions: dict[str, Any] = {}
    for number in range(count):
        properties: dict[str, Any] = {"id": {"type": "integer"}, "parent_id": {"type": ["integer", "null"]}}
        properties |= {name: schema for name, _, _, _, schema in COLUMNS}
        if parent_of(number) is not None:
            properties["parent"] = {"$ref": f"#/$defs/{class_name(parent_of(number) or 0)}"}
        required = [name for name in properties if name not in ("notes", "parent", "parent_id")]
        definitions[class_name(number)] = {"type": "object", "properties": properties, "required": required}
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions}, indent=1)


def hand_written(count: int) -> str:
    """Return one declarative module, as written by hand."""
    parts = [HAND_WRITTEN_HEAD]
    for number in range(count):
        parent = parent_of(number)
        reference = "" if parent is None else f', ForeignKey("{table_name(parent)}.id")'
        lines = [
            f"class {class_name(number)}(Base):",
            f'    __tablename__ = "{table_name(number)}"',
            "",
            '    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)',
            f"    parent_id: Mapped[int | None] = mapped_column(BigInteger{reference})",
            *(
                f"    {name}: Mapped[{python}] = mapped_column({HAND_WRITTEN_TYPES[name]})"
                for name, _, _, python, _ in COLUMNS
            ),
        ]
        if parent is not None:
            inverse = f"from_{table_name(number)}"
            lines.append(f'    parent: Mapped[{class_name(parent)}] = relationship(back_populates="{inverse}")')
        lines += [
            f'    from_{table_name(child)}: Mapped[list[{class_name(child)}]] = relationship(back_populates="parent")'
            for child in children_of(number, count)
        ]
        parts.append("\n".join(lines) + "\n")
    return "\n\n".join(parts)

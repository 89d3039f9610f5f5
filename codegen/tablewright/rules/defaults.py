"""Rules about defaults and computed columns."""

from __future__ import annotations

from collections.abc import Iterator

from tablewright.rules.rule import Violation
from tablewright.schema import definition as d, names
from tablewright.schema.definition import PORTABLE
from tablewright.schema.type_registry import TYPES
from tablewright.spec.diagnostic import did_you_mean
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedColumn
from tablewright.spec.resolve_literal import LiteralError, canonical_literal


def default_and_default_sql(schema: ExpandedSchema) -> Iterator[Violation]:
    """A column has one default: a literal or an expression."""
    for column in schema.written_columns:
        if column.spec.has_default and column.spec.default_sql is not None:
            message = "a column has either `default` or `default_sql`."
            yield Violation((*column.path, "default_sql"), message, "Remove one of them.", on_key=True)


def bad_default(schema: ExpandedSchema) -> Iterator[Violation]:
    """A literal default is a value of the column's type in both dialects."""
    enums = tuple(
        enum for enum in schema.enums if len({names.member_name(value) for value in enum.values}) == len(enum.values)
    )
    for column in schema.written_columns:
        resolved = column.type.definition if column.spec.has_default else None
        # A codec may accept any value. An incomplete type has been reported already.
        if resolved is None or resolved.codec is not None or not _complete(resolved, enums):
            continue
        try:
            canonical_literal(column.spec.default, resolved, enums)
        except LiteralError as error:
            yield Violation((*column.path, "default"), f"{error}.", _default_suggestion(column, enums))


def _complete(type_: d.Type, enums: tuple[d.Enum, ...]) -> bool:
    if type_.kind == "enum":
        return any(enum.name == type_.enum for enum in enums)
    numbers = TYPES[type_.kind].numbers
    sized = all((getattr(type_, item.name) or 0) >= item.least for item in numbers if item.required)
    return sized and (type_.of is None or _complete(type_.of, enums))


def _default_suggestion(column: ExpandedColumn, enums: tuple[d.Enum, ...]) -> str | None:
    default = column.spec.default
    if column.type.kind == "enum" and isinstance(default, str):
        values = next(enum.values for enum in enums if enum.name == column.type.enum)
        return did_you_mean(default, values) or f"The values are {', '.join(values)}."
    if isinstance(default, str) and (default in PORTABLE or default.endswith(")")):
        return "An expression is a `default_sql`."
    if (
        column.type.kind is not None
        and TYPES[column.type.kind].literal == "text"
        and isinstance(default, bool | int | float)
    ):
        return "Put it in quotes."
    return None


def default_sql_type(schema: ExpandedSchema) -> Iterator[Violation]:
    """`now` is the default of a date or time; `uuid4` and `uuid7` of a uuid."""
    yield from _misplaced(schema, "default_sql")


def touch_type(schema: ExpandedSchema) -> Iterator[Violation]:
    """`touch` sets a date or time to `now`, a uuid to `uuid4` or `uuid7`."""
    yield from _misplaced(schema, "touch")


def _misplaced(schema: ExpandedSchema, key: str) -> Iterator[Violation]:
    for column in schema.written_columns:
        expression, kind = getattr(column.spec, key), column.type.kind
        if expression in PORTABLE and kind is not None and expression not in TYPES[kind].expressions:
            fitting = ", ".join(f"`{name}`" for name, row in TYPES.items() if expression in row.expressions)
            yield Violation((*column.path, key), f"`{expression}` is not a value of `{kind}`.", f"It is for {fitting}.")


def touch_primary_key(schema: ExpandedSchema) -> Iterator[Violation]:
    """A column of the primary key has no `touch`: updates do not change the key."""
    for table in schema.tables:
        for name in table.primary_key:
            column = table.columns.get(name)
            if column is not None and column.spec.touch is not None:
                message = f"`{name}` is in the primary key, which an update does not change."
                yield Violation((*column.path, "touch"), message, "Remove `touch`.", on_key=True)


def computed_with_default(schema: ExpandedSchema) -> Iterator[Violation]:
    """A computed column has no default, no `touch` and no `autoincrement`."""
    for column in schema.written_columns:
        spec = column.spec
        if spec.computed is None:
            continue
        others = {
            "default": spec.has_default,
            "default_sql": spec.default_sql is not None,
            "touch": spec.touch is not None,
            "autoincrement": spec.autoincrement,
        }
        for key, given in others.items():
            if given:
                message = f"a computed column cannot have `{key}`: the database computes its value."
                yield Violation((*column.path, key), message, f"Remove `{key}` or `computed`.", on_key=True)


def autoincrement_with_default(schema: ExpandedSchema) -> Iterator[Violation]:
    """A column with `autoincrement` has no other default."""
    for column in schema.written_columns:
        for key, given in (
            ("default", column.spec.has_default),
            ("default_sql", column.spec.default_sql is not None),
        ):
            if column.spec.autoincrement and given:
                message = f"a column with `autoincrement` cannot have `{key}` as well."
                yield Violation((*column.path, key), message, "Remove one of them.", on_key=True)

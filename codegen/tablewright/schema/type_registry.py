"""The registry of column types: one row for each type of the spec language.

Rules, literals, generated source and tables built at run time all read it. A row names its class
in `schema.types` instead of importing it, because a run with nothing to do never loads SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal[
    "smallint",
    "integer",
    "bigint",
    "float",
    "real",
    "decimal",
    "boolean",
    "string",
    "text",
    "bytes",
    "date",
    "time",
    "datetime",
    "timestamptz",
    "interval",
    "uuid",
    "json",
    "enum",
    "array",
    "hash",
    "range",
]
LiteralForm: TypeAlias = Literal[
    "integer", "number", "decimal", "boolean", "text", "base64", "json", "member", "list", "range", "iso", "iso zoned"
]
"""How a literal default is written in a spec, and read by `spec/resolve_literal.py`."""


class NumberParameter(Struct, frozen=True):
    """A parameter that takes a number: an argument of the type's class, in the order of the row."""

    name: str
    least: int
    most: int
    required: bool = True


class RegisteredType(Struct, frozen=True):
    """One column type of the spec language."""

    class_name: str
    """The class in `schema.types`."""
    python: str | None
    """The Python type of its values, as `python_types.evaluate` reads it; None if a parameter decides."""
    literal: LiteralForm
    expected: str
    """A valid literal default, for messages."""
    numbers: tuple[NumberParameter, ...] = ()
    parameters: tuple[str, ...] = ()
    """Its other parameters: `of`, `python`, `storage`."""
    aliases: tuple[str, ...] = ()
    """Names of the type elsewhere, for suggestions."""
    expressions: tuple[str, ...] = ()
    """The portable expressions that `default_sql` and `touch` may use for it."""
    autoincrement: bool = False
    """Whether the database can number its values."""
    key: bool = True
    """Whether a key may contain it."""
    array_element: bool = True
    range_bound: bool = False
    holds_lists: bool = False
    """Whether one value may be a list."""

    @property
    def literal_is_python(self) -> bool:
        """Whether a literal is the same value in JSON and in Python."""
        return self.literal in ("integer", "boolean", "text")


_FRACTION = (NumberParameter("precision", 0, 6, required=False),)

TYPES: Final[Mapping[str, RegisteredType]] = {
    "smallint": RegisteredType(
        "SmallInteger", "int", "integer", "a whole number", autoincrement=True, aliases=("int2",)
    ),
    "integer": RegisteredType(
        "Integer", "int", "integer", "a whole number", autoincrement=True, range_bound=True, aliases=("int", "int4")
    ),
    "bigint": RegisteredType(
        "BigInteger", "int", "integer", "a whole number", autoincrement=True, range_bound=True, aliases=("int8", "long")
    ),
    "float": RegisteredType("Float", "float", "number", "a number", aliases=("double", "float8")),
    "real": RegisteredType("Real", "float", "number", "a number", aliases=("float4",)),
    "decimal": RegisteredType(
        "Decimal",
        "decimal:Decimal",
        "decimal",
        "a number",
        numbers=(NumberParameter("precision", 1, 1000), NumberParameter("scale", 0, 1000)),
        parameters=("storage",),
        range_bound=True,
        aliases=("numeric", "number"),
    ),
    "boolean": RegisteredType("Boolean", "bool", "boolean", "true or false", aliases=("bool",)),
    "string": RegisteredType(
        "String",
        "str",
        "text",
        "text",
        numbers=(NumberParameter("length", 1, 10_485_760),),
        aliases=("str", "varchar", "char"),
    ),
    "text": RegisteredType("Text", "str", "text", "text"),
    "bytes": RegisteredType(
        "Bytes", "bytes", "base64", "text in base64", array_element=False, aliases=("blob", "bytea")
    ),
    "date": RegisteredType(
        "Date", "datetime:date", "iso", "a date such as `2026-01-31`", expressions=("now",), range_bound=True
    ),
    "time": RegisteredType(
        "Time", "datetime:time", "iso", "a time such as `08:30:00`", numbers=_FRACTION, expressions=("now",)
    ),
    "datetime": RegisteredType(
        "DateTime",
        "datetime:datetime",
        "iso",
        "a date and time without a zone, such as `2026-01-31T08:30:00`",
        numbers=_FRACTION,
        expressions=("now",),
        range_bound=True,
        aliases=("timestamp",),
    ),
    "timestamptz": RegisteredType(
        "TimestampTz",
        "datetime:datetime",
        "iso zoned",
        "a date and time with a zone, such as `2026-01-31T08:30:00Z`",
        numbers=_FRACTION,
        expressions=("now",),
        range_bound=True,
    ),
    "interval": RegisteredType(
        "Interval",
        "datetime:timedelta",
        "iso",
        "a duration such as `P1D` or `PT90S`",
        aliases=("timedelta", "duration"),
    ),
    "uuid": RegisteredType("Uuid", "uuid:UUID", "iso", "a UUID", expressions=("uuid4", "uuid7")),
    "json": RegisteredType(
        "Json",
        "typing:Any",
        "json",
        "a JSON value",
        parameters=("python",),
        key=False,
        array_element=False,
        holds_lists=True,
        aliases=("dict", "jsonb", "object"),
    ),
    "enum": RegisteredType("Enum", None, "member", "a value of the enum"),
    "array": RegisteredType(
        "ArrayOf",
        None,
        "list",
        "a list",
        parameters=("of",),
        array_element=False,
        holds_lists=True,
        aliases=("list",),
    ),
    "hash": RegisteredType(
        "Hash",
        "bytes",
        "base64",
        "text in base64",
        numbers=(NumberParameter("nbytes", 1, 1_000_000),),
        array_element=False,
    ),
    "range": RegisteredType(
        "RangeOf",
        None,
        "range",
        "a mapping of `lower` and `upper`",
        parameters=("of",),
        array_element=False,
        holds_lists=True,
    ),
}
"""The types by name. `enum` is the type of a column that names an enum of the schema."""
PORTABLE: Final[tuple[str, ...]] = tuple(dict.fromkeys(name for row in TYPES.values() for name in row.expressions))
"""The names that `default_sql` and `touch` accept beside SQL: `now`, `uuid4`, `uuid7`."""

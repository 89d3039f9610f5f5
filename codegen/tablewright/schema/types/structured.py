"""JSON, arrays, and types with a codec."""

from __future__ import annotations

from types import GenericAlias
from typing import Any, Protocol, TypeVar, cast

import msgspec
from sqlalchemy import Dialect, types as sqltypes
from sqlalchemy.types import TypeEngine

from tablewright.schema import postgresql
from tablewright.schema.types.column_type import ColumnType, Converter
from tablewright.schema.types.compile_source import compile_source
from tablewright.schema.types.inline import Inline
from tablewright.schema.types.text import Enum

__all__ = ["ArrayOf", "Codec", "CodecType", "Json"]

T = TypeVar("T")

_read_list = msgspec.json.Decoder(list[Any]).decode
UNFIT = (msgspec.MsgspecError, TypeError, ValueError, RecursionError)
"""The exceptions of msgspec for values that are not JSON, or of another type."""


class Json(ColumnType[T]):
    """JSON of a *python* value: checked on writing, decoded by msgspec on reading.

    A stored value of another shape raises `msgspec.ValidationError`, naming its path.
    """

    impl = sqltypes.JSON

    def __init__(self, python: type[T]) -> None:
        super().__init__()
        # So that None is SQL NULL.
        self.should_evaluate_none = False
        self.python = python
        self.expected = f"a {getattr(python, '__name__', None) or python}"

    @property
    def python_type(self) -> Any:
        return self.python

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.Text() if dialect.name == "sqlite" else postgresql.JSONB()

    def encoder(self, dialect: Dialect) -> Converter:
        python = self.python
        # msgspec analyses the types of a Struct once, other types on every call.
        holder: Any = msgspec.defstruct("Holder", [("value", python)])
        # Sorted, because SQLite compares the text.
        to_json = msgspec.json.Encoder(order="sorted").encode
        from_json = msgspec.json.Decoder(python).decode
        exact = _one_text_each(python)

        def encode(value: Any) -> Any:
            try:
                encoded = to_json(value)
                # A value that equals its decoded text is of the type, and needs no check of its own.
                if not exact or from_json(encoded) != value:
                    encoded = checked(value)
            except UNFIT:
                encoded = checked(value)
            text = encoded.decode()
            # Searching text is ten times as fast as searching bytes.
            if "\\u0000" in text:
                raise self.invalid_value(dialect, value, "JSON without NUL characters")
            return text

        def checked(value: Any) -> bytes:
            try:
                try:
                    fitting = msgspec.convert({"value": value}, holder).value
                except msgspec.ValidationError:
                    # Convert again, for the path in the message.
                    fitting = msgspec.convert(value, python)
                encoded = to_json(fitting)
                from_json(encoded)
            except UNFIT as error:
                raise self.invalid_value(dialect, value, f"{self.expected}: {error}") from None
            return encoded

        return encode

    def binary(self, stored: str) -> bool:
        return stored == "jsonb"

    def decoding(self, dialect: Dialect) -> Inline:
        if dialect.name == "sqlite":
            return self.decoding_text()
        # The driver has already parsed it.
        return Inline("{convert}({v}, {python})", convert=msgspec.convert, python=self.python)

    def decoding_text(self) -> Inline:
        """Return the conversion from text to Python."""
        return Inline("{decode}({v})", decode=msgspec.json.Decoder(self.python).decode)

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"{column} IS NULL OR json_valid({column})" if dialect_name == "sqlite" else None


def _one_text_each(python: Any) -> bool:
    """Return True if equal values of the type *python* have the same text, unlike 1 and 1.0."""
    try:
        schema = msgspec.json.encode(msgspec.json.schema(python))
    except TypeError:
        # The type has no JSON schema.
        return False
    return b'"number"' not in schema and b'"decimal"' not in schema


def _encoder_of_each(element: ColumnType[Any], dialect: Dialect) -> Converter:
    encode = element.encoder(dialect)
    if encode is None:
        return list
    fast_path = element.fast_path(dialect)
    namespace: dict[str, Any] = {"encode": encode}
    expression = "encode(item)" if fast_path is None else f"{fast_path.source('item', namespace)} else encode(item)"
    source = f"def encode_each(items):\n    return [{expression} for item in items]\n"
    return compile_source(source, f"items of {element!r}", namespace)


class ArrayOf(ColumnType[list[T]]):
    """A list of *element* values, none of them NULL; on SQLite JSON text."""

    impl = sqltypes.JSON
    expected = "a list"

    def __init__(self, element: ColumnType[T]) -> None:
        super().__init__()
        self.element = element

    @property
    def python_type(self) -> Any:
        return GenericAlias(list, self.element.python_type)

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return sqltypes.Text()
        if isinstance(self.element, Enum):
            # Never an array of a native ENUM, which drivers read as one text if they do not know the type.
            values = cast("Enum[Any]", self.element).values
            return postgresql.ARRAY(sqltypes.String(max(map(len, values))))
        return postgresql.ARRAY(self.element.load_dialect_impl(dialect))

    def encoder(self, dialect: Dialect) -> Converter:
        encode_all = _encoder_of_each(self.element, dialect)
        sqlite = dialect.name == "sqlite"

        def encode(value: Any) -> Any:
            if type(value) is not list and not isinstance(value, list | tuple):
                raise self.invalid_value(dialect, value)
            given = cast("list[Any]", value)
            if None in given:
                raise self.invalid_value(dialect, given, "a list without None")
            items = encode_all(given)
            return msgspec.json.encode(items).decode() if sqlite else items

        return encode

    def binary(self, stored: str) -> bool:
        # The name of an array type in Postgres is that of its element with `_` in front.
        return stored.startswith("_") and self.element.binary(stored[1:])

    def decoding(self, dialect: Dialect) -> Inline | None:
        decode = self.element.decoder(dialect)
        items = "{read}({v})" if dialect.name == "sqlite" else "{v}"
        if decode is not None:
            return Inline(f"[{{decode}}(item) for item in {items}]", decode=decode, read=_read_list)
        return Inline(items, read=_read_list) if dialect.name == "sqlite" else None

    def literal_processor(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return super().literal_processor(dialect)
        element = self.element.literal_processor(dialect)
        ddl = dialect.type_compiler_instance.process(self.storage(dialect))

        def process(value: Any) -> str:
            return f"CAST(ARRAY[{', '.join(map(element, value))}] AS {ddl})"

        return process

    def check(self, column: str, dialect_name: str) -> str | None:
        if dialect_name == "sqlite":
            return f"json_type({column}) = 'array'"
        if isinstance(self.element, Enum):
            allowed = cast("Enum[Any]", self.element).quoted_values
            return f"{column} <@ CAST(ARRAY[{allowed}] AS varchar[])"
        return None


class Codec(Protocol[T]):
    """A user's class that stores a T as a value of another column type."""

    def encode(self, value: T) -> Any:
        """Return the value to store."""
        ...

    def decode(self, stored: Any) -> T:
        """Return the value of a *stored* one."""
        ...


class CodecType(ColumnType[T]):
    """A column stored as *stored* whose values *codec* encodes and decodes."""

    impl = sqltypes.NullType

    def __init__(self, codec: Codec[T], stored: ColumnType[Any]) -> None:
        super().__init__()
        self.codec = codec
        self.stored = stored
        self.expected = f"a value for {type(codec).__name__}"

    @property
    def python_type(self) -> Any:
        return Any

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return self.stored.load_dialect_impl(dialect)

    def encoder(self, dialect: Dialect) -> Converter:
        outer, inner = self.codec.encode, self.stored.encoder(dialect)

        def encode(value: Any) -> Any:
            try:
                value = outer(value)
            except (TypeError, ValueError, AttributeError, OverflowError) as error:
                raise self.invalid_value(dialect, value, f"{self.expected}: {error}") from error
            return inner(value) if inner else value

        return encode

    def binary(self, stored: str) -> bool:
        return self.stored.binary(stored)

    def decoding(self, dialect: Dialect) -> Inline:
        inner = self.stored.decoder(dialect)
        if inner is None:
            return Inline("{decode}({v})", decode=self.codec.decode)
        return Inline("{decode}({inner}({v}))", decode=self.codec.decode, inner=inner)

    def check(self, column: str, dialect_name: str) -> str | None:
        return self.stored.check(column, dialect_name)

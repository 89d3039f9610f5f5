"""Strings, bytes, hashes, UUIDs and enums."""

from __future__ import annotations

import enum
import uuid
from typing import Any, TypeVar, cast

from sqlalchemy import Dialect, types as sqltypes
from sqlalchemy.types import TypeEngine

from tablewright.schema import postgresql
from tablewright.schema.types.column_type import ColumnType, Converter
from tablewright.schema.types.inline import Inline

__all__ = ["Bytes", "Enum", "Hash", "String", "Text", "Uuid"]

E = TypeVar("E", bound=enum.Enum)

_new = object.__new__
_set = object.__setattr__
_UNKNOWN = uuid.SafeUUID.unknown


def _from_hex(digits: str) -> uuid.UUID:
    # Like `uuid.UUID(digits)` in half the time, without its checks: the column has 32 digits.
    value = _new(uuid.UUID)
    _set(value, "int", int(digits, 16))
    _set(value, "is_safe", _UNKNOWN)
    return value


class Text(ColumnType[str]):
    """A string of any length, without NUL characters, which Postgres cannot store."""

    impl = sqltypes.Text
    length: int | None = None
    expected = "a string"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.Text()

    def encoder(self, dialect: Dialect) -> Converter:
        length = self.length

        def encode(value: Any) -> Any:
            if type(value) is not str:
                if not isinstance(value, str):
                    raise self.invalid_value(dialect, value)
                value = str.__str__(value)
            if length is not None and len(value) > length:
                raise self.invalid_value(dialect, value, f"a string of at most {length} characters")
            if "\0" in value:
                raise self.invalid_value(dialect, value, "a string without NUL characters")
            if not value.isascii():
                try:
                    value.encode()
                except UnicodeEncodeError:
                    raise self.invalid_value(dialect, value, "a string of Unicode characters") from None
            return value

        return encode

    def fast_path(self, dialect: Dialect) -> Inline:
        within = "" if self.length is None else f" and len({{v}}) <= {self.length}"
        return Inline("{v} if type({v}) is str and {v}.isascii() and '\\0' not in {v}" + within)

    def binary(self, stored: str) -> bool:
        return stored in ("text", "varchar")

    def comparison_type(self) -> TypeEngine[Any] | None:
        return None if self.length is None else Text()


class String(Text):
    """A string of at most *length* characters."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length
        self.expected = f"a string of at most {length} characters"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.String(self.length)

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"length({column}) <= {self.length}" if dialect_name == "sqlite" else None


class Bytes(ColumnType[bytes]):
    """Bytes of any length."""

    impl = sqltypes.LargeBinary
    nbytes: int | None = None
    expected = "bytes"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.LargeBinary()

    def encoder(self, dialect: Dialect) -> Converter:
        nbytes = self.nbytes

        def encode(value: Any) -> Any:
            if not isinstance(value, bytes | bytearray | memoryview):
                raise self.invalid_value(dialect, value)
            stored = bytes(cast("bytes", value))
            if nbytes is not None and len(stored) != nbytes:
                raise self.invalid_value(dialect, stored)
            return stored

        return encode

    def fast_path(self, dialect: Dialect) -> Inline:
        whole = "" if self.nbytes is None else f" and len({{v}}) == {self.nbytes}"
        return Inline("{v} if type({v}) is bytes" + whole)

    def binary(self, stored: str) -> bool:
        return stored == "bytea"

    def comparison_type(self) -> TypeEngine[Any] | None:
        return None if self.nbytes is None else Bytes()


class Hash(Bytes):
    """Exactly *nbytes* bytes."""

    def __init__(self, nbytes: int) -> None:
        super().__init__()
        self.nbytes = nbytes
        self.expected = f"{nbytes} bytes"

    def check(self, column: str, dialect_name: str) -> str | None:
        measure = "length" if dialect_name == "sqlite" else "octet_length"
        return f"{measure}({column}) = {self.nbytes}"


class Uuid(ColumnType[uuid.UUID]):
    """A UUID; on SQLite 32 hexadecimal digits."""

    impl = sqltypes.Uuid
    expected = "a UUID"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.CHAR(32) if dialect.name == "sqlite" else postgresql.UUID()

    def encoder(self, dialect: Dialect) -> Converter:
        sqlite = dialect.name == "sqlite"

        def encode(value: Any) -> Any:
            if not isinstance(value, uuid.UUID):
                raise self.invalid_value(dialect, value)
            return value.hex if sqlite else value

        return encode

    def fast_path(self, dialect: Dialect) -> Inline:
        text = "'%032x' % {v}.int" if dialect.name == "sqlite" else "{v}"
        return Inline(text + " if type({v}) is {UUID}", UUID=uuid.UUID)

    def binary(self, stored: str) -> bool:
        return stored == "uuid"

    def decoding(self, dialect: Dialect) -> Inline | None:
        return Inline("{from_hex}({v})", from_hex=_from_hex) if dialect.name == "sqlite" else None

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"length({column}) = 32" if dialect_name == "sqlite" else None


class Enum(ColumnType[E]):
    """A member of *enum*, stored by value: a checked VARCHAR, or with *native* a Postgres ENUM."""

    impl = sqltypes.String

    def __init__(self, enum: type[E], *, native: str | None = None) -> None:
        super().__init__()
        self.enum = enum
        self.native = native
        """The name of the Postgres type."""
        self.expected = f"a {enum.__name__}"
        self.values = tuple(str(member.value) for member in enum)
        if native is not None:
            # Inside a TypeDecorator SQLAlchemy still creates and drops the ENUM with its tables.
            self.impl_instance = sqltypes.Enum(*self.values, name=native)

    @property
    def python_type(self) -> Any:
        return self.enum

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        if self.native is not None and dialect.name == "postgresql":
            return postgresql.ENUM(*self.values, name=self.native, create_type=False)
        return sqltypes.String(max(map(len, self.values)))

    def encoder(self, dialect: Dialect) -> Converter:
        members = self.enum
        by_value = {member.value: str(member.value) for member in members}

        def encode(value: Any) -> Any:
            try:
                # Members of a StrEnum equal their values.
                return by_value[value]
            except (KeyError, TypeError):
                if isinstance(value, members):
                    return str(value.value)
                raise self.invalid_value(dialect, value) from None

        return encode

    def fast_path(self, dialect: Dialect) -> Inline | None:
        if not all(type(member.value) is str for member in self.enum):
            return None
        return Inline("{v}._value_ if type({v}) is {Enum}", Enum=self.enum)

    def binary(self, stored: str) -> bool:
        return stored in ("text", "varchar", "enum")

    def decoding(self, dialect: Dialect) -> Inline:
        return Inline("{members}[{v}]", members={str(member.value): member for member in self.enum})

    def check(self, column: str, dialect_name: str) -> str | None:
        if self.native is not None and dialect_name == "postgresql":
            return None
        return f"{column} IN ({self.quoted_values})"

    @property
    def quoted_values(self) -> str:
        """The values as a list of SQL literals."""
        return ", ".join("'" + value.replace("'", "''") + "'" for value in self.values)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        # `like` and similar operators compare with any string.
        return self if isinstance(value, self.enum) or value in self.values else Text()

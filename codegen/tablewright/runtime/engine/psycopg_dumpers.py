"""Dumpers that send JSON text and lists of text in binary; loaded by the first COPY."""

from __future__ import annotations

from struct import Struct
from typing import Any

from psycopg import postgres
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_TYPES = postgres.types
_LENGTH = Struct("!i").pack
_ARRAY = Struct("!iiIii").pack
"""Dimensions, a flag for NULLs, the type of the elements, their number, and the index of the first one."""
_EMPTY_ARRAY = Struct("!iiI").pack


class JsonText(Dumper):
    """The text of a JSON value, as jsonb."""

    format = Format.BINARY
    oid = _TYPES["jsonb"].oid

    def dump(self, obj: str) -> Buffer:
        """Return a version number, then the text."""
        return b"\x01" + obj.encode()


class TextArray(Dumper):
    """A list of strings, as text[]; psycopg's own dumper accepts lists of anything, and is slower."""

    format = Format.BINARY
    oid = _TYPES["text"].array_oid
    element_oid = _TYPES["text"].oid

    def __init__(self, cls: type, context: AdaptContext | None = None) -> None:
        super().__init__(cls, context)
        self._encoding = self.connection.info.encoding if self.connection else "utf-8"

    def dump(self, obj: list[str]) -> Buffer:
        """Return each string after its length."""
        if not obj:
            return _EMPTY_ARRAY(0, 0, self.element_oid)
        encoding = self._encoding
        items = [_LENGTH(len(data := text.encode(encoding))) + data for text in obj]
        return _ARRAY(1, 0, self.element_oid, len(items), 1) + b"".join(items)


class VarcharArray(TextArray):
    """A list of strings, as varchar[]."""

    oid = _TYPES["varchar"].array_oid
    element_oid = _TYPES["varchar"].oid


def register(cursor: Any) -> None:
    """Let *cursor* send binary values of these types by these classes."""
    cursor.adapters.register_dumper(None, JsonText)
    cursor.adapters.register_dumper(None, TextArray)
    cursor.adapters.register_dumper(None, VarcharArray)

"""Page cursors: the beginning or end of a page, as opaque text that fits in a URL."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy.exc import InvalidRequestError

from tablewright.runtime.errors import CursorError

_WRITE: dict[type, tuple[str, Callable[[Any], Any]]] = {
    bool: ("b", bool),
    int: ("i", str),
    str: ("s", str),
    float: ("f", float.hex),
    decimal.Decimal: ("d", str),
    dt.datetime: ("m", dt.datetime.isoformat),
    dt.date: ("y", dt.date.isoformat),
    dt.time: ("t", dt.time.isoformat),
    dt.timedelta: ("l", lambda value: str(value // dt.timedelta(microseconds=1))),
    uuid.UUID: ("u", str),
    bytes: ("x", bytes.hex),
}
_READ: dict[str, Callable[[Any], Any]] = {
    "b": bool,
    "i": int,
    "s": str,
    "f": float.fromhex,
    "d": decimal.Decimal,
    "m": dt.datetime.fromisoformat,
    "y": dt.date.fromisoformat,
    "t": dt.time.fromisoformat,
    "l": lambda value: dt.timedelta(microseconds=int(value)),
    "u": uuid.UUID,
    "x": bytes.fromhex,
}


def write_cursor(signature: str, values: Sequence[object]) -> str:
    """Return the cursor of a row with these *values*; *signature* identifies the table and the order."""
    written = [None if value is None else _written(value) for value in values]
    return base64.urlsafe_b64encode(msgspec.json.encode([signature, written])).decode().rstrip("=")


def _written(value: object) -> list[Any]:
    if isinstance(value, enum.Enum):
        value = value.value
    for kind in type(value).__mro__:
        if kind in _WRITE:
            tag, write = _WRITE[kind]
            return [tag, write(value)]
    raise InvalidRequestError(f"Rows cannot be paged by a {type(value).__name__}.")


def read_cursor(signature: str, cursor: str, length: int) -> list[Any]:
    """Return the values in *cursor*. Raise `CursorError` if it is invalid or of another order."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True)
        given, written = msgspec.json.decode(text, type=tuple[str, list[tuple[str, str | bool] | None]])
        values = [None if item is None else _READ[item[0]](item[1]) for item in written]
    except (binascii.Error, msgspec.MsgspecError, ValueError, KeyError, ArithmeticError, TypeError) as error:
        raise CursorError("This is not a page cursor.") from error
    if given != signature or len(values) != length:
        raise CursorError("This cursor belongs to another table or another order.")
    return values

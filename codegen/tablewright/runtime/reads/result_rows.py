"""`session.rows`: the result of any SELECT as typed rows."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, TypeVar

import msgspec
from sqlalchemy import CursorResult, Executable, Row, SelectBase
from sqlalchemy.exc import InvalidRequestError

from tablewright.runtime.transaction.gate import GatedSession

T = TypeVar("T")


def result_rows(session: GatedSession, statement: Executable, row_type: type[T]) -> list[T]:
    """Return the rows of *statement* as *row_type*: a msgspec Struct, a dataclass or a NamedTuple.

    Columns and fields are matched by name. Raise `InvalidRequestError` if they differ.
    """
    with session.gate as connection:
        result = connection.execute(statement)
        if not result.returns_rows:
            raise InvalidRequestError("This statement returns no rows.")
        fields: Any = row_type
        build: Callable[[Sequence[Row[Any]]], list[T]] = _builder(_names(statement, result), fields)
        return build(result.fetchall())


def _names(statement: Executable, result: CursorResult[Any]) -> tuple[str, ...]:
    # By the attribute of a column, which can differ from its name in the database.
    if isinstance(statement, SelectBase):
        return tuple(column.key or column.name for column in statement.selected_columns)
    return tuple(result.keys())


@functools.lru_cache(maxsize=1000)
def _builder(names: tuple[str, ...], row_type: Any) -> Callable[[Sequence[Row[Any]]], list[Any]]:
    fields, keyword_only = _fields(row_type)
    if len(set(names)) != len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise InvalidRequestError(f"The statement has several columns named {', '.join(repeated)}: give them labels.")
    unknown = [name for name in names if name not in fields]
    absent = [name for name, required in fields.items() if required and name not in names]
    if unknown or absent:
        problems = [f"{row_type.__name__} has no field {', '.join(unknown)}"] if unknown else []
        problems += [f"the statement has no column {', '.join(absent)}"] if absent else []
        raise InvalidRequestError(f"The statement and {row_type.__name__} do not match: {'; '.join(problems)}.")
    leading = tuple(fields)[: len(names)]
    if keyword_only or set(leading) != set(names):
        return lambda rows: [row_type(**dict(zip(names, row, strict=True))) for row in rows]
    if leading == names:
        return lambda rows: [row_type(*row) for row in rows]
    arrange = itemgetter(*(names.index(name) for name in leading))
    return lambda rows: [row_type(*arrange(row)) for row in rows]


def _fields(row_type: Any) -> tuple[dict[str, bool], bool]:
    # Each field with True if it is required; True if fields are keyword-only.
    if issubclass(row_type, msgspec.Struct):
        required_fields = {field.name: field.required for field in msgspec.structs.fields(row_type)}
        # Keyword-only fields are missing in `__match_args__`.
        return required_fields, tuple(required_fields) != row_type.__match_args__
    if dataclasses.is_dataclass(row_type):
        members = [field for field in dataclasses.fields(row_type) if field.init]
        missing = dataclasses.MISSING
        required = {f.name: f.default is missing and f.default_factory is missing for f in members}
        return required, any(field.kw_only for field in members)
    names: tuple[str, ...] | None = getattr(row_type, "_fields", None)
    if names is not None:
        defaults: dict[str, Any] = getattr(row_type, "_field_defaults", {})
        return {name: name not in defaults for name in names}, False
    raise TypeError(f"{row_type.__name__} is not a msgspec Struct, a dataclass or a NamedTuple.")

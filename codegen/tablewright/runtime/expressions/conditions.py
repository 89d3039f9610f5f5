"""What callers pass to say which rows and in which order, checked before it becomes SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeAlias, cast
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.exc import ArgumentError
from sqlalchemy.sql.expression import SQLColumnExpression

PLAIN = frozenset(
    {int, str, float, bool, bytes, type(None), Decimal, UUID, dt.date, dt.datetime, dt.time, dt.timedelta}
)
"""Types of values that are one value each, and no SQL; asking each value whether it is some takes longer."""

Where: TypeAlias = SQLColumnExpression[bool]
"""A condition, on entities (`Book.price < 10`) or columns (`session.book.c.price < 10`)."""
Order: TypeAlias = SQLColumnExpression[Any]
"""What rows are ordered by: a column, an expression, or one of them with `.desc()`."""
Lock: TypeAlias = Literal["update", "share"]
"""A row lock: FOR UPDATE or FOR SHARE; nothing on SQLite, where a writer holds the whole file."""


class AllRows:
    """The type of `ALL_ROWS`."""

    def __repr__(self) -> str:
        return "ALL_ROWS"


ALL_ROWS = AllRows()
"""In place of a condition of `update_where` or `delete_where`: every row, on purpose."""


def as_element(value: Any) -> Any:
    """The SQL that *value* stands for (`Book.price` stands for its column); any other value as it is."""
    return value.__clause_element__() if hasattr(value, "__clause_element__") else value


def conditions(where: Iterable[object]) -> list[ColumnElement[bool]]:
    """*where* as SQL; `ArgumentError` for what Python has evaluated already (`Book.price is None`)."""
    found: list[ColumnElement[bool]] = []
    for condition in where:
        element = as_element(condition)
        if not isinstance(element, ColumnElement):
            raise ArgumentError(f"A condition is an SQL expression such as `Book.price < 10`, not {condition!r}.")
        found.append(cast("ColumnElement[Any]", element))
    return found


def required_conditions(where: Sequence[object]) -> list[ColumnElement[bool]]:
    """The conditions of a write to many rows; `ArgumentError` when there are none and nobody said `ALL_ROWS`."""
    if any(isinstance(condition, AllRows) for condition in where):
        if len(where) > 1:
            raise ArgumentError("ALL_ROWS stands alone: a condition beside it would be ignored.")
        return []
    if not where:
        raise ArgumentError("Without a condition this would write every row; say ALL_ROWS if that is meant.")
    return conditions(where)


def orders(order_by: object) -> list[ColumnElement[Any]]:
    """*order_by*, one term or several, as SQL."""
    terms = cast("Sequence[object]", order_by) if isinstance(order_by, list | tuple) else (order_by,)
    found: list[ColumnElement[Any]] = []
    for term in terms:
        element = as_element(term)
        if not isinstance(element, ColumnElement):
            raise ArgumentError(f"An order is a column or SQL expression such as `Book.price.desc()`, not {term!r}.")
        found.append(cast("ColumnElement[Any]", element))
    return found

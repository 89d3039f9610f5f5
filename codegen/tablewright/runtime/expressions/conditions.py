"""Conditions and orders that callers pass, checked before they become SQL."""

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
"""Types of single values that are not SQL. Testing each value for SQL would take longer."""

Where: TypeAlias = SQLColumnExpression[bool]
"""A condition, on entities (`Book.price < 10`) or columns (`session.book.c.price < 10`)."""
Order: TypeAlias = SQLColumnExpression[Any]
"""A term of an order: a column or an expression, also with `.desc()`."""
Lock: TypeAlias = Literal["update", "share"]
"""A row lock: FOR UPDATE or FOR SHARE; nothing on SQLite, where a writer holds the whole file."""


class AllRows:
    """The type of `ALL_ROWS`."""

    def __repr__(self) -> str:
        return "ALL_ROWS"


ALL_ROWS = AllRows()
"""Passed to `update_where` or `delete_where` in place of a condition: every row, on purpose."""


def as_element(value: Any) -> Any:
    """Return the SQL of *value* (for `Book.price` its column), or *value* itself if it is not SQL."""
    return value.__clause_element__() if hasattr(value, "__clause_element__") else value


def conditions(where: Iterable[object]) -> list[ColumnElement[bool]]:
    """Return *where* as SQL. Raise `ArgumentError` for what Python has evaluated already (`Book.price is None`)."""
    elements: list[ColumnElement[bool]] = []
    for condition in where:
        element = as_element(condition)
        if not isinstance(element, ColumnElement):
            raise ArgumentError(f"A condition is an SQL expression such as `Book.price < 10`, not {condition!r}.")
        elements.append(cast("ColumnElement[Any]", element))
    return elements


def required_conditions(where: Sequence[object]) -> list[ColumnElement[bool]]:
    """Return the conditions of a write to many rows. Raise `ArgumentError` without conditions or `ALL_ROWS`."""
    if any(isinstance(condition, AllRows) for condition in where):
        if len(where) > 1:
            raise ArgumentError("ALL_ROWS cannot be combined with conditions: they would be ignored.")
        return []
    if not where:
        raise ArgumentError("Without a condition this would write every row. Pass ALL_ROWS if that is intended.")
    return conditions(where)


def orders(order_by: object) -> list[ColumnElement[Any]]:
    """Return *order_by*, one term or several, as SQL."""
    terms = cast("Sequence[object]", order_by) if isinstance(order_by, list | tuple) else (order_by,)
    elements: list[ColumnElement[Any]] = []
    for term in terms:
        element = as_element(term)
        if not isinstance(element, ColumnElement):
            raise ArgumentError(f"An order is a column or SQL expression such as `Book.price.desc()`, not {term!r}.")
        elements.append(cast("ColumnElement[Any]", element))
    return elements

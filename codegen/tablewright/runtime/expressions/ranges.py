"""Conditions on ranges, typed, with the same answers on both engines: `overlaps`, `contains`, `before`, `after`, …

An operand is a column or expression of a range (`Shift.turn`, `session.shift.c.turn`) or a `Range`. What is asked of
NULL is NULL. Two values compare without a database: `Range.overlaps`, `Range.contains`, …
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar, cast

from sqlalchemy import ColumnElement, and_, bindparam
from sqlalchemy.exc import ArgumentError
from sqlalchemy.sql.expression import SQLColumnExpression
from sqlalchemy.types import Boolean

from tablewright.runtime.expressions.conditions import as_element
from tablewright.schema import range_sql
from tablewright.schema.range import Ordered, Range
from tablewright.schema.types import CodecType, ColumnType, RangeOf

T = TypeVar("T", bound=Ordered)

Ranges: TypeAlias = SQLColumnExpression[Range[T] | None]
"""A column or expression that gives ranges."""
Elements: TypeAlias = SQLColumnExpression[T | None]
"""A column or expression that gives values which may be in a range."""


def overlaps(a: Ranges[T] | Range[T], b: Ranges[T] | Range[T] | None) -> ColumnElement[bool]:
    """Whether *a* and *b* have a value in common; the empty range overlaps none."""
    return range_sql.Overlaps(*_ranges(a, b), type_=Boolean())


def contains(a: Ranges[T] | Range[T], b: Ranges[T] | Range[T] | Elements[T] | T | None) -> ColumnElement[bool]:
    """Whether every value of *b*, or *b* itself, is one of *a*; the empty range is in all."""
    if _is_element(a, b):
        of, value = _range_and_element(a, b)
        return range_sql.ContainsElement(of, value, type_=Boolean())
    return range_sql.Contains(*_ranges(a, b), type_=Boolean())


def before(a: Ranges[T] | Range[T], b: Ranges[T] | Range[T] | Elements[T] | T | None) -> ColumnElement[bool]:
    """Whether all of *a* is less than *b*, a range or a value; never where a range is empty."""
    if _is_element(a, b):
        of, value = _range_and_element(a, b)
        return range_sql.Before(of, range_sql.StartingAt(value, type_=_type_of(of)), type_=Boolean())
    return range_sql.Before(*_ranges(a, b), type_=Boolean())


def after(a: Ranges[T] | Range[T], b: Ranges[T] | Range[T] | Elements[T] | T | None) -> ColumnElement[bool]:
    """Whether all of *a* is greater than *b*, a range or a value; never where a range is empty."""
    if _is_element(a, b):
        of, value = _range_and_element(a, b)
        # Not after a range up to *b*, with it: Postgres would look for the next value, and the last has none.
        less = range_sql.EndingBefore(value, type_=_type_of(of))
        return and_(range_sql.Before(less, of, type_=Boolean()), ~range_sql.ContainsElement(of, value, type_=Boolean()))
    one, other = _ranges(a, b)
    return range_sql.Before(other, one, type_=Boolean())


def lower(a: Ranges[T]) -> ColumnElement[T | None]:
    """The lower bound of *a*; NULL where it has none, or is empty."""
    of = _expression(a)
    return range_sql.Lower(of, type_=_type_of(of).element)


def upper(a: Ranges[T]) -> ColumnElement[T | None]:
    """The upper bound of *a*, which a range of integers or dates stops before; NULL where it has none, or is empty."""
    of = _expression(a)
    return range_sql.Upper(of, type_=_type_of(of).element)


def is_empty(a: Ranges[Any]) -> ColumnElement[bool]:
    """Whether *a* is the empty range."""
    return range_sql.IsEmpty(_expression(a), type_=Boolean())


def _is_element(a: object, b: object) -> bool:
    if b is None or isinstance(b, Range):
        return False
    value = _sql(b)
    if value is not None:
        return range_sql.range_type(value) is None
    # Through a codec a value is what the codec makes a range of.
    of = _sql(a)
    return of is None or not isinstance(of.type, CodecType)


def _ranges(a: object, b: object) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Both operands as SQL that gives ranges of one type."""
    one, other = _sql(a), _sql(b)
    beside = other if one is None else one
    if beside is None:
        raise ArgumentError(f"Neither {a!r} nor {b!r} is SQL; values compare by themselves: a.overlaps(b).")
    one = _bound(a, beside) if one is None else one
    other = _bound(b, beside) if other is None else other
    mine, its = _type_of(one), _type_of(other)
    if not mine.comparable_with(its):
        raise ArgumentError(f"{one} is a {mine!r}, {other} a {its!r}: only ranges of the same bounds compare.")
    return one, other


def _range_and_element(a: object, b: object) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """A range and a value that may be in it, as SQL."""
    of, value = _sql(a), _sql(b)
    if of is None:
        if value is None:
            raise ArgumentError(f"Neither {a!r} nor {b!r} is SQL; values compare by themselves: a.contains(b).")
        kind = _kind(value)
        if kind is None:
            raise ArgumentError(f"What {value} is compared as is not known: give it a type with `type_coerce`.")
        return bindparam(None, a, type_=RangeOf(kind), unique=True), value
    bounds = _type_of(of)
    if value is None:
        return of, bindparam(None, b, type_=bounds.element, unique=True)
    kind = _kind(value)
    if kind is not None and not bounds.bounded_by(kind):
        raise ArgumentError(f"{of} has bounds of {bounds.element!r}, {value} is a {kind!r}: they do not compare.")
    return of, value


def _sql(operand: object) -> ColumnElement[Any] | None:
    """*operand* as SQL, or None for a value."""
    found = as_element(operand)
    return cast("ColumnElement[Any]", found) if isinstance(found, ColumnElement) else None


def _kind(value: ColumnElement[Any]) -> ColumnType[Any] | None:
    """How *value* is stored, or None where a type of ours does not say it."""
    found = range_sql.innermost(value.type)
    return cast("ColumnType[Any]", found) if isinstance(found, ColumnType) else None


def _bound(value: object, beside: ColumnElement[Any]) -> ColumnElement[Any]:
    """*value* as a parameter of the type of the ranges that it is compared with."""
    plain = value is None or isinstance(value, Range)
    return bindparam(None, value, type_=_type_of(beside) if plain else beside.type, unique=True)


def _expression(a: object) -> ColumnElement[Any]:
    found = _sql(a)
    if found is None:
        raise ArgumentError(f"{a!r} is no column or expression; a Range has its bounds itself: a.lower.")
    return found


def _type_of(expression: ColumnElement[Any]) -> RangeOf:
    found = range_sql.range_type(expression)
    if found is None:
        raise ArgumentError(f"{expression} is not a range: its type is {expression.type!r}.")
    return found

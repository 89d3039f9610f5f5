"""Typed conditions on ranges with the same results on every database: `overlaps`, `contains`, `before`, `after`, …

An operand is a column or expression of a range (`Shift.turn`, `session.shift.c.turn`) or a `Range`. The result for
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
"""A column or expression of ranges."""
Elements: TypeAlias = SQLColumnExpression[T | None]
"""A column or expression of values that may be in a range."""


def overlaps(a: Ranges[T] | Range[T], b: Ranges[T] | Range[T] | None) -> ColumnElement[bool]:
    """Return the condition that *a* and *b* have a value in common. The empty range overlaps none."""
    return range_sql.Overlaps(*_ranges(a, b), type_=Boolean())


def contains(a: Ranges[T] | Range[T], b: Ranges[T] | Range[T] | Elements[T] | T | None) -> ColumnElement[bool]:
    """Return the condition that *a* contains *b*, a range or a value. Every range contains the empty one."""
    if _is_element(a, b):
        of, value = _range_and_element(a, b)
        return range_sql.ContainsElement(of, value, type_=Boolean())
    return range_sql.Contains(*_ranges(a, b), type_=Boolean())


def before(a: Ranges[T] | Range[T], b: Ranges[T] | Range[T] | Elements[T] | T | None) -> ColumnElement[bool]:
    """Return the condition that all of *a* is less than *b*, a range or a value. False for the empty range."""
    if _is_element(a, b):
        of, value = _range_and_element(a, b)
        return range_sql.Before(of, range_sql.StartingAt(value, type_=_type_of(of)), type_=Boolean())
    return range_sql.Before(*_ranges(a, b), type_=Boolean())


def after(a: Ranges[T] | Range[T], b: Ranges[T] | Range[T] | Elements[T] | T | None) -> ColumnElement[bool]:
    """Return the condition that all of *a* is greater than *b*, a range or a value. False for the empty range."""
    if _is_element(a, b):
        of, value = _range_and_element(a, b)
        # Not "after the range that ends with *b*": Postgres would compute the next value, and the last has none.
        less = range_sql.EndingBefore(value, type_=_type_of(of))
        return and_(range_sql.Before(less, of, type_=Boolean()), ~range_sql.ContainsElement(of, value, type_=Boolean()))
    one, other = _ranges(a, b)
    return range_sql.Before(other, one, type_=Boolean())


def lower(a: Ranges[T]) -> ColumnElement[T | None]:
    """Return the lower bound of *a*. NULL if *a* is unbounded or empty."""
    of = _expression(a)
    return range_sql.Lower(of, type_=_type_of(of).element)


def upper(a: Ranges[T]) -> ColumnElement[T | None]:
    """Return the upper bound of *a*, exclusive for integers and dates. NULL if *a* is unbounded or empty."""
    of = _expression(a)
    return range_sql.Upper(of, type_=_type_of(of).element)


def is_empty(a: Ranges[Any]) -> ColumnElement[bool]:
    """Return the condition that *a* is the empty range."""
    return range_sql.IsEmpty(_expression(a), type_=Boolean())


def _is_element(a: object, b: object) -> bool:
    if b is None or isinstance(b, Range):
        return False
    value = _sql(b)
    if value is not None:
        return range_sql.range_type(value) is None
    # The values of a codec are not ranges; it encodes them as ranges.
    of = _sql(a)
    return of is None or not isinstance(of.type, CodecType)


def _ranges(a: object, b: object) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return both operands as SQL, ranges of one type."""
    one, other = _sql(a), _sql(b)
    other_range = other if one is None else one
    if other_range is None:
        raise ArgumentError(f"Neither {a!r} nor {b!r} is SQL. Compare values without a database: a.overlaps(b).")
    one = _bound(a, other_range) if one is None else one
    other = _bound(b, other_range) if other is None else other
    first_type, second_type = _type_of(one), _type_of(other)
    if not first_type.comparable_with(second_type):
        raise ArgumentError(f"{one} is a {first_type!r}, {other} a {second_type!r}: their bounds have different types.")
    return one, other


def _range_and_element(a: object, b: object) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return a range and a value that may be in it, as SQL."""
    of, value = _sql(a), _sql(b)
    if of is None:
        if value is None:
            raise ArgumentError(f"Neither {a!r} nor {b!r} is SQL. Compare values without a database: a.contains(b).")
        kind = _kind(value)
        if kind is None:
            raise ArgumentError(f"The type of {value} is unknown: give it one with `type_coerce`.")
        return bindparam(None, a, type_=RangeOf(kind), unique=True), value
    bounds = _type_of(of)
    if value is None:
        return of, bindparam(None, b, type_=bounds.element, unique=True)
    kind = _kind(value)
    if kind is not None and not bounds.bounded_by(kind):
        raise ArgumentError(f"{of} has bounds of {bounds.element!r}, {value} is a {kind!r}: they do not compare.")
    return of, value


def _sql(operand: object) -> ColumnElement[Any] | None:
    """Return *operand* as SQL, or None for a value."""
    element = as_element(operand)
    return cast("ColumnElement[Any]", element) if isinstance(element, ColumnElement) else None


def _kind(value: ColumnElement[Any]) -> ColumnType[Any] | None:
    """Return the column type of *value*, or None if its type is not one of ours."""
    element = range_sql.innermost(value.type)
    return cast("ColumnType[Any]", element) if isinstance(element, ColumnType) else None


def _bound(value: object, other_range: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return *value* as a parameter of the type of the ranges that it is compared with."""
    plain = value is None or isinstance(value, Range)
    return bindparam(None, value, type_=_type_of(other_range) if plain else other_range.type, unique=True)


def _expression(a: object) -> ColumnElement[Any]:
    element = _sql(a)
    if element is None:
        raise ArgumentError(f"{a!r} is not a column or expression. A Range has its bounds as attributes: a.lower.")
    return element


def _type_of(expression: ColumnElement[Any]) -> RangeOf:
    element = range_sql.range_type(expression)
    if element is None:
        raise ArgumentError(f"{expression} is not a range: its type is {expression.type!r}.")
    return element

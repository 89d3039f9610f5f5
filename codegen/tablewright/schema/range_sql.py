"""Expressions over ranges: operators on Postgres, on SQLite comparisons of the bounds in the JSON text."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from sqlalchemy import BinaryExpression, ColumnElement, UnaryExpression, types as sqltypes
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from tablewright.schema.types.column_type import DdlOverride
from tablewright.schema.types.range import RangeOf
from tablewright.schema.types.structured import CodecType

T = TypeVar("T")
EMPTY = "'\"empty\"'"


def innermost(column_type: object) -> object:
    """Return the type that stores the values of *column_type*, without DDL overrides and codecs."""
    while isinstance(column_type, DdlOverride | CodecType):
        wrapped = cast("DdlOverride[Any] | CodecType[Any]", column_type)
        column_type = wrapped.inner if isinstance(wrapped, DdlOverride) else wrapped.stored
    return column_type


def range_type(expression: Any) -> RangeOf | None:
    """Return the type of an *expression* of ranges, or None for other expressions."""
    column_type = innermost(expression.type)
    return column_type if isinstance(column_type, RangeOf) else None


# SQL for SQLite. NULL and empty ranges extend from the least bound to the greatest, so that an index over bounds
# finds them: the CASE after the comparisons decides their result.


def low(text: str) -> str:
    """Return SQL for the lower bound of the range *text*; without one, a value less than every number and text."""
    return f"coalesce(json_extract({text}, '$[0]'), -9e999)"


def high(text: str) -> str:
    """Return SQL for the upper bound of the range *text*; without one, a value greater than every number and text."""
    return f"coalesce(json_extract({text}, '$[1]'), X'')"


def overlap(a: str, b: str) -> str:
    """Return the SQL condition that two ranges overlap."""
    return _meeting(a, b, f"{a} = {EMPTY} OR {b} = {EMPTY} THEN 0", f"NOT ({_ends_at(a, b)} OR {_ends_at(b, a)})")


def _meeting(a: str, b: str, empty: str, then: str) -> str:
    nulls = f"{a} IS NULL OR {b} IS NULL THEN NULL"
    judged = f"CASE WHEN {nulls} WHEN {empty} ELSE {then} END"
    return f"({low(a)} <= {high(b)} AND {low(b)} <= {high(a)} AND {judged})"


def _containing(a: str, b: str) -> str:
    lower = f"({low(a)} < {low(b)} OR {low(a)} = {low(b)} AND ({_opens(a)} OR NOT {_opens(b)}))"
    upper = f"({high(b)} < {high(a)} OR {high(a)} = {high(b)} AND ({_closes(a)} OR NOT {_closes(b)}))"
    return _meeting(a, b, f"{b} = {EMPTY} THEN 1 WHEN {a} = {EMPTY} THEN 0", f"{lower} AND {upper}")


def _preceding(a: str, b: str) -> str:
    nulls, empty = f"{a} IS NULL OR {b} IS NULL THEN NULL", f"{a} = {EMPTY} OR {b} = {EMPTY} THEN 0"
    return f"(CASE WHEN {nulls} WHEN {empty} ELSE {high(a)} < {low(b)} OR {_ends_at(a, b)} END)"


def _ends_at(a: str, b: str) -> str:
    # Two ranges that touch overlap only if both include the bound.
    return f"({high(a)} = {low(b)} AND NOT ({_closes(a)} AND {_opens(b)}))"


def _opens(text: str) -> str:
    return f"json_extract({text}, '$[2]') IN ('[)', '[]')"


def _closes(text: str) -> str:
    return f"json_extract({text}, '$[2]') IN ('[]', '(]')"


# Expressions.


class RangeExpression(FunctionElement[T]):
    """An expression over one or two ranges."""

    inherit_cache = True

    def __init__(self, *operands: ColumnElement[Any], type_: sqltypes.TypeEngine[T]) -> None:
        super().__init__(*operands)
        self.type = type_

    def self_group(self, against: Any = None) -> Any:
        # It has its own parentheses. SQLAlchemy would compare it with 1 on SQLite, which prevents the use of an index.
        return self


class Overlaps(RangeExpression[bool]):
    """Whether two ranges have a value in common."""

    name = "overlaps"
    inherit_cache = True


class Contains(RangeExpression[bool]):
    """Whether a range contains all values of another."""

    name = "contains"
    inherit_cache = True


class ContainsElement(RangeExpression[bool]):
    """Whether a range contains a value."""

    name = "contains"
    inherit_cache = True


class Before(RangeExpression[bool]):
    """Whether a range ends before another begins."""

    name = "before"
    inherit_cache = True


class StartingAt(RangeExpression[Any]):
    """The range of all values from a given one on; NULL for NULL."""

    name = "starting_at"
    inherit_cache = True


class EndingBefore(RangeExpression[Any]):
    """The range of all values less than a given one; NULL for NULL."""

    name = "ending_before"
    inherit_cache = True


class Lower(RangeExpression[T]):
    """The lower bound of a range."""

    name = "lower"
    inherit_cache = True


class Upper(RangeExpression[T]):
    """The upper bound of a range."""

    name = "upper"
    inherit_cache = True


class IsEmpty(RangeExpression[bool]):
    """Whether a range is empty."""

    name = "is_empty"
    inherit_cache = True


def _operands(element: RangeExpression[Any], compiler: Any, options: dict[str, Any]) -> list[str]:
    # The result contains the whole expression, not a column of it.
    options = options | {"add_to_result_map": None, "within_columns_clause": False}
    texts: list[str] = []
    for operand in element.clauses:
        text = compiler.process(operand, **options)
        texts.append(f"({text})" if isinstance(operand, BinaryExpression | UnaryExpression) else text)
    return texts


def _cast(element: RangeExpression[Any], operand: str, compiler: Any) -> str:
    bounds = range_type(element) or range_type(next(iter(element.clauses)))
    assert bounds is not None
    return f"CAST({operand} AS {compiler.dialect.type_compiler_instance.process(bounds.bound_storage())})"


@compiles(Overlaps, "postgresql")
@compiles(Contains, "postgresql")
@compiles(Before, "postgresql")
def _operator(element: RangeExpression[bool], compiler: Any, **options: Any) -> str:
    sign = {"overlaps": "&&", "contains": "@>", "before": "<<"}[element.name]
    one, other = _operands(element, compiler, options)
    return f"({one} {sign} {other})"


@compiles(ContainsElement, "postgresql")
def _element(element: ContainsElement, compiler: Any, **options: Any) -> str:
    one, other = _operands(element, compiler, options)
    return f"({one} @> {_cast(element, other, compiler)})"


@compiles(StartingAt, "postgresql")
@compiles(EndingBefore, "postgresql")
def _half(element: RangeExpression[Any], compiler: Any, **options: Any) -> str:
    (value,) = _operands(element, compiler, options)
    value = _cast(element, value, compiler)
    make = compiler.dialect.type_compiler_instance.process(element.type).lower()
    bounds = f"{value}, NULL, '[)'" if isinstance(element, StartingAt) else f"NULL, {value}, '()'"
    return f"(CASE WHEN {value} IS NOT NULL THEN {make}({bounds}) END)"


@compiles(Lower, "postgresql")
@compiles(Upper, "postgresql")
@compiles(IsEmpty, "postgresql")
def _function(element: RangeExpression[Any], compiler: Any, **options: Any) -> str:
    (operand,) = _operands(element, compiler, options)
    return f"{element.name.replace('_', '')}({operand})"


@compiles(Overlaps, "sqlite")
def _sqlite_overlaps(element: Overlaps, compiler: Any, **options: Any) -> str:
    return overlap(*_operands(element, compiler, options))


@compiles(Contains, "sqlite")
def _sqlite_contains(element: Contains, compiler: Any, **options: Any) -> str:
    return _containing(*_operands(element, compiler, options))


@compiles(ContainsElement, "sqlite")
def _sqlite_contains_element(element: ContainsElement, compiler: Any, **options: Any) -> str:
    one, other = _operands(element, compiler, options)
    return _containing(one, _json_range(other, f"{other}, {other}, '[]'"))


@compiles(Before, "sqlite")
def _sqlite_before(element: Before, compiler: Any, **options: Any) -> str:
    return _preceding(*_operands(element, compiler, options))


@compiles(StartingAt, "sqlite")
@compiles(EndingBefore, "sqlite")
def _sqlite_half(element: RangeExpression[Any], compiler: Any, **options: Any) -> str:
    (value,) = _operands(element, compiler, options)
    return _json_range(value, f"{value}, NULL, '[)'" if isinstance(element, StartingAt) else f"NULL, {value}, '[)'")


def _json_range(value: str, parts: str) -> str:
    # As JSON, so that ranges and values are compared in the same way.
    return f"(CASE WHEN {value} IS NOT NULL THEN json_array({parts}) END)"


@compiles(Lower, "sqlite")
@compiles(Upper, "sqlite")
def _sqlite_bound(element: RangeExpression[Any], compiler: Any, **options: Any) -> str:
    (operand,) = _operands(element, compiler, options)
    return f"json_extract({operand}, '$[{int(isinstance(element, Upper))}]')"


@compiles(IsEmpty, "sqlite")
def _sqlite_is_empty(element: IsEmpty, compiler: Any, **options: Any) -> str:
    (operand,) = _operands(element, compiler, options)
    return f"({operand} = {EMPTY})"

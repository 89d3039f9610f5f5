"""`Page`: keyset pagination, forwards and backwards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct
from sqlalchemy import Column, ColumnElement, Connection, and_, bindparam, false, or_, select, tuple_
from sqlalchemy.exc import ArgumentError, InvalidRequestError
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression

from tablewright.runtime.errors import CursorError
from tablewright.runtime.expressions.conditions import conditions, orders
from tablewright.runtime.reads.cursor import read_cursor, write_cursor
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.rows.prepared import encoder_of
from tablewright.runtime.transaction.gate import GatedSession

RowT = TypeVar("RowT")


class Page(Struct, Generic[RowT], frozen=True):
    """Some rows, and the cursors of the pages after and before them."""

    rows: list[RowT]
    next: str | None
    """For `after`; None on the last page."""
    previous: str | None
    """For `before`; None on the first page."""


class Term:
    """A term of the order: an expression and its direction."""

    def __init__(self, expression: ColumnElement[Any], mapper: RowMapper[Any], *, descending: bool = False) -> None:
        self.expression = expression
        self.descending = descending
        column = expression if isinstance(expression, Column) and expression.table is mapper.table else None
        self.name = None if column is None else column.key
        self.nullable = True if column is None else bool(column.nullable)

    def ordered(self, *, backwards: bool) -> ColumnElement[Any]:
        """Return the term of ORDER BY. NULLs come last, or first when reading *backwards*."""
        down = self.descending != backwards
        ordered: ColumnElement[Any] = self.expression.desc() if down else self.expression.asc()
        if not self.nullable:
            return ordered
        return ordered.nulls_first() if backwards else ordered.nulls_last()

    def equal(self, value: Any) -> ColumnElement[bool]:
        """Return the condition for rows that have *value*."""
        return self.expression.is_(None) if value is None else self.expression == self._bound(value)

    def beyond(self, value: Any, *, backwards: bool) -> ColumnElement[bool]:
        """Return the condition for rows after those with *value*, in the direction of reading."""
        if value is None:
            return self.expression.is_not(None) if backwards else false()
        bound = self._bound(value)
        further = self.expression < bound if self.descending != backwards else self.expression > bound
        return or_(further, self.expression.is_(None)) if self.nullable and not backwards else further

    def _bound(self, value: Any) -> Any:
        return bindparam(None, value, type_=self.expression.type)

    def fits(self, value: Any, connection: Connection) -> bool:
        """Return True if *value* can be a value of the term."""
        if value is None:
            return self.nullable
        encode = encoder_of(self.expression.type, connection.dialect)
        try:
            return encode is None or encode(value) is not None
        except (connection.dialect.loaded_dbapi.Error, TypeError, ValueError, AttributeError):
            return False


def page(
    session: GatedSession,
    mapper: RowMapper[RowT],
    where: Iterable[object],
    order_by: object,
    *,
    after: str | None,
    before: str | None,
    limit: int,
) -> Page[RowT]:
    """Return at most *limit* rows after, or before, a cursor."""
    if after is not None and before is not None:
        raise ArgumentError("Pass either after= or before=, not both.")
    if limit < 1:
        raise ArgumentError(f"limit= must be at least 1, not {limit}.")
    terms = _terms(mapper, order_by)
    backwards = before is not None
    extra = [term for term in terms if term.name is None]
    with session.gate as connection:
        signature = _signature(mapper, terms, connection)
        statement = select(*mapper.columns, *(term.expression.label(f"_{n}") for n, term in enumerate(extra)))
        statement = statement.where(*conditions(where))
        given = before if backwards else after
        if given is not None:
            values = read_cursor(signature, given, len(terms))
            if not all(term.fits(value, connection) for term, value in zip(terms, values, strict=True)):
                raise CursorError("This cursor contains values that its columns cannot have.")
            statement = statement.where(_beyond(terms, values, backwards=backwards))
        statement = statement.order_by(*(term.ordered(backwards=backwards) for term in terms)).limit(limit + 1)
        result = connection.execute(driver.as_core(statement))
        rows, extras = _read(connection, mapper, result, extra)
    more = len(rows) > limit
    rows, extras = rows[:limit], extras[:limit]
    if backwards:
        rows.reverse()
        extras.reverse()

    def cursor(index: int) -> str:
        outside = iter(extras[index])
        return write_cursor(
            signature, [next(outside) if term.name is None else getattr(rows[index], term.name) for term in terms]
        )

    if not rows:
        return Page([], None, None)
    return Page(
        rows,
        cursor(-1) if more or backwards else None,
        cursor(0) if (more if backwards else after is not None) else None,
    )


def _read(
    connection: Connection, mapper: RowMapper[RowT], result: Any, extra: Sequence[Term]
) -> tuple[list[RowT], list[tuple[Any, ...]]]:
    width = len(mapper.columns)
    if not mapper.strict:
        rows = result.fetchall()
        return [mapper.row(*row[:width]) for row in rows], [tuple(row[width:]) for row in rows]
    tuples = driver.fetch_all(connection, result)
    if not extra:
        return mapper.build(connection.dialect, tuples), [()] * len(tuples)
    decoders = [
        term.expression.type.dialect_impl(connection.dialect).result_processor(connection.dialect, None)
        for term in extra
    ]
    extras = [
        tuple(
            value if decode is None or value is None else decode(value)
            for value, decode in zip(row[width:], decoders, strict=True)
        )
        for row in tuples
    ]
    return mapper.build(connection.dialect, [row[:width] for row in tuples]), extras


def _terms(mapper: RowMapper[Any], order_by: object) -> list[Term]:
    if not mapper.key:
        raise InvalidRequestError(f"{mapper.table.name} has no primary key, which pages require.")
    terms = [_term(element, mapper) for element in orders(order_by)]
    named = {term.name for term in terms}
    return terms + [Term(column, mapper) for column in mapper.key if column.key not in named]


def _term(element: ColumnElement[Any], mapper: RowMapper[Any]) -> Term:
    descending = False
    while isinstance(element, UnaryExpression) and element.modifier is not None:
        if element.modifier is operators.desc_op:
            descending = not descending
        elif element.modifier is operators.nulls_first_op:
            raise ArgumentError("Pages have NULLs last: nulls_first() is not supported.")
        element = element.element
    column = mapper.by_name.get(getattr(element, "key", None) or "")
    # A column of an entity is an annotated copy; the row has the table's own.
    is_own = column is not None and getattr(element, "table", None) is not None and element.shares_lineage(column)
    return Term(column if is_own and column is not None else element, mapper, descending=descending)


def _signature(mapper: RowMapper[Any], terms: Sequence[Term], connection: Connection) -> str:
    parts = [mapper.table.fullname]
    for term in terms:
        text = term.name
        if text is None:
            text = str(term.expression.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
        parts.append(f"{text} {'desc' if term.descending else 'asc'}")
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def _beyond(terms: Sequence[Term], values: Sequence[Any], *, backwards: bool) -> ColumnElement[bool]:
    first = terms[0]
    if not any(term.nullable for term in terms) and len({term.descending for term in terms}) == 1:
        # One comparison of whole keys, which can use an index.
        left = tuple_(*(term.expression for term in terms))
        right = tuple_(*(term._bound(value) for term, value in zip(terms, values, strict=True)))
        return left < right if first.descending != backwards else left > right
    steps: list[ColumnElement[bool]] = []
    for number, (term, value) in enumerate(zip(terms, values, strict=True)):
        same = [t.equal(v) for t, v in zip(terms[:number], values[:number], strict=True)]
        steps.append(and_(*same, term.beyond(value, backwards=backwards)))
    return or_(*steps)

"""Row encoders: generated functions that turn rows with the same columns into driver parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, Protocol, TypeAlias, cast

from sqlalchemy import Dialect

from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.rows.mapper import STATEMENTS, RowMapper
from tablewright.runtime.rows.prepared import Encoder, encoder_of
from tablewright.schema.types import ColumnType
from tablewright.schema.types.compile_source import compile_source

READ_ROWS = """\
def {name}(cursor, rows):
    first = True
    highest = cursor.highest
    for row in rows:
        cursor.number += 1
        try:
            if type(row) is not Kind and not first: raise KeyError
            {reads}
        except KeyError:
            if first: raise
            cursor.ahead = row
            return
        try:
            values = ({values})
        except Error as error:
            cursor.refuse(row, error)
        first = False{highest}
        yield values
"""
"""The loop over rows that have the same columns. For mappings of `id` and `price`, on Postgres:

    def encode(cursor, rows):
        first = True
        highest = cursor.highest
        for row in rows:
            cursor.number += 1
            try:
                if type(row) is not Kind and not first: raise KeyError
                if len(row) != 2: raise KeyError
                v0 = row['id']
                v1 = row['price']
            except KeyError:
                if first: raise
                cursor.ahead = row
                return
            try:
                values = (None if v0 is None else e0(v0), None if v1 is None else e1(v1), )
            except Error as error:
                cursor.refuse(row, error)
            first = False
            used = values[0]
            if isinstance(used, int) and (highest is None or used > highest):
                highest = cursor.highest = used
            yield values
"""
HIGHEST = """
        used = values[{position}]
        if isinstance(used, int) and (highest is None or used > highest):
            highest = cursor.highest = used"""
"""For tables with a sequence that explicit ids do not advance."""


class RowCursor(Protocol):
    """The position in rows that are being read, which the generated functions update."""

    number: int
    """The row read last, counted from 1."""
    ahead: Any
    """A row that was read and has other columns."""
    highest: int | None
    """The greatest explicit id so far, if the database has a sequence for them."""

    def refuse(self, row: object, error: Exception) -> NoReturn:
        """Raise the driver's *error* about a value of *row* as SQLAlchemy's, with the row and the column."""
        ...


RowReader: TypeAlias = Callable[[RowCursor, Iterable[Any]], Iterator[tuple[Any, ...]]]
"""A function from rows to tuples, up to the first row of another class or with other columns."""


class RowEncoder(NamedTuple):
    """The functions for rows with the same columns: mappings with the same keys, or rows of the table."""

    kind: type[Any]
    """The class of rows that may follow each other; rows of other classes are read one by one."""
    names: tuple[str, ...]
    """The columns of the tuples, in order, including those with a default filled in."""
    encode: RowReader
    """Returns tuples of driver values."""
    take: RowReader
    """Returns tuples of the values as given."""


def encoder_for(mapper: RowMapper[Any], dialect: Dialect, row: object, defaults: Mapping[str, Any]) -> RowEncoder:
    """Return the encoder of *row* and those like it; *defaults* are the values of columns that it leaves out.

    Raises what `RowMapper.values_of` and `RowMapper.check` raise for invalid rows, and the driver's DataError for a
    default that does not fit.
    """
    is_stored = isinstance(row, mapper.row_class)
    given = frozenset(mapper.writable if is_stored else mapper.values_of(row))
    cached = cast("dict[object, RowEncoder]", mapper.encoders.get(dialect, _no_encoders))
    key = (is_stored, given, bool(defaults))
    encoder = cached.get(key)
    if encoder is None:
        mapper.check(given)
        if len(cached) >= STATEMENTS:
            cached.clear()
        encoder = cached[key] = _compile(mapper, dialect, given, defaults, is_stored=is_stored)
    return encoder


def _no_encoders(dialect: Dialect) -> dict[object, object]:
    return {}


def encoders(mapper: RowMapper[Any], dialect: Dialect) -> dict[str, Encoder | None]:
    """Return the function from Python to the driver for each column.

    They refuse values that do not fit, and None for keys that the database would generate.
    """
    return {
        column.key: _required(mapper, dialect, column.key, encoder_of(column.type, dialect))
        for column in mapper.columns
    }


def _required(mapper: RowMapper[Any], dialect: Dialect, name: str, encode: Encoder | None) -> Encoder | None:
    if mapper.missing_key({**dict.fromkeys(mapper.key_names, 0), name: None}, dialect) is None:
        return encode
    # Not the mapper, which would then live as long as the dialect.
    table = mapper.table.name

    def require(value: Any) -> Any:
        if value is None:
            raise missing_key(table, dialect, name)
        return value if encode is None else encode(value)

    return require


def missing_key(table: str, dialect: Dialect, name: str) -> Exception:
    """Return the driver's error for a row of *table* without its key column *name*."""
    kind: type[Exception] = dialect.loaded_dbapi.IntegrityError
    return kind(f"NOT NULL constraint failed: {table}.{name}")


def _compile(
    mapper: RowMapper[Any],
    dialect: Dialect,
    given: frozenset[str],
    defaults: Mapping[str, Any],
    *,
    is_stored: bool,
) -> RowEncoder:
    names = tuple(name for name in mapper.names if name in given or name in defaults)
    encode_by_name = encoders(mapper, dialect)
    kind: type[Any] = mapper.row_class if is_stored else dict
    namespace: dict[str, Any] = {"Kind": kind, "Error": dialect.loaded_dbapi.Error}
    reads: list[str] = [] if is_stored else [f"if len(row) != {len(given)}: raise KeyError"]
    encoded: list[str] = []
    taken: list[str] = []
    for number, name in enumerate(names):
        variable, encode = f"v{number}", encode_by_name[name]
        require = namespace[f"r{number}"] = _required(mapper, dialect, name, None)
        if name in given:
            reads.append(f"{variable} = row.{name}" if is_stored else f"{variable} = row[{name!r}]")
            namespace[f"e{number}"] = encode
            expression = variable if encode is None else f"e{number}({variable})"
            column_type = mapper.by_name[name].type
            if isinstance(column_type, ColumnType):
                if require is None:
                    # One call instead of two.
                    namespace[f"e{number}"] = column_type.encoder(dialect) or _unchanged
                    expression = f"None if {variable} is None else {expression}"
                fast_path = column_type.fast_path(dialect)
                if fast_path is not None:
                    expression = f"{fast_path.source(variable, namespace)} else {expression}"
        else:
            default = namespace[f"f{number}"] = defaults[name]
            namespace[f"d{number}"] = default if encode is None else encode(default)
            reads.append(f"{variable} = f{number}")
            expression = f"d{number}"
        encoded.append(expression)
        taken.append(variable if require is None else f"r{number}({variable})")
    identity = mapper.identity.key if backend_of(dialect).has_sequences and mapper.identity is not None else None
    position = names.index(identity) if identity in names else None
    functions = [
        compile_source(render_reader(function, reads, values, position), f"rows for {mapper.table.name}", namespace)
        for function, values in (("encode", encoded), ("take", taken))
    ]
    return RowEncoder(kind, names, *functions)


def render_reader(name: str, reads: Sequence[str], values: Sequence[str], identity: int | None) -> str:
    """Fill `READ_ROWS` with the assignments *reads* and the expressions *values*.

    *identity* is the position of the automatic id among them, if the database has a sequence for it. The only text
    of the user's are names, which are quoted or fields of a class.
    """
    return READ_ROWS.format(
        name=name,
        reads="\n            ".join(reads) or "pass",
        values="".join(f"{value}, " for value in values),
        highest="" if identity is None else HIGHEST.format(position=identity),
    )


def _unchanged(value: Any) -> Any:
    return value

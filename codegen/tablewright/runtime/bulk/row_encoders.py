"""Forms: how rows that are given alike become tuples for the driver, by a loop written for just them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, NoReturn, Protocol, TypeAlias

from sqlalchemy import Dialect

from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.rows.mapper import STATEMENTS, Shape
from tablewright.runtime.rows.prepared import Encoder, encoder_of
from tablewright.schema.types import ColumnType


class Counted(Protocol):
    """Rows being taken, as the functions written here leave them."""

    number: int
    """The row taken last, counted from 1."""
    ahead: Any
    """A row that was taken and has another form."""
    highest: int | None
    """The greatest explicit id so far, where the database has a sequence for them."""

    def refuse(self, row: object, error: Exception) -> NoReturn:
        """Raises the driver's *error* about a value of *row* as SQLAlchemy's, naming the row and the column."""
        ...


Take: TypeAlias = Callable[[Counted, Iterable[Any]], Iterator[tuple[Any, ...]]]
"""Rows as tuples, in the order of the form's names, up to one of another class or with other keys."""


class Form(NamedTuple):
    """Rows that are given alike: mappings with the same keys, or rows of the table."""

    kind: type[Any]
    """The class whose instances may follow each other; those of others are looked at one by one."""
    names: tuple[str, ...]
    """The columns they have values for, defaults filled in."""
    encode: Take
    """Rows as the driver takes them."""
    take: Take
    """Rows as they are."""


FORMS = "tablewright_forms"
"""The attribute of a dialect with the forms made for it, which live as long as it does: their encoders know it."""


def form_of(shape: Shape[Any], dialect: Dialect, row: object, fill: Mapping[str, Any]) -> Form:
    """The form of *row*; with columns that it leaves out from *fill*.

    Raises what `Shape.values_of` and `Shape.check` do for rows that are none, and the driver's DataError for
    a default that does not fit.
    """
    stored = isinstance(row, shape.row_class)
    given = frozenset(shape.writable if stored else shape.values_of(row))
    known: dict[Hashable, Form] = vars(dialect).setdefault(FORMS, {})
    key = (shape, stored, given, bool(fill))
    form = known.get(key)
    if form is None:
        shape.check(given)
        if len(known) >= STATEMENTS:
            known.clear()
        form = known[key] = _make(shape, dialect, given, fill, stored=stored)
    return form


def encoders(shape: Shape[Any], dialect: Dialect) -> dict[str, Encoder | None]:
    """Python to driver for every column; refuses, like the values that do not fit, keys that SQLite would make up."""
    return {
        column.key: _required(shape, dialect, column.key, encoder_of(column.type, dialect)) for column in shape.columns
    }


def _required(shape: Shape[Any], dialect: Dialect, name: str, encode: Encoder | None) -> Encoder | None:
    if shape.missing_key({**dict.fromkeys(shape.key_names, 0), name: None}, dialect) is None:
        return encode

    def require(value: Any) -> Any:
        if value is None:
            raise missing_key(shape, dialect, name)
        return value if encode is None else encode(value)

    return require


def missing_key(shape: Shape[Any], dialect: Dialect, name: str) -> Exception:
    """The driver's error for a row without its key column *name*."""
    kind: type[Exception] = dialect.loaded_dbapi.IntegrityError
    return kind(f"NOT NULL constraint failed: {shape.table.name}.{name}")


def _make(shape: Shape[Any], dialect: Dialect, given: frozenset[str], fill: Mapping[str, Any], *, stored: bool) -> Form:
    names = tuple(name for name in shape.names if name in given or name in fill)
    encode_by_name = encoders(shape, dialect)
    kind: type[Any] = shape.row_class if stored else dict
    namespace: dict[str, Any] = {"Kind": kind, "Error": dialect.loaded_dbapi.Error}
    reads: list[str] = [] if stored else [f"if len(row) != {len(given)}: raise KeyError"]
    encoded: list[str] = []
    taken: list[str] = []
    for number, name in enumerate(names):
        variable, encode = f"v{number}", encode_by_name[name]
        require = namespace[f"r{number}"] = _required(shape, dialect, name, None)
        if name in given:
            reads.append(f"{variable} = row.{name}" if stored else f"{variable} = row[{name!r}]")
            namespace[f"e{number}"] = encode
            expression = variable if encode is None else f"e{number}({variable})"
            column_type = shape.by_name[name].type
            if isinstance(column_type, ColumnType):
                if require is None:
                    # One call instead of two.
                    namespace[f"e{number}"] = column_type.encoder(dialect) or _as_it_is
                    expression = f"None if {variable} is None else {expression}"
                fast_path = column_type.fast_path(dialect)
                if fast_path is not None:
                    expression = f"{fast_path.source(variable, namespace)} else {expression}"
        else:
            default = namespace[f"f{number}"] = fill[name]
            namespace[f"d{number}"] = default if encode is None else encode(default)
            reads.append(f"{variable} = f{number}")
            expression = f"d{number}"
        encoded.append(f"{expression}, ")
        taken.append(f"{variable if require is None else f'r{number}({variable})'}, ")
    sequences = backend_of(dialect).has_sequences
    identity = shape.identity.key if sequences and shape.identity is not None else None
    used = names.index(identity) if identity in names else None
    for function, values in (("encode", encoded), ("take", taken)):
        source = _loop(function, reads, f"({''.join(values)})", used)
        exec(compile(source, f"<rows for {shape.table.name}>", "exec"), namespace)
    return Form(kind, names, namespace["encode"], namespace["take"])


def _loop(function: str, reads: list[str], values: str, used: int | None) -> str:
    # Written out, for this runs for every row; names are the only text of the user's, and they are quoted or fields.
    lines = [
        f"def {function}(incoming, rows):",
        "    first = True",
        "    highest = incoming.highest",
        "    for row in rows:",
        "        incoming.number += 1",
        "        try:",
        "            if type(row) is not Kind and not first: raise KeyError",
        *(f"            {read}" for read in reads),
        "        except KeyError:",
        "            if first: raise",
        "            incoming.ahead = row",
        "            return",
        "        try:",
        f"            values = {values}",
        "        except Error as error:",
        "            incoming.refuse(row, error)",
        "        first = False",
    ]
    if used is not None:
        lines += [
            f"        used = values[{used}]",
            "        if isinstance(used, int) and (highest is None or used > highest):",
            "            highest = incoming.highest = used",
        ]
    return "\n".join([*lines, "        yield values"])


def _as_it_is(value: Any) -> Any:
    return value

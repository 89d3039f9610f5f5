"""The registry of column types against the classes in `schema.types`."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from tablewright.schema import definition as d, types
from tablewright.schema.build import build_type
from tablewright.schema.python_types import evaluate
from tablewright.schema.type_registry import TYPES, Kind

COMPOSED = {"array", "enum", "range"}
NOT_REGISTERED = {"ColumnType", "Codec", "CodecType"}


def minimal(kind: Any) -> d.Type:
    """Return the type *kind* with the least value of each required parameter."""
    numbers: dict[str, Any] = {item.name: item.least for item in TYPES[kind].numbers if item.required}
    return d.Type(kind=kind, **numbers)


def test_the_kinds_are_the_rows() -> None:
    """Each kind has one row, and each class of the package belongs to one row."""
    assert set(get_args(Kind)) == set(TYPES)
    classes = [row.class_name for row in TYPES.values()]
    public = {name for name, item in vars(types).items() if isinstance(item, type) and not name.startswith("_")}
    assert sorted(classes) == sorted(public - NOT_REGISTERED)


@pytest.mark.parametrize("kind", sorted(set(TYPES) - COMPOSED))
def test_a_row_fits_its_class(kind: Any) -> None:
    """A row builds its class, which has the row's Python type and ranges."""
    row = TYPES[kind]
    column_type = build_type(minimal(kind))
    assert type(column_type) is getattr(types, row.class_name)
    assert column_type.python_type is evaluate(row.python or "")
    assert column_type.range_storage is not None or not row.range_bound
    if row.array_element:
        assert types.ArrayOf(column_type).python_type == list[column_type.python_type]  # type: ignore[name-defined]


def test_every_portable_expression_belongs_to_a_type() -> None:
    """The names that `default_sql` accepts are those of the rows."""
    assert d.PORTABLE == ("now", "uuid4", "uuid7")


def test_no_alias_is_ambiguous() -> None:
    """An alias belongs to one type, and is no type of ours."""
    aliases = [alias for row in TYPES.values() for alias in row.aliases]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & set(TYPES)


def test_there_are_no_ranges_of_text() -> None:
    """A range of a type without ranges in Postgres is an error."""
    with pytest.raises(TypeError, match="no ranges of Text"):
        types.RangeOf(types.Text())

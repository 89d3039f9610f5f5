from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
from pydantic import ValidationError

from tablewright.spec.models import ColumnSpec, IndexSpec, SchemaSpec, TableSpec, UniqueSpec
from tablewright.spec.models_node import FROM_YAML


def test_models_are_frozen() -> None:
    """A model cannot be changed."""
    column = ColumnSpec(type="bigint")
    with pytest.raises(ValidationError):
        column.type = "text"


def test_unknown_arguments_are_refused() -> None:
    """A misspelt argument is an error."""
    with pytest.raises(ValidationError):
        ColumnSpec(type="bigint", nulable=True)  # type: ignore[call-arg]  # the mistake under test


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ColumnSpec(type="bigint"), ColumnSpec(type="integer")),
        (ColumnSpec(type="bigint", default=1), ColumnSpec(type="bigint", default=True)),
        (ColumnSpec(type="bigint", doc="a"), ColumnSpec(type="bigint")),
        (ColumnSpec(type="bigint", meta={"a": 1}), ColumnSpec(type="bigint")),
        (UniqueSpec(columns=["a", "b"]), UniqueSpec(columns=["b", "a"])),
        (
            TableSpec(name="t", columns={"a": ColumnSpec(type="text"), "b": ColumnSpec(type="text")}),
            TableSpec(name="t", columns={"b": ColumnSpec(type="text"), "a": ColumnSpec(type="text")}),
        ),
        (UniqueSpec(columns=["a"]), IndexSpec(columns=["a"])),
    ],
)
def test_equality_sees_everything(one: object, other: object) -> None:
    """Two models that differ in anything, order included, are not equal."""
    assert one != other


def test_equality_does_not_see_the_place() -> None:
    """Models with equal fields are equal and have the same hash, wherever they were written."""
    one = TableSpec(name="t", columns={"a": ColumnSpec(type="text", meta={"x": [1]})})
    other = TableSpec(name="t", columns={"a": ColumnSpec(type="text", meta={"x": [1]})})
    assert one.written_at != other.written_at
    assert one == other
    assert hash(one) == hash(other)


def test_a_model_knows_where_it_was_written() -> None:
    """The location is that of the call in the user's file, even for a model created from a plain dict."""
    frame = inspect.currentframe()
    assert frame is not None
    table = TableSpec(name="t", columns={"a": {"type": "text"}})  # type: ignore[dict-item]  # allowed at run time
    line = frame.f_lineno - 1
    for node in (table, table.columns["a"]):
        assert node.written_at is not None
        assert node.written_at.file == __file__
        assert (node.written_at.line, node.written_at.column) == (line, 13)


def test_the_place_goes_with_copies_and_is_no_field() -> None:
    """A copy has the location of its original; neither the fields nor the repr contain the location."""
    one = ColumnSpec(type="text")
    copy = one.model_copy(update={"nullable": True})
    assert copy.written_at == one.written_at
    assert copy.model_dump(exclude_defaults=True) == {"type": "text", "nullable": True}
    assert str(one.written_at) not in repr(one)
    assert ColumnSpec.model_validate({"type": "text"}, context=FROM_YAML).written_at is None


def test_tables_are_listed_in_python_and_found_by_name() -> None:
    """`SchemaSpec` accepts a list of tables and stores them by name."""
    schema = SchemaSpec(schema="s", version="1.0.0", tables=[TableSpec(name="t"), TableSpec(name="u")])
    assert list(schema.tables) == ["t", "u"]
    assert schema.name == "s"


def test_two_tables_of_one_name_are_refused() -> None:
    """Two tables of a list cannot have the same name."""
    with pytest.raises(ValidationError, match="two tables called `t`"):
        SchemaSpec(schema="s", version="1.0.0", tables=[TableSpec(name="t"), TableSpec(name="t")])


ALONE = """
from tablewright.spec.models import ColumnSpec, TableSpec
spec = TableSpec(name="note", columns={"id": ColumnSpec(type="uuid", primary_key=True)})
print(spec.definition().primary_key)
"""


def test_a_spec_has_a_definition_without_another_import() -> None:
    """`TableSpec.definition()` works in a program that imports only the spec classes."""
    ran = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("('id',)\n", "")

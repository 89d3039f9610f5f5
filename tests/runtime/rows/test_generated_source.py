"""The templates of functions that are generated at run time: the example beside each is what it renders to."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from types import ModuleType

import pytest

import bookstore
from tablewright.runtime.bulk import row_encoders
from tablewright.runtime.bulk.row_encoders import render_reader
from tablewright.runtime.engine.pysqlite_driver import PysqliteDriver
from tablewright.runtime.rows import builders, prepared
from tablewright.runtime.rows.builders import render_builder
from tablewright.runtime.rows.prepared import render_statement
from tablewright.schema.types.inline import Inline

READ = Inline("{read}({v})", read=int)


def example(module: ModuleType, name: str) -> str:
    """The indented block of the text below the constant *name*."""
    body = ast.parse(inspect.getsource(module)).body
    (documentation,) = (
        after.value.value
        for node, after in itertools.pairwise(body)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == name
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    )
    assert isinstance(documentation, str)
    _, _, block = documentation.partition(":\n\n")
    return textwrap.dedent(block)


@pytest.mark.parametrize("name", ["BUILD_MANY", "BUILD_FIRST"])
def test_the_builders_of_rows(name: str) -> None:
    """A column that the driver gives as it is, and a nullable one that is decoded."""
    namespace: dict[str, object] = {}
    template = getattr(builders, name)
    assert render_builder(template, [False, True], [None, READ], namespace) == example(builders, name)
    assert namespace == {"read_v1": int}


@pytest.mark.parametrize(("name", "arguments"), [("ENCODE", 2), ("EXECUTE", 1)])
def test_the_functions_of_a_statement(name: str, arguments: int) -> None:
    """One parameter for each argument."""
    parameters = [f"encode_v{number}(v{number})" for number in range(arguments)]
    execution = PysqliteDriver.execution
    assert render_statement(getattr(prepared, name), arguments, parameters, execution) == example(prepared, name)


def test_the_encoder_of_a_collection() -> None:
    """One expression over `value`."""
    rendered = prepared.ENCODE_ALL.format(value="encode_value(value)")
    assert rendered == example(prepared, "ENCODE_ALL")


def test_the_loop_over_rows() -> None:
    """Two columns of a mapping, the first of which is an automatic id."""
    reads = ["if len(row) != 2: raise KeyError", "v0 = row['id']", "v1 = row['price']"]
    values = [f"None if v{number} is None else e{number}(v{number})" for number in range(2)]
    assert render_reader("encode", reads, values, 0) == example(row_encoders, "READ_ROWS")


def test_a_traceback_shows_the_generated_line(session: bookstore.Session) -> None:
    """An error inside a generated function is shown with its line."""
    statement = session.book._lookup
    assert statement is not None
    first = statement.mapper.builders(session.connection().dialect).first
    with pytest.raises(AttributeError) as caught:
        first(None)
    entry = inspect.getinnerframes(caught.value.__traceback__)[-1] if caught.value.__traceback__ else None
    assert entry is not None
    assert entry.code_context is not None
    assert "in cursor.fetchall():" in entry.code_context[0]

"""Types, values and prose as Python source: always exact, never code."""

from __future__ import annotations

import ast
import inspect

import pytest
from hypothesis import given, strategies as st

from tablewright.plan.imports import Imports
from tablewright.plan.spelling import docstring, literal, python_type, quoted

AWKWARD = [
    "plain",
    '"',
    'ends in a quote"',
    '""" + __import__("os").system("x") + """',
    "back\\slash\\",
    "{{ x }} {% raw %}",
    "two\nlines",
    "first\n\n    indented\nlast",
    " edges ",
    "tab\tand\x00control\x1f\u2028",
    "trailing \nspace",
    "🎉 é",
    '\\"',
]


@pytest.mark.parametrize("indent", [0, 4])
@pytest.mark.parametrize("text", AWKWARD)
def test_docstrings_carry_the_text(text: str, indent: int) -> None:
    """The cleaned docstring is the cleaned text, at any indentation."""
    source = docstring(text, indent)
    module = ast.parse(f"class A:\n    {source}\n" if indent else source)
    holder = module.body[0] if indent else module
    assert isinstance(holder, ast.ClassDef | ast.Module)
    assert len(holder.body) == 1
    assert ast.get_docstring(holder) == inspect.cleandoc(text)


@given(st.text(min_size=1))
def test_any_text_is_one_literal(text: str) -> None:
    """Any text, as a docstring or a string, is a literal of exactly that text."""
    assert ast.literal_eval(quoted(text)) == text
    assert inspect.cleandoc(ast.literal_eval(docstring(text))) == inspect.cleandoc(text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_literals_read_back(value: object) -> None:
    """The source of a value evaluates to the value."""
    assert eval(literal(value, Imports(()))) == value


def test_python_types_are_spelt_in_local_names() -> None:
    """A type's module becomes an import, under another name if its own is taken."""
    imports = Imports({"Address", "str"})
    assert python_type("dict[str, app.models:Address | None]", imports) == "dict[_str, _Address | None]"
    groups = imports.groups()
    assert [(item.module, item.names) for item in groups.standard] == [("builtins", ("str as _str",))]
    assert [(item.module, item.names) for item in groups.others] == [("app.models", ("Address as _Address",))]


def test_two_modules_may_share_a_name() -> None:
    """The same name from two modules is imported under two local names."""
    imports = Imports(())
    assert imports.use("a", "Thing") == "Thing"
    assert imports.use("b", "Thing") == "_Thing"
    assert imports.use("c", "Thing") == "_Thing_2"  # not `__Thing`, which Python mangles in classes
    assert imports.use("a", "Thing") == "Thing"

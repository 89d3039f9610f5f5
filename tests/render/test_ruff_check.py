"""Faults of generated text: source that Python cannot compile, and undefined names."""

from __future__ import annotations

import warnings

import pytest

from tablewright.render.ruff import laid_out
from tablewright.render.ruff_check import find_faults

REFUSED = [
    # What awkward names of tables and columns would do, if nothing kept them apart.
    "def f(self, id, id): ...",
    "def f(self, *, id, **id): ...",
    "f = lambda a, a: 0",
    "def f(self, None): ...",
    "class class: ...",
    "class A:\n    from: int",
    "class A:\n    None: int",
    "class A:\n    __debug__: int",
    "def f(__debug__): ...",
    "from a import class",
    "from a import b as None",
    "from a.import.b import c",
    "from a import",
    "A = dict(a=1, a=2)",
    "A = dict(from=1)",
    "A = dict(True=1)",
    "A = dict(a=1, 2)",
    "class A(int, x=1, x=2): ...",
    "1st = 2",
    "x: int = 1\nx y: int",
    "True = 1",
    "print.None",
    # What awkward prose and values would do.
    '"""a""""',
    '"""a',
    'x = "a',
    'x = "a\nb"',
    'x = "a\rb"',
    'x = "\\d"',
    'x = "\\u12"',
    'x = "\\x1"',
    'x = "\\N{no such name}"',
    'x = "\0"',
    "x = 01",
    'x = "a" b"b"',
    'x = b"é"',
    "x = (1, 2",
    "x = [1, 2)",
    "x = {1: }",
    "\xa0x = 1",
    "x = 1 is 1",
    'assert (1, "always true")',
    # What a wrong template would do.
    "class A:",
    "class A:\nx: int",
    "class A:\n    x: int\n  y: int",
    "if 1:\n\tx = 1\n        y = 2",
    "x = 1\nfrom __future__ import annotations",
    "from __future__ import nothing",
    "def f():\n    from os import *",
    "return 1",
    "class A:\n    return 1",
    "class A:\n    yield 1",
    "await print()",
    "def f():\n    await print()",
    "break",
    "for x in ():\n    pass\ncontinue",
    "def f(a=1, b): ...",
    "def f(*): ...",
    "def f(a, /, b, /): ...",
    "def f(x):\n    global x",
    "def f():\n    x = 1\n    global x",
    "def f():\n    nonlocal x",
    "nonlocal x",
    "@\ndef f(): ...",
    "*a, *b = ()",
    "x = *a",
    "print() = 1",
    "del 1",
    "1: int",
    "print 1",
    "class A[T]: ...",
    "type A = int",
]


def faults_in(files: dict[str, str]) -> str:
    """Return the faults of *files*."""
    with laid_out(files) as scratch:
        return find_faults(scratch)


@pytest.mark.parametrize("text", REFUSED)
def test_what_does_not_compile_is_a_fault(text: str) -> None:
    """A text that Python 3.11 refuses, or warns of, is a fault of its file only."""
    if not text.startswith(("class A[T]", "type A")):  # later Pythons take these
        with warnings.catch_warnings(), pytest.raises((SyntaxError, ValueError)):
            warnings.simplefilter("error")
            compile(text, "<text>", "exec")
    found = faults_in({"shop/right.py": "x = 1\n", "shop/tables/wrong.py": text, "shop/schema.json": "{"})
    assert found
    assert [line for line in found.splitlines() if not line.startswith("shop/tables/wrong.py:")] == []


def test_a_name_that_is_nowhere_defined_is_a_fault() -> None:
    """A name that a module neither imports nor defines is a fault, which no compiler finds."""
    text = "from __future__ import annotations\n\n\nclass A:\n    x: Decimal = column()\n"
    found = faults_in({"a.py": text}).splitlines()
    assert [line.split(" ", 1)[1] for line in found] == [
        "F821 Undefined name `Decimal`",
        "F821 Undefined name `column`",
    ]


def test_a_comment_does_not_hide_a_fault() -> None:
    """Comments that silence a linter have no effect: a spec may contain them."""
    assert "F821" in faults_in({"a.py": "# ruff: noqa\nx = y  # noqa: F821\n"})


def test_what_is_right_has_no_fault() -> None:
    """Valid Python has no fault, nor has a package without a Python file."""
    assert faults_in({"a.py": '"""Ends in a quote\\""""\n\nx = "\\\\d"\n', "b/__init__.py": ""}) == ""
    assert faults_in({"schema.json": "{"}) == ""

"""Functions that are generated at run time: their tracebacks show their lines, and nothing of them is left behind."""

from __future__ import annotations

import linecache
import traceback

import pytest

from tablewright.schema.types.compile_source import compile_source

SOURCE = """\
def double(value):
    return twice * value
"""


def test_a_traceback_shows_the_line() -> None:
    """The text is in `linecache`, under a file name that says what the function is for."""
    double = compile_source(SOURCE, "a test", {"twice": 2})
    assert double(4) == 8
    with pytest.raises(TypeError) as caught:
        double(None)
    text = "".join(traceback.format_exception(caught.value))
    assert "return twice * value" in text
    assert ": a test>" in text


def test_the_lines_stay_when_the_cache_is_checked() -> None:
    """`linecache.checkcache` drops what changed on disk; there is no file here."""
    double = compile_source(SOURCE, "a test", {"twice": 2})
    filename = double.__code__.co_filename
    linecache.checkcache()
    assert linecache.getline(filename, 2) == "    return twice * value\n"


def test_the_lines_go_with_the_function() -> None:
    """No cycle holds the function, so that neither it nor its text outlives its last use."""
    before = len(linecache.cache)
    for _ in range(100):
        compile_source(SOURCE, "a test", {"twice": 2})
    assert len(linecache.cache) == before


def test_functions_share_a_namespace() -> None:
    """Two functions over the same objects do not see one another."""
    namespace: dict[str, object] = {"twice": 2}
    first = compile_source(SOURCE, "a test", namespace)
    second = compile_source(SOURCE, "a test", namespace)
    assert (first(1), second(2)) == (2, 4)
    assert first.__code__.co_filename != second.__code__.co_filename
    assert "double" not in namespace

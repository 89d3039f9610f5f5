"""The lexical check of SQL."""

from __future__ import annotations

import pytest

from tablewright.rules.sql_text import sql_error


@pytest.mark.parametrize(
    "text",
    [
        "price > 0",
        "name <> 'it''s; -- fine ('",
        '"odd \' name" IS NULL',
        r"name = E'it\'s' AND (a[1] > 0)",
        "a - -1 > 0",
        "price / 2 * 3",
        "(a) || (b)",
    ],
)
def test_whole_expressions_pass(text: str) -> None:
    """Closed quotes and brackets are accepted, whatever the quotes contain."""
    assert sql_error(text) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("a\0", "NUL"),
        ("a; b", "`;`"),
        ("a -- b", "comment"),
        ("a /* b */", "comment"),
        ("a) OR (b", "`)`"),
        ("(a]", "`]`"),
        ("f(a", "missing"),
        ("a = 'b", "'"),
        ('a = "b', '"'),
        ("'a\\'", None),
        (r"E'a\'", "'"),
    ],
)
def test_broken_ones_are_refused(text: str, word: str | None) -> None:
    """Text that could end its part of the statement is refused, with the reason."""
    error = sql_error(text)
    assert (error is None) == (word is None)
    if error is not None and word is not None:
        assert word in error[0]

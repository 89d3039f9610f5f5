"""`Prefix` matches the same text as Python's `startswith` on both databases, and uses an index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from msgspec.structs import replace
from sqlalchemy import text

from bookstore import Database
from tablewright.runtime.expressions.prefix import Prefix
from tablewright.runtime.opaque import fetch
from tablewright.spec.models import ColumnSpec, IndexSpec, TableSpec

LETTERS = st.characters(codec="utf-8", exclude_characters="\0")
AWKWARD = st.sampled_from(
    ["%", "_", "\\", "*", "?", "[", "]", "a", "A", "ä", "ß", "\ud7ff", "\ue000", "\U0010ffff", "i", "İ"]
)
TEXTS = st.text(AWKWARD | LETTERS, max_size=6)
SPEC = TableSpec(
    name="word",
    columns={
        "id": ColumnSpec(type="bigint", primary_key=True, autoincrement=True),
        "spelling": ColumnSpec(type="text", nullable=True),
        "folded": ColumnSpec(type="text", nullable=True),
    },
    indexes=[IndexSpec(columns=["spelling"])],
)


FOLDED = {"sqlite": "TEXT COLLATE NOCASE", "postgresql": "TEXT COLLATE ucs_basic"}
"""For a column with a collation of its own; SQLite's ignores case."""


@pytest.fixture
def words(url: str) -> Iterator[Any]:
    """Register a table of words. Return its storage."""
    with Database(url, check_versions=False) as db:
        table = SPEC.definition()
        columns = [
            replace(column, type=replace(column.type, sql=FOLDED)) if column.name == "folded" else column
            for column in table.columns
        ]
        yield db.opaque.register("word", replace(table, columns=tuple(columns)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(texts=st.lists(TEXTS, max_size=8), prefix=TEXTS)
def test_a_prefix_is_that_of_python(words: Any, texts: list[str], prefix: str) -> None:
    """Every character is literal and case-sensitive, whatever the column's collation; NULL has no prefix."""
    stored = [*texts, *(prefix + one for one in texts[:3]), prefix, prefix[:-1], prefix.upper(), prefix.lower()]
    words.delete_all()
    words.insert({"spelling": None}, *({"spelling": one, "folded": one} for one in stored))
    expected = sorted(one for one in stored if one.startswith(prefix))
    assert sorted(one.spelling for one in words.fetch(spelling=Prefix(prefix))) == expected
    assert sorted(one.spelling for one in words.fetch(folded=Prefix(prefix))) == expected


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("a%", ["a%b"]),
        ("a_", ["a_b"]),
        ("a\\", ["a\\b"]),
        ("A", ["AxB"]),
        ("ax", ["axb"]),
        ("\U0010ffff", ["\U0010ffffz"]),
        ("\ud7ff", ["\ud7ffz"]),
    ],
)
def test_no_character_is_a_wildcard(words: Any, prefix: str, expected: list[str]) -> None:
    """`%`, `_` and backslashes are literal, and letters are case-sensitive."""
    words.insert(*({"spelling": one} for one in ("a%b", "a_b", "a\\b", "axb", "AxB", "\U0010ffffz", "\ud7ffz")))
    assert [one.spelling for one in words.fetch(spelling=Prefix(prefix))] == expected


def test_sqlite_looks_prefixes_up_in_the_index(sqlite_url: str) -> None:
    """The condition is a range of the column's index."""
    with Database(sqlite_url, check_versions=False) as db:
        storage: Any = db.opaque.register("word", SPEC)
        with db.session() as session:
            connection = session.connection()
            (condition,) = fetch.conditions(type(storage)._mapper(), {"spelling": Prefix("ab")}, connection)
            sql = condition.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
            plan = session.execute(text(f"EXPLAIN QUERY PLAN SELECT * FROM word WHERE {sql}")).all()
    assert "USING INDEX word_spelling_idx (spelling>? AND spelling<?)" in plan[0][3]

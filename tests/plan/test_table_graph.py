"""The foreign keys that close cycles: as few as possible, and none without a cycle."""

from __future__ import annotations

import graphlib

import pytest
from hypothesis import given, strategies as st

from tablewright.plan.table_graph import TableGraph
from tablewright.schema import definition as d

KEYS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans()), max_size=16)
"""Foreign keys as (table, target, nullable)."""


def schema(keys: list[tuple[int, int, bool]]) -> d.Schema:
    """Return a schema of the tables that *keys* name."""
    big = d.Type(kind="bigint")
    tables: list[d.Table] = []
    for number in range(max((max(key[:2]) for key in keys), default=0) + 1):
        own = [(f"k{index}", key) for index, key in enumerate(keys) if key[0] == number]
        tables.append(
            d.Table(
                name=f"t{number}",
                table=f"t{number}",
                class_name=f"T{number}",
                accessor=f"t{number}",
                columns=tuple(d.Column(name=n, attribute=n, column=n, type=big, nullable=key[2]) for n, key in own),
                foreign_keys=tuple(
                    d.ForeignKey(name=name, columns=(name,), table=f"t{key[1]}", targets=("id",)) for name, key in own
                ),
            )
        )
    return d.Schema(name="s", version="1.0.0", tables=tuple(tables))


def has_circle(keys: list[tuple[int, int, bool]]) -> bool:
    """Return True if *keys*, without those to the same table, form a cycle."""
    graph: dict[int, set[int]] = {}
    for source, target, _ in keys:
        if source != target:
            graph.setdefault(source, set()).add(target)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError:
        return True
    return False


@given(KEYS)
def test_closing_keys_are_those_without_which_no_circle_is_left(keys: list[tuple[int, int, bool]]) -> None:
    """Closing keys are nullable; without them only required keys form cycles; each of them is needed."""
    closing = {int(name[1:]) for name in TableGraph(schema(keys)).cycle_closing}
    assert all(keys[index][2] for index in closing)
    left = [key for index, key in enumerate(keys) if index not in closing]
    required = [key for key in keys if not key[2]]
    if not has_circle(required):
        assert not has_circle(left)
        assert all(has_circle([*left, keys[index]]) for index in closing)


@pytest.mark.parametrize(
    ("keys", "closing"),
    [
        ([(0, 1, True), (1, 2, True), (2, 3, True)], set[str]()),
        ([(0, 0, True)], set[str]()),
        ([(0, 1, False), (1, 0, True)], {"k1"}),
        ([(0, 1, False), (1, 2, False), (2, 0, True), (3, 0, True), (0, 4, True)], {"k2"}),
        ([(0, 1, False), (1, 0, False)], set[str]()),
    ],
)
def test_a_nullable_key_closes_a_circle(keys: list[tuple[int, int, bool]], closing: set[str]) -> None:
    """The nullable key closes a cycle; a chain and a key to the same table have no closing key."""
    assert TableGraph(schema(keys)).cycle_closing == closing

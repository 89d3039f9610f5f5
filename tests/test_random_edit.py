"""Random edits: a run with a cache has the same files, problems and exit code as a run without one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.equivalence import EquivalentProjects, speed_up
from tests.random_edit import EDITS, Spec, initial_schema


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speed up the runs."""
    speed_up(monkeypatch)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_edit(data: st.DataObject, quick: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """After any sequence of edits of specs, output, cache and settings, a cache makes no difference."""
    projects = EquivalentProjects(tmp_path_factory.mktemp("projects"))
    spec: Any = initial_schema()
    names = [*spec["tables"], *spec["opaque_tables"]]
    files = dict(zip(names, data.draw(st.sampled_from(["a" * 13, "bcdefghijklmn", "abbccddaabbcd"])), strict=True))
    projects.write(spec, files)
    good = projects.run()
    assert good
    for _ in range(data.draw(st.integers(1, 8))):
        before = copy.deepcopy(spec)
        data.draw(st.sampled_from(EDITS))(data, spec)
        projects.change_project(data)
        projects.write(spec, files)
        if not projects.run():
            # Once fixed, the output is the same as before.
            spec = before
            projects.write(spec, files)
            assert projects.run()


def drop_column(table: str, column: str) -> Callable[[Spec], None]:
    """Remove a column."""
    return lambda spec: spec["tables"][table]["columns"].pop(column)


def set_column(table: str, column: str, **options: Any) -> Callable[[Spec], None]:
    """Add options to a column, which may be new."""

    def edit(spec: Spec) -> None:
        spec["tables"][table]["columns"].setdefault(column, {}).update(options)

    return edit


def set_entry(kind: str, name: str, value: Any) -> Callable[[Spec], None]:
    """Define an enum, a type or a mixin."""
    return lambda spec: spec[kind].update({name: value})


STAMP = {"columns": {"made": {"type": "text", "nullable": True}}}

DISTANT: dict[str, list[Callable[[Spec], None]]] = {
    "an inverse is ordered by a dropped column": [drop_column("bee", "one")],
    "the target of a link table loses its ordering column": [drop_column("cat", "one")],
    "a referenced column gets another type": [set_column("ant", "id", type="integer", autoincrement=False)],
    "a column has the name of an inverse": [set_column("ant", "bees", type="text")],
    "a column has the name of a relationship through a link table": [set_column("cat", "dogs", type="text")],
    "SQL of a mixin names a dropped column": [
        set_column("bee", "two", type="text"),
        set_entry("mixins", "stamped", STAMP | {"checks": {"some": "two <> ''"}}),
        drop_column("bee", "two"),
    ],
    "a relationship of a link table overlaps those through it": [set_column("eel", "dog", relationship="its_dog")],
    "another foreign key closes a circle": [set_column("cat", "bee", nullable=False)],
    "a table changes in a ring with a warning": [set_column("ring_0", "one", type="boolean")],
    "a ring loses its warning": [
        set_column("ring_3", "to", nullable=True),
        set_column("ring_3", "to", nullable=False),
    ],
    "the class of an enum with a default is renamed": [
        set_column("bee", "shade", type="colour", default="red"),
        set_entry("enums", "colour", {"values": ["red"], "class": "Tint"}),
    ],
    "a type becomes unused": [
        lambda spec: spec["tables"]["ant"]["columns"].update({"two": {"type": "integer"}}),
        set_column("ant", "three", type="money"),
    ],
    "a table has another name in the database": [lambda spec: spec["tables"]["ant"].update({"table": "Emmet"})],
    "an opaque table references one that becomes ordinary": [
        lambda spec: spec["tables"].update({"fox": spec["opaque_tables"].pop("fox")})
    ],
    "a link table becomes opaque": [lambda spec: spec["opaque_tables"].update({"eel": spec["tables"].pop("eel")})],
    "the class of a table referenced by an opaque one is renamed": [
        lambda spec: spec["tables"]["ant"].update({"class": "E"})
    ],
    "the last opaque tables are removed, and the manager with them": [
        lambda spec: spec["opaque_tables"].pop("owl"),
        lambda spec: spec["opaque_tables"].pop("fox"),
    ],
    "a deleted row deletes others": [set_column("cat", "ant", on_delete="cascade")],
}


@pytest.mark.parametrize("edits", DISTANT.values(), ids=DISTANT.keys())
@pytest.mark.parametrize("layout", ["one file", "a file each"])
def test_edits_with_distant_effects(
    edits: list[Callable[[Spec], None]], layout: str, quick: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """An edit of one table that affects the files or violations of another one has the same result with a cache."""
    projects = EquivalentProjects(tmp_path_factory.mktemp("projects"))
    spec: Any = initial_schema()
    files = {name: name if layout == "a file each" else "a" for name in [*spec["tables"], *spec["opaque_tables"]]}
    versions = [copy.deepcopy(spec)]
    for edit in edits:
        edit(spec)
        versions.append(copy.deepcopy(spec))
    for spec in [*versions, *reversed(versions)]:
        projects.write(spec, files)
        projects.run()

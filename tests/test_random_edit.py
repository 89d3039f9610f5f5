"""Whatever is edited, a run with a cache ends as a run without one: the same files, problems and exit code."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.equivalence import EquivalentProjects, speed_up
from tests.random_edit import EDITS, Spec, first


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick runs."""
    speed_up(monkeypatch)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_edit(data: st.DataObject, quick: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Edits of specs, of output, of the cache and of settings, in any order: a cache makes no difference."""
    projects = EquivalentProjects(tmp_path_factory.mktemp("projects"))
    spec: Any = first()
    names = [*spec["tables"], *spec["opaque_tables"]]
    files = dict(zip(names, data.draw(st.sampled_from(["a" * 13, "bcdefghijklmn", "abbccddaabbcd"])), strict=True))
    projects.write(spec, files)
    good = projects.run()
    assert good
    for _ in range(data.draw(st.integers(1, 8))):
        before = copy.deepcopy(spec)
        data.draw(st.sampled_from(EDITS))(data, spec)
        projects.disturb(data)
        projects.write(spec, files)
        if not projects.run():
            # Mended, it is what it was.
            spec = before
            projects.write(spec, files)
            assert projects.run()


def lose(table: str, column: str) -> Callable[[Spec], None]:
    """Takes a column away."""
    return lambda spec: spec["tables"][table]["columns"].pop(column)


def have(table: str, column: str, **said: Any) -> Callable[[Spec], None]:
    """Says more of a column, which may be new."""

    def edit(spec: Spec) -> None:
        spec["tables"][table]["columns"].setdefault(column, {}).update(said)

    return edit


def rest(kind: str, name: str, said: Any) -> Callable[[Spec], None]:
    """Says an enum, a type or a mixin."""
    return lambda spec: spec[kind].update({name: said})


STAMP = {"columns": {"made": {"type": "text", "nullable": True}}}

FAR: dict[str, list[Callable[[Spec], None]]] = {
    "an inverse is ordered by a column that goes": [lose("bee", "one")],
    "the far side of a link table loses the column it is ordered by": [lose("cat", "one")],
    "a column that is pointed at gets another type": [have("ant", "id", type="integer", autoincrement=False)],
    "a column takes the name of an inverse": [have("ant", "bees", type="text")],
    "a column takes the name that a link table gives the far side": [have("cat", "dogs", type="text")],
    "SQL of a mixin names a column that goes": [
        have("bee", "two", type="text"),
        rest("mixins", "stamped", STAMP | {"checks": {"some": "two <> ''"}}),
        lose("bee", "two"),
    ],
    "a relationship of a link table overlaps those through it": [have("eel", "dog", relationship="its_dog")],
    "a circle is closed by another key": [have("cat", "bee", nullable=False)],
    "a ring that warns, and a table of it that changes": [have("ring_0", "one", type="boolean")],
    "a ring that warns no more": [have("ring_3", "to", nullable=True), have("ring_3", "to", nullable=False)],
    "an enum's class is named where its default is": [
        have("bee", "shade", type="colour", default="red"),
        rest("enums", "colour", {"values": ["red"], "class": "Tint"}),
    ],
    "a type is used no more": [
        lambda spec: spec["tables"]["ant"]["columns"].update({"two": {"type": "integer"}}),
        have("ant", "three", type="money"),
    ],
    "a table is called otherwise in the database": [lambda spec: spec["tables"]["ant"].update({"table": "Emmet"})],
    "an opaque table points at one that is opaque no more": [
        lambda spec: spec["tables"].update({"fox": spec["opaque_tables"].pop("fox")})
    ],
    "a link table becomes opaque": [lambda spec: spec["opaque_tables"].update({"eel": spec["tables"].pop("eel")})],
    "a class is named where an opaque table points at it": [lambda spec: spec["tables"]["ant"].update({"class": "E"})],
    "an opaque table is no more, and with it the manager": [
        lambda spec: spec["opaque_tables"].pop("owl"),
        lambda spec: spec["opaque_tables"].pop("fox"),
    ],
    "a deleted row takes others along": [have("cat", "ant", on_delete="cascade")],
}


@pytest.mark.parametrize("edits", FAR.values(), ids=FAR.keys())
@pytest.mark.parametrize("layout", ["one file", "a file each"])
def test_what_is_felt_far_off(
    edits: list[Callable[[Spec], None]], layout: str, quick: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """An edit of one table that another one's files or findings come of, and its undoing."""
    projects = EquivalentProjects(tmp_path_factory.mktemp("projects"))
    spec: Any = first()
    files = {name: name if layout == "a file each" else "a" for name in [*spec["tables"], *spec["opaque_tables"]]}
    said = [copy.deepcopy(spec)]
    for edit in edits:
        edit(spec)
        said.append(copy.deepcopy(spec))
    for spec in [*said, *reversed(said)]:
        projects.write(spec, files)
        projects.run()

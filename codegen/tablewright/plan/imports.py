"""The imports of one generated module, with local names that nothing shadows."""

from __future__ import annotations

import builtins
import functools
import sys
from collections.abc import Iterable

from tablewright.plan.plans import Import, ImportGroups

_BUILTINS = frozenset(dir(builtins))


class Imports:
    """Local names of imported objects: `_name` if the module has *taken* the plain one."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = frozenset(taken)
        self._used: dict[str, dict[str, str]] = {}
        self._given: set[str] = set()

    def require(self, module: str, *names: str) -> None:
        """Import *names* under their relative names, because no name of the user's can shadow them.

        Call it before `use`, which then avoids these names.
        """
        for name in names:
            local = self.use(module, name)
            assert local == name, f"{name} would be imported as {local}"

    def use(self, module: str, name: str) -> str:
        """Import *name* from *module*. Return its local name."""
        used = self._used.setdefault(module, {})
        local = used.get(name)
        if local is None:
            local, number = name, 1
            while local in self._taken or local in self._given or local in _BUILTINS:
                # Never two leading underscores: Python mangles such names inside classes.
                local, number = f"_{name}" if number == 1 else f"_{name}_{number}", number + 1
            used[name] = local
            self._given.add(local)
        return local

    def builtin(self, name: str) -> str:
        """Return the local name of a builtin: its relative, unless the module has taken it."""
        return self.use("builtins", name) if name in self._taken else name

    def groups(self) -> ImportGroups:
        """Return all imports, sorted as ruff sorts them."""
        relative: list[Import] = []
        standard: list[Import] = []
        others: list[Import] = []
        for module, names in sorted(self._used.items()):
            top = module.partition(".")[0]
            group = relative if not top else standard if top in sys.stdlib_module_names else others
            group.append(Import(module, tuple(_lines(names))))
        # Parent packages first: `..enums` before `._base`.
        relative.sort(key=lambda item: (-(len(item.module) - len(item.module.lstrip("."))), item.module))
        return ImportGroups(tuple(standard), tuple(others), tuple(relative))


def _lines(names: dict[str, str]) -> Iterable[str]:
    for name in sorted(names, key=import_order):
        yield name if name == names[name] else f"{name} as {names[name]}"


@functools.cache
def import_order(name: str) -> tuple[int, str]:
    """Return the sort key of an imported name: constants, classes, then the rest."""
    if name.isupper() and len(name) > 1:
        return (0, name)
    return (1, name) if name[:1].isupper() else (2, name)

"""The imports of one generated module: collected as names are used, spelt so that none is shadowed."""

from __future__ import annotations

import builtins
import itertools
import sys
from collections.abc import Iterable

from tablewright.plan.plans import Import, ImportGroups


class Imports:
    """Hands out local names for imported things: `_name` where the module has *taken* the plain one."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = frozenset(taken)
        self._used: dict[str, dict[str, str]] = {}
        self._given: set[str] = set()

    def use(self, module: str, name: str) -> str:
        """The local name of *name* from *module*, imported from now on."""
        used = self._used.setdefault(module, {})
        if name not in used:
            # Never two underscores in front: Python mangles such names inside classes.
            candidates = itertools.chain((name, f"_{name}"), (f"_{name}_{number}" for number in itertools.count(2)))
            local = next(
                candidate
                for candidate in candidates
                if candidate not in self._taken and candidate not in self._given and not hasattr(builtins, candidate)
            )
            used[name] = local
            self._given.add(local)
        return used[name]

    def builtin(self, name: str) -> str:
        """The local name of a builtin: plain, unless the module has taken it."""
        return self.use("builtins", name) if name in self._taken else name

    def groups(self) -> ImportGroups:
        """All that was used, sorted as ruff sorts."""
        made = [Import(module, tuple(_lines(names))) for module, names in sorted(self._used.items())]
        own = [item for item in made if item.module.startswith(".")]
        standard = [item for item in made if item.module.partition(".")[0] in sys.stdlib_module_names]
        others = [item for item in made if item not in own and item not in standard]
        # Farther packages first: `..enums` before `._base`.
        own.sort(key=lambda item: (-(len(item.module) - len(item.module.lstrip("."))), item.module))
        return ImportGroups(tuple(standard), tuple(others), tuple(own))


def _lines(names: dict[str, str]) -> Iterable[str]:
    for name, local in sorted(names.items(), key=lambda item: import_order(item[0])):
        yield name if name == local else f"{name} as {local}"


def import_order(name: str) -> tuple[int, str]:
    """Where a name stands in a sorted import: constants, classes, then the rest."""
    if name.isupper() and len(name) > 1:
        return (0, name)
    return (1, name) if name[:1].isupper() else (2, name)

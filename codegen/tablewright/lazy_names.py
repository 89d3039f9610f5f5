"""Names of the public modules, imported when they are first used (PEP 562)."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Mapping

EXTRA = "pip install 'tablewright[codegen]'"
_RUNTIME = ("tablewright.runtime", "tablewright.schema")


def load_name(public: str, modules: Mapping[str, str], name: str) -> object:
    """Import *name* from its module and store it in the module *public*. Return it.

    *modules* maps each public name to its module. Raise `AttributeError` for an unknown name, and `ModuleNotFoundError`
    with the command that installs what is missing.
    """
    if name not in modules:
        near = [] if name.startswith("__") else difflib.get_close_matches(name, modules, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise AttributeError(f"module {public!r} has no attribute {name!r}.{hint}", name=name)
    module = modules[name]
    try:
        value: object = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if module.startswith(_RUNTIME) or (error.name or "tablewright").startswith("tablewright"):
            raise
        message = f"{public}.{name} needs {error.name}, which is not installed: run {EXTRA}."
        raise ModuleNotFoundError(message, name=error.name) from error
    vars(sys.modules[public])[name] = value
    return value

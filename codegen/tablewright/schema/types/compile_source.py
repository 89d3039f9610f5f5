"""`compile_source`: the one way to functions that are generated at run time."""

from __future__ import annotations

import itertools
import linecache
import weakref
from collections.abc import Callable
from typing import Any

_numbers = itertools.count(1)


def compile_source(source: str, name: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """Compile *source*, which defines one function over the objects in *namespace*. Return the function.

    *name* describes it in tracebacks, which show its lines as those of any other function. The lines are dropped
    together with the function.
    """
    filename = f"<tablewright {next(_numbers)}: {name}>"
    before = set(namespace)
    exec(compile(source, filename, "exec"), namespace)
    (defined,) = set(namespace) - before - {"__builtins__"}
    # Taken out of its own globals, so that it is freed without the garbage collector.
    function: Callable[..., Any] = namespace.pop(defined)
    # An entry without a time of modification stays when others are checked for changes on disk.
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    weakref.finalize(function, linecache.cache.pop, filename, None).atexit = False
    return function

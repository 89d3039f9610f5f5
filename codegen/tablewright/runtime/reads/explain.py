"""`explain`: the plan of a statement, as the database describes it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.base import Executable

from tablewright.runtime.engine.registry import backend_of


class Explain(Executable, ClauseElement):
    """EXPLAIN of a *statement*, with its parameters."""

    inherit_cache = False

    def __init__(self, statement: ClauseElement) -> None:
        self.statement = statement


@compiles(Explain)
def _explain(element: Explain, compiler: Any, **kw: Any) -> str:
    return f"{backend_of(compiler.dialect).explain_keyword} {compiler.process(element.statement, **kw)}"


def explain(connection: Connection, statement: ClauseElement) -> str:
    """Return the plan of *statement*, one line for each step, nested steps indented."""
    return backend_of(connection.dialect).explained(connection.execute(Explain(statement)).all())

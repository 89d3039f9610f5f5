"""`explain`: how a database would run a statement, in its own words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.base import Executable


class Explain(Executable, ClauseElement):
    """EXPLAIN of a *statement*, with its parameters."""

    inherit_cache = False

    def __init__(self, statement: ClauseElement) -> None:
        self.statement = statement


@compiles(Explain)
def _explain(element: Explain, compiler: Any, **kw: Any) -> str:
    word = "EXPLAIN QUERY PLAN" if compiler.dialect.name == "sqlite" else "EXPLAIN"
    return f"{word} {compiler.process(element.statement, **kw)}"


def explained(connection: Connection, statement: ClauseElement) -> str:
    """The plan of *statement*, a line for each step, those inside others indented."""
    rows = connection.execute(Explain(statement)).all()
    if connection.dialect.name != "sqlite":
        return "\n".join(row[0] for row in rows)
    depths = {0: -1}
    lines: list[str] = []
    for number, inside, _, detail in rows:
        depths[number] = depths[inside] + 1
        lines.append("  " * depths[number] + detail)
    return "\n".join(lines)

"""A program that ensures a table as soon as it is told to: `python worker.py URL LENGTH`."""

from __future__ import annotations

import sys

from bookstore import Database
from tablewright.runtime.errors import TableConflictError
from tablewright.spec.models import ColumnSpec, TableSpec

url, length = sys.argv[1:]
definition = TableSpec(
    name="shared",
    columns={
        "id": ColumnSpec(type="bigint", primary_key=True, autoincrement=True),
        "text": ColumnSpec(type="string", length=int(length)),
    },
)
definition.definition()
print("ready", flush=True)
sys.stdin.readline()
with Database(url, busy_timeout=60) as database:
    try:
        table = database.ensure_table("shared", definition)
        with database.session() as session:
            session.table(table).insert_many({"text": "x"} for _ in range(10))
        print("made", flush=True)
    except TableConflictError:
        print("conflict", flush=True)

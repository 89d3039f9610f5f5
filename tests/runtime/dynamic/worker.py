"""A program that ensures tables when a line arrives on its standard input: `python worker.py URL LENGTH`."""

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
with Database(url, busy_timeout=60) as database:
    # Connect and load all lazy modules first, so that the programs start at the same time.
    database.get_table("shared0", definition)
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        for number in range(10):
            table = database.ensure_table(f"shared{number}", definition)
            with database.session() as session:
                session.table(table).insert_many({"text": "x"} for _ in range(10))
        print("made", flush=True)
    except TableConflictError:
        print("conflict", flush=True)

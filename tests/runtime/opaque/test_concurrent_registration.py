"""Concurrent registration of one opaque table by many clients."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bookstore import Database
from tests.runtime.opaque.records import RECORD

PROCESSES = 8
PROGRAM = """
import sys
from bookstore import Database
from tests.runtime.opaque.records import RECORD, row
url, number = sys.argv[1], int(sys.argv[2])
with Database(url, busy_timeout=60) as db:
    print("ready", flush=True)
    sys.stdin.readline()
    storage = db.opaque.register("record", RECORD)
    for start in range(0, 100, 20):
        storage.insert(*(row(number * 1000 + item) for item in range(start, start + 20)))
    # What all of them have is inserted by one.
    print("ensured", storage.ensure(*(row(item) for item in range(50))), flush=True)
"""


def test_many_threads_register_at_once(db: Database) -> None:
    """Threads of one process, each with its own handle, register one table."""

    def register(_: int) -> int:
        with Database(db.engine.url, busy_timeout=60) as own:
            return own.opaque.register("record", RECORD).count()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(register, range(12))) == [0] * 12
    assert db.opaque.names() == ["record"]


def test_many_processes_register_at_once(url: str) -> None:
    """Eight processes that register at once create one table without an error, and store each row once."""
    with Database(url) as db:
        db.create()
    root = Path(__file__).parents[3]
    paths = ":".join(map(str, (root / "codegen", root / "generated", root)))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, url, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": paths},
        )
        for number in range(1, PROCESSES + 1)
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES, outputs
    assert sum(int(output.split()[-1]) for output, _ in outputs) == 50
    with Database(url) as db:
        assert db.opaque.names() == ["record"]
        expected = {number * 1000 + item for number in range(1, PROCESSES + 1) for item in range(100)} | {*range(50)}
        storage: Any = db.opaque["record"]
        fetched = [one.id for one in storage.fetch()]
        assert len(fetched) == len(expected)
        assert set(fetched) == expected

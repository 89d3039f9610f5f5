"""Programs that ensure the same tables at the same time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import inspect, text

from bookstore import Database, metadata

ROOT = Path(__file__).parents[3]
WORKER = Path(__file__).parent / "worker.py"


def test_eight_programs_ensure_the_same_tables(url: str) -> None:
    """One program creates each table; those with an equal definition use it, those with another get a conflict."""
    Database(url).create()
    lengths = [10] * 7 + [11]
    workers = [
        subprocess.Popen(
            [sys.executable, str(WORKER), url, str(length)],
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}/codegen:{ROOT}/generated", "PATH": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for length in lengths
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    with Database(url) as db:
        # The last program starts late, so that it is the one in conflict.
        for worker in workers[:7]:
            _start(worker)
        ended = [worker.communicate(timeout=120) for worker in workers[:7]]
        assert [error for _, error in ended] == [""] * 7
        assert [output for output, _ in ended] == ["made\n"] * 7
        _start(workers[7])
        assert workers[7].communicate(timeout=120) == ("conflict\n", "")
        tables = [f"shared{number}" for number in range(10)]
        assert set(inspect(db.engine).get_table_names()) - set(metadata.tables) == set(tables)
        with db.session() as session:
            assert {session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables} == {70}


def _start(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin is not None
    worker.stdin.write("\n")
    worker.stdin.flush()

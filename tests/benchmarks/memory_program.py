"""The program that `memory` runs: `python -m tests.benchmarks.memory_program WORK CONTENDER URL PACKAGES COUNT`.

It prints the growth of the process in megabytes, from the start of the work to its peak, and the µs a row.
"""

from __future__ import annotations

import gc
import importlib
import sys
import time

from sqlalchemy import make_url

from tests.benchmarks import values
from tests.benchmarks.contenders.contender import Workload
from tests.benchmarks.contenders.registry import open_contender
from tests.benchmarks.resident import megabytes, peak_megabytes
from tests.benchmarks.targets import Sizes, Target


def main(work: str, name: str, url: str, packages: str, rows: str) -> None:
    """Do the work in a transaction that is rolled back, and print its cost."""
    sys.path.insert(0, packages)
    count = int(rows)
    address = make_url(url)
    target = Target(address.get_backend_name(), address, importlib.import_module("shop"), Sizes())
    contender = open_contender(name, target)
    with contender.transaction():
        # Warm up: what is loaded and compiled once does not depend on the number of rows.
        assert target.package.PlainRow
        contender.insert_many(Workload(rows=list(values.plain_rows(10))))
    with contender.transaction():
        gc.collect()
        before, started = megabytes(), time.perf_counter()
        done = (
            contender.stream(Workload())
            if work == "stream"
            else contender.insert_many(Workload(rows=values.plain_rows(count)))
        )
        seconds = time.perf_counter() - started
        peak = peak_megabytes()
        assert done == count, f"{done} rows instead of {count}"
    contender.close()
    print(peak - before, seconds / count * 1e6)


if __name__ == "__main__":
    main(*sys.argv[1:])

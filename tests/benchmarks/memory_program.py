"""The program that `memory` measures: `python -m tests.benchmarks.memory_program WORK CONTENDER URL PACKAGES COUNT`.

It prints the megabytes that the work took at its peak over what the process had before, and the µs a row.
"""

from __future__ import annotations

import gc
import importlib
import sys
import time

from sqlalchemy import make_url

from tests.benchmarks import values
from tests.benchmarks.contenders.contender import Given
from tests.benchmarks.contenders.registry import contender
from tests.benchmarks.places import Place, Sizes
from tests.benchmarks.resident import megabytes, peak_megabytes


def main(work: str, name: str, url: str, packages: str, rows: str) -> None:
    """Does the work, in a transaction that is rolled back."""
    sys.path.insert(0, packages)
    count = int(rows)
    made = make_url(url)
    place = Place(made.get_backend_name(), made, importlib.import_module("shop"), Sizes())
    who = contender(name, place)
    with who.transaction():
        # Not the first call of its kind: what is loaded and compiled once is no matter of rows.
        assert place.package.PlainRow
        who.insert_many(Given(rows=list(values.plain_rows(10))))
    with who.transaction():
        gc.collect()
        held, started = megabytes(), time.perf_counter()
        done = who.stream(Given()) if work == "stream" else who.insert_many(Given(rows=values.plain_rows(count)))
        seconds = time.perf_counter() - started
        peak = peak_megabytes()
        assert done == count, f"{done} rows instead of {count}"
    who.close()
    print(peak - held, seconds / count * 1e6)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""`Bench`: the folder, package and databases that all cases of one run share."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL

from tests.benchmarks.contenders.registry import open_contender
from tests.benchmarks.machine import Machine, this_machine
from tests.benchmarks.targets import (
    SERVER_SETTINGS,
    TINY,
    Sizes,
    Target,
    create_target,
    generated_shop,
    postgres_database,
    postgres_server,
    settings_of,
)

QUICK = 20
"""The divisor of all sizes under `--quick`."""


class Bench:
    """A folder, the generated package and filled databases, each created on first use."""

    def __init__(self, folder: Path, stack: ExitStack, *, quick: bool = False, rounds: int | None = None) -> None:
        self.folder = folder
        self.quick = quick
        self.rounds = rounds
        self._stack = stack
        self._targets: dict[tuple[str, Sizes], Target] = {}

    @property
    def sizes(self) -> Sizes:
        """The numbers of rows to read and write."""
        return Sizes().divided(QUICK) if self.quick else Sizes()

    @functools.cached_property
    def package(self) -> Any:
        """The package *shop*."""
        return generated_shop(self.new_folder("generated"))

    @functools.cached_property
    def server(self) -> URL:
        """The Postgres server."""
        return self._stack.enter_context(postgres_server())

    def new_folder(self, name: str) -> Path:
        """Create an empty folder."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        return folder

    def new_url(self, engine: str, name: str) -> URL:
        """Create an empty database. Return its URL."""
        if engine == "sqlite":
            return URL.create("sqlite", database=str(self.folder / f"{name}.db"))
        return self._stack.enter_context(postgres_database(self.server))

    def target(self, engine: str) -> Target:
        """Return the database of *engine* to measure on."""
        return self._target(engine, self.sizes, f"{engine}-measured")

    def tiny_target(self, engine: str) -> Target:
        """Return the small database of *engine* on which the work of contenders is compared."""
        return self._target(engine, TINY, f"{engine}-tiny")

    def _target(self, engine: str, sizes: Sizes, name: str) -> Target:
        key = (engine, sizes)
        if key not in self._targets:
            target = create_target(self.new_url(engine, name), self.package, sizes)
            self._stack.callback(target.close)
            self._targets[key] = target
        return self._targets[key]

    def machine(self) -> Machine:
        """Return the versions and settings that the cases ran with."""
        settings: dict[str, str] = {}
        for target in self._targets.values():
            driver = open_contender("driver", target)
            with driver.transaction():
                answers = {name: driver.scalar(sql) for name, sql in settings_of(target).items()}
            settings |= {f"{target.engine} {name}": str(answer) for name, answer in answers.items()}
        if "server" not in vars(self):
            return this_machine("not started", settings)
        url = self.server.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url) as connection:
            for name in SERVER_SETTINGS:
                answer = connection.execute(f"SHOW {name}".encode()).fetchone()
                settings[f"postgresql {name}"] = str(answer and answer[0])
            return this_machine(connection.info.parameter_status("server_version") or "unknown", settings)


@contextmanager
def open_bench(*, quick: bool = False, rounds: int | None = None) -> Iterator[Bench]:
    """Open a bench in a temporary folder, which is removed at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tablewright-bench-")))
        yield Bench(folder, stack, quick=quick, rounds=rounds)

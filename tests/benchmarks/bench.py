"""`Bench`: what the cases of one run share."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL

from tests.benchmarks.contenders.registry import contender
from tests.benchmarks.machine import Machine, this_machine
from tests.benchmarks.places import (
    SERVER_SETTINGS,
    TINY,
    Place,
    Sizes,
    filled_place,
    generated_shop,
    postgres_database,
    postgres_server,
    settings_of,
)

QUICK = 20
"""By how much `--quick` divides every size."""


class Bench:
    """A folder, the generated package, and filled databases; each made when it is first asked for."""

    def __init__(self, folder: Path, stack: ExitStack, *, quick: bool = False, rounds: int | None = None) -> None:
        self.folder = folder
        self.quick = quick
        self.rounds = rounds
        self._stack = stack
        self._places: dict[tuple[str, Sizes], Place] = {}

    @property
    def sizes(self) -> Sizes:
        """How much is read and written."""
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
        """An empty folder."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        return folder

    def new_url(self, engine: str, name: str) -> URL:
        """The URL of an empty database."""
        if engine == "sqlite":
            return URL.create("sqlite", database=str(self.folder / f"{name}.db"))
        return self._stack.enter_context(postgres_database(self.server))

    def place(self, engine: str) -> Place:
        """The database that is measured."""
        return self._place(engine, self.sizes, f"{engine}-measured")

    def rehearsal(self, engine: str) -> Place:
        """A tiny one, on which contenders prove that they do the same."""
        return self._place(engine, TINY, f"{engine}-rehearsal")

    def _place(self, engine: str, sizes: Sizes, name: str) -> Place:
        key = (engine, sizes)
        if key not in self._places:
            place = filled_place(self.new_url(engine, name), self.package, sizes)
            self._stack.callback(place.close)
            self._places[key] = place
        return self._places[key]

    def machine(self) -> Machine:
        """What the cases ran on."""
        settings: dict[str, str] = {}
        for place in self._places.values():
            driver = contender("driver", place)
            with driver.transaction():
                asked = {name: driver.ask(sql) for name, sql in settings_of(place).items()}
            settings |= {f"{place.engine} {name}": str(answer) for name, answer in asked.items()}
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
    """A bench in a temporary folder, which it takes along at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tablewright-bench-")))
        yield Bench(folder, stack, quick=quick, rounds=rounds)

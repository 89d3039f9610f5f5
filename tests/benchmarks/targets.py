"""The databases that contenders work on: a SQLite file or a Postgres database, filled with the same values."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import URL, make_url

from tablewright.pipeline import generate
from tablewright.settings import Settings
from tests.benchmarks import values
from tests.postgres_server import NOT_DURABLE, owned_folder, server_uri

SPECS = Path(__file__).parent / "specs"
SERVER_SETTINGS = NOT_DURABLE | {
    # No work of the server's own may run in the middle of a round.
    "autovacuum": "off",
    "max_wal_size": "'8GB'",
}


@dataclass(frozen=True)
class Sizes:
    """The numbers of rows: in the tables, and for one run to read or write."""

    plain: int = 100_000
    rich: int = 30_000
    authors: int = 500
    books: int = 10_000
    single: int = 500
    """Calls on one row."""
    spans: int = 100
    """Reads of 50 rows."""
    many: int = 50_000
    many_rich: int = 20_000
    upserts: int = 10_000
    entities: int = 5_000
    sessions: int = 200

    def divided(self, by: int) -> Sizes:
        """Return these sizes divided by *by*, at least 10 each."""
        return Sizes(**{name: max(size // by, 10) for name, size in vars(self).items()})


TINY = Sizes(
    plain=120,
    rich=40,
    authors=5,
    books=40,
    single=8,
    spans=2,
    many=60,
    many_rich=30,
    upserts=40,
    entities=20,
    sessions=3,
)


@dataclass
class Target:
    """A filled database with the tables of the package *shop*."""

    engine: str
    """`sqlite` or `postgresql`."""
    url: URL
    package: Any
    sizes: Sizes
    contenders: dict[str, Any] = field(default_factory=dict)

    @property
    def conninfo(self) -> str:
        """The connection string for psycopg."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def text(self) -> str:
        """The URL as text."""
        return self.url.render_as_string(hide_password=False)

    def close(self) -> None:
        """Close the connections of all contenders."""
        for contender in self.contenders.values():
            contender.close()
        self.contenders.clear()


def generated_shop(folder: Path) -> Any:
    """Generate the package *shop* into *folder* and import it."""
    settings = Settings(root=SPECS.parent, specs=SPECS, output=folder)
    outcome = generate(settings, typecheck=False)
    if not outcome.clean:
        raise RuntimeError(f"Cannot generate the package of the benchmarks: {outcome.diagnostics}")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return importlib.import_module("shop")


def create_target(url: str | URL, package: Any, sizes: Sizes) -> Target:
    """Create the tables of *package* in the empty database at *url*, and fill them to *sizes*."""
    address = make_url(url)
    target = Target(address.get_backend_name(), address, package, sizes)
    with package.Database(address) as database:
        database.create()
        with database.session() as session:
            session.plain.insert_many(values.plain_rows(sizes.plain))
            session.rich.insert_many(values.rich_rows(sizes.rich, package.Genre))
            session.author.insert_many(values.author_rows(sizes.authors))
            session.book.insert_many(values.book_rows(sizes.books, sizes.authors))
    if target.engine == "postgresql":
        with psycopg.connect(target.conninfo, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
    return target


@contextmanager
def postgres_server() -> Iterator[URL]:
    """Start a Postgres server with the settings of the benchmarks, or use the external one."""
    with owned_folder() as folder:
        yield make_url(server_uri(folder, SERVER_SETTINGS)).set(drivername="postgresql+psycopg")


@contextmanager
def postgres_database(server: URL) -> Iterator[URL]:
    """Create an empty database on *server*, and drop it at the end."""
    name = f"tablewright_{uuid4().hex[:12]}"
    with psycopg.connect(_conninfo(server), autocommit=True) as administration:
        administration.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield server.set(database=name)
        finally:
            administration.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def settings_of(target: Target) -> Mapping[str, str]:
    """Return the queries, by setting, whose results must be equal for all contenders: durability and isolation."""
    if target.engine == "sqlite":
        return {name: f"PRAGMA {name}" for name in ("journal_mode", "synchronous", "foreign_keys", "cache_size")}
    return {name: f"SHOW {name}" for name in ("synchronous_commit", "transaction_isolation", "TimeZone")}


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)

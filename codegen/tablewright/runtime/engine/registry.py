"""The registered backends and drivers, and how to look them up."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Dialect

from tablewright.runtime.engine.backend import Backend
from tablewright.runtime.engine.driver import Driver
from tablewright.runtime.engine.postgres_backend import PostgresBackend
from tablewright.runtime.engine.psycopg_driver import PsycopgDriver
from tablewright.runtime.engine.pysqlite_driver import PysqliteDriver
from tablewright.runtime.engine.sqlite_backend import SQLiteBackend

BACKENDS: dict[str, Backend] = {
    "sqlite": SQLiteBackend("sqlite"),
    "postgresql": PostgresBackend("postgresql"),
}
"""By the name of the dialect."""
DRIVERS: dict[tuple[str, str], Driver] = {
    ("sqlite", "pysqlite"): PysqliteDriver(),
    ("postgresql", "psycopg"): PsycopgDriver(),
}
"""By the names of the dialect and the driver."""
UNKNOWN_DRIVER = Driver()
BACKEND, DRIVER = "tablewright_backend", "tablewright_driver"
"""The attributes of a dialect with its backend and driver: a look-up in its `vars` costs next to nothing."""


def backend_of(dialect: Dialect) -> Backend:
    """Return the backend of *dialect*."""
    try:
        return cast("Backend", vars(dialect)[BACKEND])
    except KeyError:
        backend = vars(dialect)[BACKEND] = BACKENDS.get(dialect.name) or Backend(dialect.name)
        return backend


def driver_of(dialect: Dialect) -> Driver:
    """Return the driver of *dialect*."""
    try:
        return cast("Driver", vars(dialect)[DRIVER])
    except KeyError:
        driver = vars(dialect)[DRIVER] = DRIVERS.get((dialect.name, dialect.driver), UNKNOWN_DRIVER)
        return driver


def driver_that_raised(error: BaseException | None) -> Driver:
    """Return the driver whose error *error* is."""
    return next((driver for driver in DRIVERS.values() if driver.raised(error)), UNKNOWN_DRIVER)

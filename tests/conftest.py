"""Databases for the tests: a SQLite file, and a real Postgres that is never skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from sqlalchemy import URL, make_url

from tests.postgres_server import NoServerError, owned_folder, server_uri

SLOW = (
    "benchmarks/",
    "butler/",
    "docs/",
    "real/",
    "typing/",
    "analysis/test_incremental.py",
    "cli/test_commands.py",
    "cli/test_progress.py",
    "runtime/bulk/",
    "runtime/dynamic/test_processes.py",
    "runtime/expressions/test_ranges.py",
    "runtime/opaque/test_concurrent_registration.py",
    "runtime/opaque/test_delete.py",
    "runtime/opaque/test_storage.py",
    "runtime/reads/test_membership.py",
    "runtime/reads/test_queries.py::test_find_takes_collections_of_any_size",
    "runtime/scopes/test_fastapi.py",
    "runtime/scopes/test_retry.py",
    "runtime/test_package.py",
    "rules/test_lint.py::test_a_damaged_schema",
    "spec/test_load.py::test_odd_values",
    "spec/test_yaml_reader.py",
    "test_coexistence.py",
    "test_extensions.py",
    "test_front_door.py",
    "test_generated.py",
    "test_laws.py",
    "test_loading.py",
    "test_own_types.py",
    "test_postgres_server.py",
    "test_random_edit.py",
    "test_random_schema.py",
)
"""Folders, files and tests that `make test-fast` leaves out: they start processes or take seconds."""
RUN_FOLDER = "TABLEWRIGHT_TEST_POSTGRES_FOLDER"

# Continuous integration uses the same examples every time, a developer's run new ones.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

EMPTY = """
DO $$
DECLARE name text;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
    CREATE SCHEMA public;
END $$
"""


def pytest_configure(config: pytest.Config) -> None:
    """Create the folder of this run's server; workers find it by the environment variable."""
    if RUN_FOLDER not in os.environ:
        stack = ExitStack()
        os.environ[RUN_FOLDER] = str(stack.enter_context(owned_folder()))
        stack.callback(os.environ.pop, RUN_FOLDER)
        config.add_cleanup(stack.close)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow the tests that use Postgres, start processes or take seconds."""
    for item in items:
        if item.nodeid.removeprefix("tests/").startswith(SLOW) or _uses_postgres(item):
            item.add_marker(pytest.mark.slow)


def _uses_postgres(item: pytest.Item) -> bool:
    # A fixture with both databases as parameters requests the server only when it runs; the id of the test names it.
    fixtures: list[str] = getattr(item, "fixturenames", [])
    return ("[" in item.name and "postgres" in item.name) or any("postgres" in name for name in fixtures)


@pytest.fixture(scope="session")
def postgres_server() -> URL:
    """The Postgres server of this test run, shared by all workers."""
    try:
        return make_url(server_uri(Path(os.environ[RUN_FOLDER]))).set(drivername="postgresql+psycopg")
    except NoServerError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def postgres_database(postgres_server: URL) -> Iterator[URL]:
    """The URL of this worker's own database, created for the run."""
    name = f"tablewright_{uuid4().hex[:12]}"
    try:
        administration = psycopg.connect(_conninfo(postgres_server), autocommit=True)
    except psycopg.Error as error:
        pytest.fail(f"Cannot connect to {_redacted(postgres_server)}: {error}", pytrace=False)
    with administration:
        administration.execute(f'CREATE DATABASE "{name}"')
        try:
            yield postgres_server.set(database=name)
        finally:
            administration.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url(postgres_database: URL) -> str:
    """The URL of an empty Postgres database."""
    with psycopg.connect(_conninfo(postgres_database), autocommit=True) as connection:
        connection.execute(EMPTY)
    return postgres_database.render_as_string(hide_password=False)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database; the test runs once on SQLite and once on Postgres."""
    address: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return address


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _redacted(url: URL) -> str:
    return url.render_as_string(hide_password=True)

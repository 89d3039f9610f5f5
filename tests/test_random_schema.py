"""Random schemas: any schema that passes the rules becomes a package that type-checks and runs."""

from __future__ import annotations

import importlib
import itertools
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from sqlalchemy import create_engine
from sqlalchemy.orm import configure_mappers

from tablewright.pipeline import generate
from tablewright.settings import Settings
from tests.random_schema import schemas

COUNTER = itertools.count()


class Quoting(yaml.SafeDumper):
    """A dumper that quotes all text: YAML 1.2 reads some text as a number that PyYAML leaves unquoted."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Return *data* in double quotes."""
        return self.represent_scalar("tag:yaml.org,2002:str", data, style='"')


Quoting.add_representer(str, Quoting.represent_str)


# Examples are not shrunk: each attempt takes seconds, and a drawn spec is readable as it is.
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(drawn=st.lists(schemas(), min_size=8, max_size=8))
def test_random_schema(drawn: list[dict[str, Any]], postgres_database: Any) -> None:
    """Random schemas pass generate, compile, mypy and create on SQLite and Postgres.

    Several are checked together, because mypy takes the same time for one as for eight.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        names = []
        for schema in drawn:
            name = f"drawn_{next(COUNTER)}"
            names.append(name)
            (root / "specs" / name).mkdir(parents=True)
            text = yaml.dump(schema | {"schema": name}, Dumper=Quoting, sort_keys=False)
            (root / "specs" / name / "schema.yaml").write_text(text)
        outcome = generate(Settings(root=root, specs=root / "specs", output=root / "out"))
        assert not [diagnostic for diagnostic in outcome.diagnostics if diagnostic.severity == "error"]
        assert not outcome.type_errors
        sys.path.insert(0, str(root / "out"))
        try:
            for name in names:
                check_package(importlib.import_module(name), postgres_database)
        finally:
            sys.path.remove(str(root / "out"))


def check_package(package: Any, postgres_database: Any) -> None:
    """Create the package's tables on both databases, and compare them with their definitions."""
    assert package.__doc__
    assert all(hasattr(package, name) for name in dir(package))
    definitions = package.schema.PACKAGE
    configure_mappers()
    with tempfile.TemporaryDirectory() as folder:
        for url in (f"sqlite:///{folder}/drawn.db", postgres_database):
            engine = create_engine(url)
            try:
                with engine.begin() as connection:
                    package.metadata.drop_all(connection)
                    package.metadata.create_all(connection)
                    differences = compare_metadata(MigrationContext.configure(connection), package.metadata)
                    assert [item for item in differences if item[0] not in ("remove_table", "remove_index")] == []
                    # Rows are inserted in the order of the specs, in which each table references earlier ones only.
                    opaque = [
                        definitions.opaque_storage(table.name).table for table in definitions.definition.opaque_tables
                    ]
                    for table in opaque:
                        table.create(connection)
                    for table in reversed(opaque):
                        table.drop(connection)
                    package.metadata.drop_all(connection)
            finally:
                engine.dispose()

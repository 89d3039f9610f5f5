"""The shop as created by the SQLite script: the other spec, with CamelCase names in the database."""

from collections.abc import Mapping
from pathlib import Path

from tablewright import ColumnSpec
from tablewright.spec.load import load_folder

chinook = load_folder(Path(__file__).parents[1] / "chinook").spec
assert chinook is not None


def camel(name: str) -> str:
    """Return `album_id` as `AlbumId`."""
    return name.title().replace("_", "")


def renamed(columns: Mapping[str, ColumnSpec]) -> dict[str, ColumnSpec]:
    """Return the columns under their names in the SQLite file."""
    return {name: column.model_copy(update={"column": camel(name)}) for name, column in columns.items()}


SCHEMA = chinook.model_copy(
    update={
        "name": "chinook_sqlite",
        "tables": {
            name: table.model_copy(update={"table": camel(name), "columns": renamed(table.columns)})
            for name, table in chinook.tables.items()
        },
        "mixins": {
            name: mixin.model_copy(update={"columns": renamed(mixin.columns)}) for name, mixin in chinook.mixins.items()
        },
    }
)

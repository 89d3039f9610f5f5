"""Names of a schema that equal the names a generated module imports."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from tablewright.pipeline import generate
from tablewright.settings import Settings

IMPORTED = ["row", "column", "table", "lock", "where", "value", "equal", "iterable", "literal", "typed_dict"]
OPAQUE = ["sequence", "iterator", "matches", "prefix", "unpack"]


def spec() -> str:
    """Return a schema of enums and tables called like imports and builtins."""
    enums = "".join(f"  {name}: [a, b]\n" for name in IMPORTED + OPAQUE)
    columns = "".join(f"      {name}: {{type: {name}}}\n" for name in IMPORTED)
    opaque = "".join(f"      {name}_: {{type: {name}}}\n" for name in OPAQUE)
    key = "      id: {type: bigint, primary_key: true}\n"
    also = "      also: {type: bigint, primary_key: true}\n"
    return (
        f"schema: shadowed\nversion: 1.0.0\nenums:\n{enums}tables:\n"
        f"  keyed:\n    columns:\n{key}{columns}"
        f"  composite:\n    columns:\n{key}{also}{columns}      property: {{type: text}}\n"
        f"  list:\n    columns:\n{key}      type: {{type: text, unique: true}}\n"
        f"  type:\n    columns:\n{key}{also}      int: {{type: integer}}\n"
        f"  class_var:\n    columns:\n{key}  from_clause:\n    columns:\n{key}"
        f"opaque_tables:\n  opaque_table:\n    columns:\n{key}{opaque}"
        f"  any:\n    columns:\n{key}  int:\n    columns:\n{key}  dynamic_opaque_table:\n    columns:\n{key}"
    )


def test_nothing_is_shadowed(tmp_path: Path) -> None:
    """The package passes mypy and loads whole."""
    (tmp_path / "specs" / "shadowed").mkdir(parents=True)
    (tmp_path / "specs" / "shadowed" / "schema.yaml").write_text(spec())
    outcome = generate(Settings(tmp_path, tmp_path / "specs", tmp_path / "out"))
    assert outcome.clean, outcome
    sys.path.insert(0, str(tmp_path / "out"))
    try:
        package = importlib.import_module("shadowed")
        assert all(hasattr(package, name) for name in dir(package))
    finally:
        sys.path.remove(str(tmp_path / "out"))

"""Tablewright: describe tables once, get a typed database package. The public names, loaded on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tablewright.schema import table_definer

if TYPE_CHECKING:
    from tablewright.runtime.database import Database as Database
    from tablewright.runtime.expressions.patterns import glob as glob
    from tablewright.runtime.expressions.prefix import Prefix as Prefix
    from tablewright.runtime.expressions.ranges import (
        after as after,
        before as before,
        contains as contains,
        is_empty as is_empty,
        lower as lower,
        overlaps as overlaps,
        upper as upper,
    )
    from tablewright.runtime.opaque.manager import OpaqueTableStorageManager as OpaqueTableStorageManager
    from tablewright.runtime.opaque.storage import OpaqueTableStorage as OpaqueTableStorage
    from tablewright.runtime.row import Row as Row
    from tablewright.runtime.session import Session as Session
    from tablewright.runtime.table import (
        ALL_ROWS as ALL_ROWS,
        CompositeTable as CompositeTable,
        KeyedTable as KeyedTable,
        Lock as Lock,
        Page as Page,
        RowStream as RowStream,
        SyncResult as SyncResult,
        Table as Table,
        Where as Where,
    )
    from tablewright.runtime.transaction.savepoint import Savepoint as Savepoint
    from tablewright.runtime.transaction.session_transaction import SessionState as SessionState
    from tablewright.runtime.versions.extension import VersionedExtension as VersionedExtension
    from tablewright.runtime.versions.version_tuple import VersionTuple as VersionTuple
    from tablewright.schema.range import Range as Range
    from tablewright.schema.types import Codec as Codec
    from tablewright.spec.models import (
        CheckSpec as CheckSpec,
        ColumnSpec as ColumnSpec,
        EnumSpec as EnumSpec,
        ExclusionSpec as ExclusionSpec,
        ForeignKeySpec as ForeignKeySpec,
        IndexSpec as IndexSpec,
        MixinSpec as MixinSpec,
        ReferenceSpec as ReferenceSpec,
        RelationshipSpec as RelationshipSpec,
        SchemaSpec as SchemaSpec,
        SqlSpec as SqlSpec,
        TableSpec as TableSpec,
        TypeSpec as TypeSpec,
        UniqueSpec as UniqueSpec,
    )
else:
    # The module of each public name. Tests hold it, the imports above and `__all__` to the same names.
    _MODULES = {
        "ALL_ROWS": "tablewright.runtime.table",
        "CheckSpec": "tablewright.spec.models",
        "Codec": "tablewright.schema.types",
        "ColumnSpec": "tablewright.spec.models",
        "CompositeTable": "tablewright.runtime.table",
        "Database": "tablewright.runtime.database",
        "EnumSpec": "tablewright.spec.models",
        "ExclusionSpec": "tablewright.spec.models",
        "ForeignKeySpec": "tablewright.spec.models",
        "IndexSpec": "tablewright.spec.models",
        "KeyedTable": "tablewright.runtime.table",
        "Lock": "tablewright.runtime.table",
        "MixinSpec": "tablewright.spec.models",
        "OpaqueTableStorage": "tablewright.runtime.opaque.storage",
        "OpaqueTableStorageManager": "tablewright.runtime.opaque.manager",
        "Page": "tablewright.runtime.table",
        "Prefix": "tablewright.runtime.expressions.prefix",
        "Range": "tablewright.schema.range",
        "ReferenceSpec": "tablewright.spec.models",
        "RelationshipSpec": "tablewright.spec.models",
        "Row": "tablewright.runtime.row",
        "RowStream": "tablewright.runtime.table",
        "Savepoint": "tablewright.runtime.transaction.savepoint",
        "SchemaSpec": "tablewright.spec.models",
        "Session": "tablewright.runtime.session",
        "SessionState": "tablewright.runtime.transaction.session_transaction",
        "SqlSpec": "tablewright.spec.models",
        "SyncResult": "tablewright.runtime.table",
        "Table": "tablewright.runtime.table",
        "TableSpec": "tablewright.spec.models",
        "TypeSpec": "tablewright.spec.models",
        "UniqueSpec": "tablewright.spec.models",
        "VersionTuple": "tablewright.runtime.versions.version_tuple",
        "VersionedExtension": "tablewright.runtime.versions.extension",
        "Where": "tablewright.runtime.table",
        "after": "tablewright.runtime.expressions.ranges",
        "before": "tablewright.runtime.expressions.ranges",
        "contains": "tablewright.runtime.expressions.ranges",
        "glob": "tablewright.runtime.expressions.patterns",
        "is_empty": "tablewright.runtime.expressions.ranges",
        "lower": "tablewright.runtime.expressions.ranges",
        "overlaps": "tablewright.runtime.expressions.ranges",
        "upper": "tablewright.runtime.expressions.ranges",
    }

    def __getattr__(name: str) -> object:
        from tablewright.lazy_names import load_name

        return load_name(__name__, _MODULES, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = [
    "ALL_ROWS",
    "CheckSpec",
    "Codec",
    "ColumnSpec",
    "CompositeTable",
    "Database",
    "EnumSpec",
    "ExclusionSpec",
    "ForeignKeySpec",
    "IndexSpec",
    "KeyedTable",
    "Lock",
    "MixinSpec",
    "OpaqueTableStorage",
    "OpaqueTableStorageManager",
    "Page",
    "Prefix",
    "Range",
    "ReferenceSpec",
    "RelationshipSpec",
    "Row",
    "RowStream",
    "Savepoint",
    "SchemaSpec",
    "Session",
    "SessionState",
    "SqlSpec",
    "SyncResult",
    "Table",
    "TableSpec",
    "TypeSpec",
    "UniqueSpec",
    "VersionTuple",
    "VersionedExtension",
    "Where",
    "after",
    "before",
    "contains",
    "glob",
    "is_empty",
    "lower",
    "overlaps",
    "upper",
]


def _define_table(*arguments: Any) -> Any:
    # Loaded on first use: an application that only reads and writes rows needs no rules.
    from tablewright.analysis.standalone import define

    return define(*arguments)


table_definer.supply(_define_table)

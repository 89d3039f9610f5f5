"""Every public exception: of databases and sessions, and of the generator. Those of SQLAlchemy stay its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tablewright.build.typecheck import (
        CheckerFailedError as CheckerFailedError,
        CheckerMissingError as CheckerMissingError,
    )
    from tablewright.build.write import OutputFailedError as OutputFailedError, OutputRefusedError as OutputRefusedError
    from tablewright.pipeline import GeneratorBugError as GeneratorBugError, SchemaChoiceError as SchemaChoiceError
    from tablewright.render.ruff import FormatterMissingError as FormatterMissingError
    from tablewright.render.ruff_format import FormatError as FormatError
    from tablewright.runtime.errors import (
        AttributeExistsError as AttributeExistsError,
        CursorError as CursorError,
        IncompatibleVersionError as IncompatibleVersionError,
        InterfaceMismatchError as InterfaceMismatchError,
        MissingTablesError as MissingTablesError,
        NotFoundError as NotFoundError,
        OpaqueTableConflictError as OpaqueTableConflictError,
        ReadOnlyDatabaseError as ReadOnlyDatabaseError,
        RowTierFilteredError as RowTierFilteredError,
        SavepointError as SavepointError,
        SchemaAlreadyExistsError as SchemaAlreadyExistsError,
        SessionBusyError as SessionBusyError,
        SyncConflictError as SyncConflictError,
        TableConflictError as TableConflictError,
        TemporaryTablesDisabledError as TemporaryTablesDisabledError,
        TransactionLostError as TransactionLostError,
        UnknownColumnError as UnknownColumnError,
        UnknownOpaqueTableError as UnknownOpaqueTableError,
        VersionsMissingError as VersionsMissingError,
    )
    from tablewright.settings import SettingsError as SettingsError
    from tablewright.spec.diagnostic import SpecError as SpecError
else:
    _MODULES = {
        "AttributeExistsError": "tablewright.runtime.errors",
        "CheckerFailedError": "tablewright.build.typecheck",
        "CheckerMissingError": "tablewright.build.typecheck",
        "CursorError": "tablewright.runtime.errors",
        "FormatError": "tablewright.render.ruff_format",
        "FormatterMissingError": "tablewright.render.ruff",
        "GeneratorBugError": "tablewright.pipeline",
        "IncompatibleVersionError": "tablewright.runtime.errors",
        "InterfaceMismatchError": "tablewright.runtime.errors",
        "MissingTablesError": "tablewright.runtime.errors",
        "NotFoundError": "tablewright.runtime.errors",
        "OpaqueTableConflictError": "tablewright.runtime.errors",
        "OutputFailedError": "tablewright.build.write",
        "OutputRefusedError": "tablewright.build.write",
        "ReadOnlyDatabaseError": "tablewright.runtime.errors",
        "RowTierFilteredError": "tablewright.runtime.errors",
        "SavepointError": "tablewright.runtime.errors",
        "SchemaAlreadyExistsError": "tablewright.runtime.errors",
        "SchemaChoiceError": "tablewright.pipeline",
        "SessionBusyError": "tablewright.runtime.errors",
        "SettingsError": "tablewright.settings",
        "SpecError": "tablewright.spec.diagnostic",
        "SyncConflictError": "tablewright.runtime.errors",
        "TableConflictError": "tablewright.runtime.errors",
        "TemporaryTablesDisabledError": "tablewright.runtime.errors",
        "TransactionLostError": "tablewright.runtime.errors",
        "UnknownColumnError": "tablewright.runtime.errors",
        "UnknownOpaqueTableError": "tablewright.runtime.errors",
        "VersionsMissingError": "tablewright.runtime.errors",
    }

    def __getattr__(name: str) -> object:
        from tablewright.lazy_names import load_name

        return load_name(__name__, _MODULES, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = [
    "AttributeExistsError",
    "CheckerFailedError",
    "CheckerMissingError",
    "CursorError",
    "FormatError",
    "FormatterMissingError",
    "GeneratorBugError",
    "IncompatibleVersionError",
    "InterfaceMismatchError",
    "MissingTablesError",
    "NotFoundError",
    "OpaqueTableConflictError",
    "OutputFailedError",
    "OutputRefusedError",
    "ReadOnlyDatabaseError",
    "RowTierFilteredError",
    "SavepointError",
    "SchemaAlreadyExistsError",
    "SchemaChoiceError",
    "SessionBusyError",
    "SettingsError",
    "SpecError",
    "SyncConflictError",
    "TableConflictError",
    "TemporaryTablesDisabledError",
    "TransactionLostError",
    "UnknownColumnError",
    "UnknownOpaqueTableError",
    "VersionsMissingError",
]

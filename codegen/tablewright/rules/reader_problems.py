"""The purposes of the checks that the reader makes, before any rule runs."""

from __future__ import annotations

READER_PROBLEMS: dict[str, str] = {
    "unreadable-file": "Every file of the schema can be read.",
    "no-spec-files": "The folder of a schema contains at least one `*.yaml` or `*.py` file.",
    "yaml-syntax": "A `*.yaml` file is valid YAML.",
    "yaml-tab": "Lines are indented with spaces, not with tabs.",
    "yaml-character": "A file is UTF-8 text without control characters.",
    "yaml-number": "A number can be represented exactly.",
    "yaml-key": "A key is a string.",
    "yaml-duplicate-key": "A mapping contains each key once.",
    "yaml-merge-key": "The merge key `<<` is not used: YAML 1.2 does not have it.",
    "yaml-tag": "A value has no tag: specs consist of text, numbers, booleans, lists and mappings.",
    "yaml-alias-bomb": "Aliases expand to a limited number of values, and never contain themselves.",
    "yaml-several-documents": "A file contains one YAML document.",
    "yaml-too-deep": "Values are not nested deeper than a spec can need.",
    "yaml-too-large": "A file is not larger than a spec can need.",
    "unknown-key": "A key is defined by the spec language.",
    "missing-key": "Every required key is given.",
    "wrong-type": "A value has the type that its key expects.",
    "wrong-value": "A value is one of those that its key accepts.",
    "duplicate-name": "A name is defined once across all files of a schema.",
    "python-file": "A `*.py` file defines `SCHEMA` or `TABLES`.",
    "python-error": "A `*.py` file runs without an error.",
}
"""The purpose of each check of the reader, by the id in its diagnostics."""

"""What is refused while a spec is read, before any rule looks at it."""

from __future__ import annotations

READING: dict[str, str] = {
    "unreadable-file": "A file of the schema can be read.",
    "no-spec-files": "The folder of a schema has files: `*.yaml` or `*.py`.",
    "yaml-syntax": "A `*.yaml` file is YAML.",
    "yaml-tab": "Lines are indented with spaces, not with tabs.",
    "yaml-character": "A file is text in UTF-8, without control characters.",
    "yaml-number": "A number can be held exactly.",
    "yaml-key": "A key is a string.",
    "yaml-duplicate-key": "A key is given once in a mapping.",
    "yaml-merge-key": "YAML 1.2 has no merge key `<<`.",
    "yaml-tag": "A value has no tag: a spec is plain text, numbers, lists and mappings.",
    "yaml-alias-bomb": "Aliases stand for a few values, and never for themselves.",
    "yaml-several-documents": "A file is one YAML document.",
    "yaml-too-deep": "Values are not nested deeper than any spec is.",
    "yaml-too-large": "A file is not larger than any spec is.",
    "unknown-key": "A key is one of the language.",
    "missing-key": "What a thing needs is said.",
    "wrong-type": "A value is of the kind that its key takes.",
    "wrong-value": "A value is one of those that its key takes.",
    "duplicate-name": "A name is defined once in all files of a schema.",
    "python-file": "A `*.py` file defines `SCHEMA` or `TABLES`.",
    "python-error": "A `*.py` file runs without an error.",
}
"""The ids of the reader's problems, and what each asks for."""

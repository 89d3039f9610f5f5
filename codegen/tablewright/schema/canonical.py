"""The canonical JSON of a schema, and its digest: the schema's identity."""

from __future__ import annotations

import hashlib

import msgspec

from tablewright.schema.definition import Json, Schema

# What a digest must not see: prose, places, and keys that belong to other tools.
_NOT_IDENTITY = frozenset({"doc", "meta", "source", "deprecated", "renamed_from"})
# Mappings whose keys are the user's words, so that a key called `doc` is kept.
_USER_KEYED = frozenset({"default", "sql"})


def to_json(schema: Schema) -> str:
    """The canonical JSON of *schema*: keys in fixed order, indented, ending in a newline."""
    compact = msgspec.json.encode(schema)
    return msgspec.json.format(compact, indent=2).decode() + "\n"


def from_json(text: str | bytes) -> Schema:
    """The schema whose canonical JSON is *text*; `msgspec.ValidationError` if it is not one."""
    return msgspec.json.decode(text, type=Schema)


def digest(schema: Schema) -> str:
    """SHA-256, in hex, of all of *schema* that changes what a database or a program sees."""
    plain: Json = msgspec.json.decode(msgspec.json.encode(schema))
    identity = msgspec.json.encode(_strip(plain), order="sorted")
    return hashlib.sha256(identity).hexdigest()


def _strip(node: Json) -> Json:
    if isinstance(node, list):
        return [_strip(item) if isinstance(item, dict | list) else item for item in node]
    if isinstance(node, dict):
        return {
            key: _strip(value) if isinstance(value, dict | list) and key not in _USER_KEYED else value
            for key, value in node.items()
            if key not in _NOT_IDENTITY
        }
    return node

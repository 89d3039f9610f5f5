"""The names that accessors of tables, and columns of opaque tables, must not have.

The list is fixed, so that an upgrade of SQLAlchemy renames nothing.
"""

from __future__ import annotations

OPAQUE_ARGUMENTS = {"session": "the session that it is part of", "batch_size": "how many rows a batch has"}
"""The arguments of an opaque table's `fetch` that are not columns, and their meaning."""

OWN_ACCESSORS = frozenset(
    {
        "attributes",
        "drop_temporary_table",
        "ensure_table",
        "explain",
        "gate",
        "lock_table",
        "make_temporary_table",
        "nested",
        "opaque",
        "over",
        "package",
        "rollback_to",
        "rows",
        "savepoint",
        "scalar_or_none",
        "state",
        "table",
        "temporary_table",
        "transact",
    }
)
"""The public attributes of a generated package's session that SQLAlchemy's does not have."""

SQLALCHEMY_ACCESSORS = frozenset(
    {
        "aclose",
        "add",
        "add_all",
        "autobegin",
        "autoflush",
        "begin",
        "begin_nested",
        "bind",
        "bind_mapper",
        "bind_table",
        "binds",
        "bulk_insert_mappings",
        "bulk_save_objects",
        "bulk_update_mappings",
        "close",
        "close_all",
        "commit",
        "configure",
        "connection",
        "connection_callable",
        "delete",
        "delete_all",
        "deleted",
        "dirty",
        "dispatch",
        "enable_baked_queries",
        "enable_relationship_loading",
        "execute",
        "execution_options",
        "expire",
        "expire_all",
        "expire_on_commit",
        "expunge",
        "expunge_all",
        "flush",
        "get",
        "get_async_bind",
        "get_bind",
        "get_nested_transaction",
        "get_one",
        "get_transaction",
        "hash_key",
        "identity_key",
        "identity_map",
        "in_nested_transaction",
        "in_transaction",
        "info",
        "invalidate",
        "is_active",
        "is_modified",
        "join_transaction_mode",
        "merge",
        "merge_all",
        "new",
        "no_autoflush",
        "object_session",
        "prepare",
        "query",
        "query_property",
        "refresh",
        "registry",
        "remove",
        "reset",
        "rollback",
        "run_sync",
        "scalar",
        "scalars",
        "session_factory",
        "stream",
        "stream_scalars",
        "sync_session",
        "sync_session_class",
        "twophase",
    }
)
"""The public attributes of SQLAlchemy's sessions, of their instances, and of scoped sessions, sync and async."""

RESERVED_ACCESSORS = OWN_ACCESSORS | SQLALCHEMY_ACCESSORS

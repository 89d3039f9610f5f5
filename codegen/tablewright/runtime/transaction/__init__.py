"""The transaction of a session: the gate to its connection, savepoints, failures, read-only transactions."""

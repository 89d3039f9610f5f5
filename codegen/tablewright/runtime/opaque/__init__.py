"""Opaque tables: those of a client of the database, registered by name."""

"""Opaque tables: tables of a database's clients, which register them at run time and look them up by name."""

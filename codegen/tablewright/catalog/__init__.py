"""The tables of a database, read from its catalog and compared with the schema."""

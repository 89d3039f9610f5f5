"""The resolved schema: frozen definitions, column types, and the SQLAlchemy tables built from them."""

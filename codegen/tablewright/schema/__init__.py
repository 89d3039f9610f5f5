"""What a schema means: resolved, frozen, canonical; and the SQLAlchemy tables it makes."""

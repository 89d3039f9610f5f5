"""From specs to schemas: load, lint and resolve, either everything or only the tables that a change affects."""

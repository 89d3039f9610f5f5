"""Plans: the contents of a generated package as frozen structs of strings, computed from the schema."""

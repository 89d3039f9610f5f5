"""What the user says: the pydantic models of the spec language and the loaders of its YAML and Python forms."""

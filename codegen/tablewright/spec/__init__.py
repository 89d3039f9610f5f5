"""The spec language: its pydantic models, the loaders of YAML and Python files, and the resolver."""

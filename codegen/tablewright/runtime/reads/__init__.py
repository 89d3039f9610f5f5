"""The reading verbs."""

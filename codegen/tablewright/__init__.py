"""Tablewright: describe tables once, get a typed database package."""

"""Temporary tables: which they are like, and when they go."""

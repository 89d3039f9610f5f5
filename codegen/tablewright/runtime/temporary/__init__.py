"""Temporary tables: their definitions and their lifetime."""

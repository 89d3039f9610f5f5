"""Engines, and one object for each database and each driver."""

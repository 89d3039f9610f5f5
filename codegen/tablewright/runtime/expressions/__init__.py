"""Conditions: comparisons, ranges, patterns and prefixes."""

"""What callers write in conditions: comparisons, ranges, patterns, prefixes."""

"""From specs to schemas: load, judge, resolve; all of it, or only what changed since the cache was written."""

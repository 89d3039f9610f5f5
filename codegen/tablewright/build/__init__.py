"""Up-to-date checks, package builds, writing and type-checking."""

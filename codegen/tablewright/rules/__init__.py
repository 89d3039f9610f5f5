"""The rules a schema must follow: one rule, one function, one sentence."""

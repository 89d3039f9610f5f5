"""What is up to date, what is built, written and type-checked."""

"""What is up to date, what is built, published and type-checked."""

"""How connections to SQLite and Postgres are made, and what each database needs."""

"""Ways to a session: `database.session()`, the ambient session, and retries."""

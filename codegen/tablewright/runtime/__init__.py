"""What generated packages run on: sessions, databases, table accessors and rows."""

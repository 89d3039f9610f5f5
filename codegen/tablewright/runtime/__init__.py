"""The runtime of generated packages: sessions, databases, table accessors and rows."""

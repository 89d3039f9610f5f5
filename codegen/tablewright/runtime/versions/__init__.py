"""The versions that a database stores: those of its package and of extensions, written, read and compared."""

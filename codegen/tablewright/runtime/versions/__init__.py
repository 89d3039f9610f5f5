"""What a database holds, in versions: of its package and of extensions, written, remembered and compared."""

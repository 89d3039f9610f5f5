"""The writing verbs, one file each."""

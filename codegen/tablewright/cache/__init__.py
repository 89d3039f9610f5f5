"""The cache of earlier runs, beside the project; an entry is used only if all its inputs are unchanged."""

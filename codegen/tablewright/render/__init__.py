"""Rendering: Jinja2 templates turn plans into source, in memory."""

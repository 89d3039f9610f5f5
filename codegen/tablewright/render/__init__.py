"""How the plans are spelt: Jinja2 templates, rendered in memory."""

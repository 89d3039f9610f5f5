"""Many rows on their way in."""

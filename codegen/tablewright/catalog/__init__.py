"""What tables of the database are like, compared with what was declared."""

"""A SQLite file as one end of a move."""

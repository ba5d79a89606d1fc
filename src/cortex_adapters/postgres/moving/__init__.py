"""A PostgreSQL database as one end of a move."""

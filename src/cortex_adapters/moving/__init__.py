"""The move from one database to another: what of it knows no vendor."""

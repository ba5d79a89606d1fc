"""Everything in PostgreSQL 15 or later, through psycopg."""

"""Repositories over SQLite, one module for each subject; all SQL but the schema is here."""

"""A backup: made at one moment, written whole or not at all, proved by restoring it."""

"""Keeps everything in one SQLite file."""

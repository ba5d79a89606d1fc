"""Searching: what counts as a word, what a query asks for, and what of a text is shown."""

"""Signals on their way between processes, whatever carries them."""

"""Signals between processes over Redis, or Valkey."""

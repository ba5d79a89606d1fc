"""Tests of the adapters in memory, beyond the contract."""

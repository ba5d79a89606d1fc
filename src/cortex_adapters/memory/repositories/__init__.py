"""Repositories over tables in memory, one module for each subject."""

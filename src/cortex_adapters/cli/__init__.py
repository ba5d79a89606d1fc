"""The `cortex` command: one module per command."""

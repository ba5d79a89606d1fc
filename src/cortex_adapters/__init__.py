"""The adapters: each room speaks to one vendor and keeps the promises of `cortex_core.ports`."""

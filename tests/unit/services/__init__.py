"""The use cases, on adapters in memory."""

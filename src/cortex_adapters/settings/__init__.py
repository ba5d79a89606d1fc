"""How a deployment is set up: read once, checked as a whole, then a value."""

from cortex_adapters.settings.database import (
    DatabaseUrl,
    MemoryUrl,
    PostgresUrl,
    SqliteUrl,
    database_url,
    is_local,
)
from cortex_adapters.settings.events import RedisUrl, events_url
from cortex_adapters.settings.load import Settings, load_settings
from cortex_adapters.settings.values import Secret, signing_bytes

__all__ = [
    "DatabaseUrl",
    "MemoryUrl",
    "PostgresUrl",
    "RedisUrl",
    "Secret",
    "Settings",
    "SqliteUrl",
    "database_url",
    "events_url",
    "is_local",
    "load_settings",
    "signing_bytes",
]

"""The one room that knows every adapter."""

from cortex_adapters.server.app import (
    create_app,
    open_service,
    open_store,
    require_readable,
    require_servable,
)
from cortex_adapters.server.databases import Database, database, naming
from cortex_adapters.server.identity import open_identity, open_local
from cortex_adapters.server.issuer import Issuer

__all__ = [
    "Database",
    "Issuer",
    "create_app",
    "database",
    "naming",
    "open_identity",
    "open_local",
    "open_service",
    "open_store",
    "require_readable",
    "require_servable",
]

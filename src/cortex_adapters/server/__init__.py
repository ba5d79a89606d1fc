"""The one room that knows every adapter."""

from cortex_adapters.server.accounts import open_accounts
from cortex_adapters.server.app import (
    create_app,
    open_service,
    open_store,
    require_readable,
    require_servable,
)
from cortex_adapters.server.asking import Asked, ask_tenant
from cortex_adapters.server.backups import backup_end, proving_end, void_for
from cortex_adapters.server.databases import Database, chosen_database, database, naming
from cortex_adapters.server.earlier import take_over
from cortex_adapters.server.identity import identity_provider, known_issuers, open_local
from cortex_adapters.server.issuer import Issuer
from cortex_adapters.server.moving import Hold, open_move
from cortex_adapters.server.siblings import Place
from cortex_adapters.server.telemetry import shown_cause
from cortex_adapters.server.tenant import open_tenant

__all__ = [
    "Asked",
    "Database",
    "Hold",
    "Issuer",
    "Place",
    "ask_tenant",
    "backup_end",
    "chosen_database",
    "create_app",
    "database",
    "identity_provider",
    "known_issuers",
    "naming",
    "open_accounts",
    "open_local",
    "open_move",
    "open_service",
    "open_store",
    "open_tenant",
    "proving_end",
    "require_readable",
    "require_servable",
    "shown_cause",
    "take_over",
    "void_for",
]

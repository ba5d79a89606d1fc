"""Who is believed: the identity provider that the settings ask for."""

from __future__ import annotations

from typing import Final

from cortex_adapters.auth0.provider import JwtIdentityProvider
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_adapters.local_identity.shared_key import SharedKey
from cortex_adapters.server.issuers import local_issuer
from cortex_adapters.settings import Settings
from cortex_core.ports import IdentityProvider, Store, Telemetry
from cortex_core.ports.clock import system_clock

AUDIENCE: Final = "https://cortex.local/api"
"""Whom the local issuer's tokens are meant for; the same for all processes on one database."""


def open_local(settings: Settings, store: Store) -> LocalIdentity:
    """Return the local issuer, whose key is in *store*."""
    return LocalIdentity(SharedKey(store), audience=settings.auth0_audience or AUDIENCE)


def open_identity(local: LocalIdentity, telemetry: Telemetry) -> IdentityProvider:
    """Return a provider that believes the local issuer."""
    return JwtIdentityProvider([local_issuer(local)], clock=system_clock, telemetry=telemetry)

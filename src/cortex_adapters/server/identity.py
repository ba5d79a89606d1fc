"""Who is believed: the identity provider that the settings ask for."""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec
from typing import Final

from cortex_adapters.auth0.dpop.checker import ProofChecker
from cortex_adapters.auth0.provider import JwtIdentityProvider
from cortex_adapters.auth0.tokens.policy import MAX_LEEWAY
from cortex_adapters.local_identity.issuer import ISSUER, MAX_LIFETIME
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_adapters.local_identity.shared_key import SharedKey
from cortex_adapters.server.issuers import legacy_issuers, local_issuer, tenant_policies
from cortex_adapters.server.tenant import Tenant
from cortex_adapters.settings import Settings
from cortex_core.domain.errors import SettingsError
from cortex_core.ports import IdentityProvider, Store
from cortex_core.ports.clock import system_clock
from cortex_core.services.linking import EmailLinks

AUDIENCE: Final = "https://cortex.local/api"
"""Whom the local issuer's tokens are meant for; the same for all processes on one database."""


def open_local(settings: Settings, store: Store) -> LocalIdentity:
    """Return the local issuer, whose key is in *store*."""
    return LocalIdentity(SharedKey(store), audience=settings.auth0_audience or AUDIENCE)


def identity_provider(
    settings: Settings,
    local: LocalIdentity,
    tenant: Tenant,
    proofs: ProofChecker | None = None,
) -> IdentityProvider:
    """Return a provider that believes *tenant*, the former issuer, and *local* in development."""
    issuers = [*tenant.issuers, *legacy_issuers(settings)]
    if settings.development:
        issuers.append(local_issuer(local))
    return JwtIdentityProvider(
        issuers,
        clock=system_clock,
        max_size=settings.token_max_size,
        proofs=proofs,
    )


def email_links(settings: Settings) -> EmailLinks | None:
    """Return who is linked by a verified address: the tenant's, to the former issuer's."""
    if settings.link_verified_email == "off" or settings.legacy_issuer is None:
        return None
    return EmailLinks(former=settings.legacy_issuer, issuers=frozenset(settings.auth0_domain[:1]))


def longest_life(settings: Settings) -> timedelta:
    """Return a time that no token outlives, of any issuer, with all leeway."""
    lifetime = timedelta(seconds=settings.token_max_lifetime)
    return max(lifetime, MAX_LIFETIME) + MAX_LEEWAY


def require_believable(settings: Settings) -> None:
    """Raise SettingsError if the settings name issuers that this installation cannot ask."""
    tenant_policies(settings)
    if settings.auth0_domain and find_spec("httpx2") is None:
        raise SettingsError(
            ["CORTEX_AUTH0_DOMAIN: needs what is missing here: pip install 'cortex-core[auth0]'"]
        )


def known_issuers(settings: Settings) -> list[str]:
    """Return the issuers in the identities of those who may come in."""
    issuers = [*settings.auth0_domain[:1], *filter(None, [settings.legacy_issuer])]
    return [*issuers, ISSUER] if settings.development else issuers

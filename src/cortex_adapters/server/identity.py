"""Who is believed: the identity provider that the settings ask for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import timedelta
from importlib.util import find_spec
from typing import Final, Protocol

from cortex_adapters.auth0.provider import JwtIdentityProvider, TrustedIssuer
from cortex_adapters.auth0.tokens.policy import MAX_LEEWAY
from cortex_adapters.local_identity.issuer import MAX_LIFETIME
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_adapters.local_identity.shared_key import SharedKey
from cortex_adapters.server.issuers import legacy_issuers, local_issuer, tenant_policies
from cortex_adapters.settings import Settings
from cortex_core.domain.errors import IdentityUnavailableError, SettingsError
from cortex_core.ports import IdentityProvider, Store, Telemetry
from cortex_core.ports.clock import system_clock

AUDIENCE: Final = "https://cortex.local/api"
"""Whom the local issuer's tokens are meant for; the same for all processes on one database."""

Check = Callable[[], Awaitable[str | None]]


class _Checked(Protocol):
    async def check(self) -> str | None: ...


def open_local(settings: Settings, store: Store) -> LocalIdentity:
    """Return the local issuer, whose key is in *store*."""
    return LocalIdentity(SharedKey(store), audience=settings.auth0_audience or AUDIENCE)


@asynccontextmanager
async def open_identity(
    settings: Settings, local: LocalIdentity, telemetry: Telemetry
) -> AsyncIterator[tuple[IdentityProvider, Mapping[str, Check]]]:
    """Open a provider that believes the tenant, the former issuer, and *local* in development.

    With it comes a check of its health, where it depends on anybody.
    """
    issuers = legacy_issuers(settings)
    if settings.development:
        issuers.append(local_issuer(local))
    checks: dict[str, Check] = {}
    async with AsyncExitStack() as stack:
        if settings.auth0_domain:
            tenant, check = await stack.enter_async_context(_tenant(settings, telemetry))
            issuers += tenant
            checks["identity"] = check
        provider = JwtIdentityProvider(
            issuers, clock=system_clock, telemetry=telemetry, max_size=settings.token_max_size
        )
        yield provider, checks


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


@asynccontextmanager
async def _tenant(
    settings: Settings, telemetry: Telemetry
) -> AsyncIterator[tuple[list[TrustedIssuer], Check]]:
    from cortex_adapters.auth0.keys.cache import KeyCache  # noqa: PLC0415 - may be missing
    from cortex_adapters.auth0.keys.documents import open_documents  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        documents = await stack.enter_async_context(open_documents())
        issuers, caches = [], []
        for policy in tenant_policies(settings):
            keys = KeyCache(policy.issuer, policy.algorithms, documents, telemetry=telemetry)
            caches.append(await stack.enter_async_context(aclosing(keys)))
            issuers.append(TrustedIssuer(policy=policy, keys=keys))

        async def check() -> str | None:
            return await together(caches)

        yield issuers, check


async def together(caches: Sequence[_Checked]) -> str | None:
    """Return how the domains of a tenant are: the best word if one of them can be asked at all.

    Raises:
        IdentityUnavailableError: None can be asked.
    """
    found = await asyncio.gather(*(keys.check() for keys in caches), return_exceptions=True)
    away = [word for word in found if isinstance(word, IdentityUnavailableError)]
    for word in found:
        if isinstance(word, BaseException) and not isinstance(word, IdentityUnavailableError):
            raise word
    if len(away) == len(found):
        raise away[0]
    return "degraded" if away or any(found) else None

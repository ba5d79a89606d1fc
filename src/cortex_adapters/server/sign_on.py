"""Where browsers sign on: at the tenant, or at the local issuer on a developer's machine."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from cortex_adapters.auth0.keys.source import PublishedKeys
from cortex_adapters.auth0.sign_on import Application, Auth0SignOn, SignedTokens
from cortex_adapters.local_identity.keys import ALGORITHM
from cortex_adapters.local_identity.open_id import LocalOpenId
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_adapters.server.issuers import TENANT_ALGORITHMS
from cortex_adapters.server.tenant import Tenant
from cortex_adapters.settings import Settings
from cortex_core.ports import SignOn, Store, Telemetry

LOCAL_CLIENT: Final = "cortex-browser"
_SEALING_KEY: Final = "local-sealing-key"


def signs_on(settings: Settings) -> bool:
    """Say whether browsers may sign on here at all."""
    return settings.development or settings.auth0_client_id is not None


@asynccontextmanager
async def open_sign_on(
    settings: Settings,
    store: Store,
    tenant: Tenant,
    local: LocalIdentity,
    provider: LocalOpenId,
    telemetry: Telemetry,
) -> AsyncIterator[SignOn | None]:
    """Open sign-on at *tenant* if it has an application for it, else at *local* in development."""
    if settings.auth0_client_id is not None and settings.auth0_client_secret is not None:
        application = Application(
            client_id=settings.auth0_client_id,
            client_secret=settings.auth0_client_secret.reveal(),
            known_as=settings.auth0_domain[0],
            audience=settings.auth0_audience or "",
            public_url=settings.public_url,
            secrets=tuple(key.reveal() for key in settings.session_keys)
            or (await _kept_key(store),),
        )
        async with _at_tenant(settings.auth0_domain[-1], application, tenant, telemetry) as sign_on:
            yield sign_on
    elif settings.development:
        yield await _at_local(settings, store, local, provider)
    else:
        yield None


@asynccontextmanager
async def _at_tenant(
    domain: str, application: Application, tenant: Tenant, telemetry: Telemetry
) -> AsyncIterator[SignOn]:
    from cortex_adapters.auth0.sign_on.provider import open_provider  # noqa: PLC0415 - may be missing

    signed = SignedTokens(tenant.keys, algorithms=TENANT_ALGORITHMS)
    metadata = tenant.keys[domain].metadata
    async with open_provider(domain, metadata, telemetry=telemetry) as provider:
        yield Auth0SignOn(application, provider, signed)


async def _at_local(
    settings: Settings, store: Store, local: LocalIdentity, provider: LocalOpenId
) -> SignOn:
    application = Application(
        client_id=LOCAL_CLIENT,
        client_secret="",
        known_as=local.name,
        audience=local.audience,
        public_url=settings.public_url,
        secrets=(await _kept_key(store),),
    )
    algorithms = frozenset({ALGORITHM})
    keys = {local.name: PublishedKeys(local.jwks, algorithms)}
    return Auth0SignOn(application, provider, SignedTokens(keys, algorithms=algorithms))


async def _kept_key(store: Store) -> str:
    """Return a sealing key that is kept in *store*: for development, where nobody sets one."""
    async with store.begin(single=True) as work:
        return await work.registry.ensure(_SEALING_KEY, secrets.token_urlsafe(32))

"""Where browsers sign on: at the local issuer on a developer's machine."""

from __future__ import annotations

import secrets
from typing import Final

from cortex_adapters.auth0.keys.source import PublishedKeys
from cortex_adapters.auth0.sign_on import Application, Auth0SignOn, SignedTokens
from cortex_adapters.local_identity.keys import ALGORITHM
from cortex_adapters.local_identity.open_id import LocalOpenId
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_adapters.settings import Settings
from cortex_core.ports import SignOn, Store

LOCAL_CLIENT: Final = "cortex-browser"
_SEALING_KEY: Final = "local-sealing-key"


def open_open_id(settings: Settings, local: LocalIdentity) -> LocalOpenId:
    """Return the local issuer as browsers meet it."""
    return LocalOpenId(local, public_url=settings.public_url)


async def open_local_sign_on(
    settings: Settings, store: Store, local: LocalIdentity, provider: LocalOpenId
) -> SignOn:
    """Return sign-on at the local issuer, with a sealing key that is kept in *store*."""
    async with store.begin(single=True) as work:
        key = await work.registry.ensure(_SEALING_KEY, secrets.token_urlsafe(32))
    algorithms = frozenset({ALGORITHM})
    return Auth0SignOn(
        Application(
            client_id=LOCAL_CLIENT,
            client_secret="",
            audience=local.audience,
            public_url=settings.public_url,
            secrets=(key,),
        ),
        provider,
        SignedTokens(local.name, PublishedKeys(local.jwks, algorithms), algorithms=algorithms),
    )

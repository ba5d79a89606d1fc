"""The issuers whose tokens a server accepts, by kind."""

from __future__ import annotations

from cortex_adapters.auth0.keys.source import PublishedKeys
from cortex_adapters.auth0.provider import TrustedIssuer
from cortex_adapters.auth0.tokens.policy import TokenPolicy
from cortex_adapters.local_identity.issuer import MAX_LIFETIME, NAMESPACE
from cortex_adapters.local_identity.keys import ALGORITHM
from cortex_adapters.local_identity.opening import LocalIdentity


def local_issuer(local: LocalIdentity) -> TrustedIssuer:
    """Trust the development issuer: its one key, RS256 only."""
    policy = TokenPolicy(
        issuer=local.name,
        audience=local.audience,
        algorithms=frozenset({ALGORITHM}),
        namespace=NAMESPACE,
        max_lifetime=MAX_LIFETIME,
    )
    return TrustedIssuer(policy=policy, keys=PublishedKeys(local.jwks, policy.algorithms))

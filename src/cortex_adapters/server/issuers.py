"""The issuers whose tokens a server accepts, by kind."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from cortex_adapters.auth0.keys.source import PinnedSecret, PublishedKeys
from cortex_adapters.auth0.provider import TrustedIssuer
from cortex_adapters.auth0.tokens.policy import HMAC, JWT, TokenPolicy
from cortex_adapters.local_identity.issuer import MAX_LIFETIME, NAMESPACE
from cortex_adapters.local_identity.keys import ALGORITHM
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_adapters.settings import Secret, Settings, signing_bytes

TENANT_ALGORITHMS: Final = frozenset({"RS256"})


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


def tenant_policies(settings: Settings) -> list[TokenPolicy]:
    """Return the rules for each domain of the tenant.

    The same people come through each, so the first of them names all identities.
    """
    roles = settings.auth0_roles_claim
    return [
        TokenPolicy(
            issuer=domain,
            audience=settings.auth0_audience or "",
            known_as=settings.auth0_domain[0],
            algorithms=TENANT_ALGORITHMS,
            namespace=roles and roles[: roles.rindex("/") + 1],
            roles_claim=roles,
            leeway=timedelta(seconds=settings.token_leeway),
            max_lifetime=timedelta(seconds=settings.token_max_lifetime),
            scope_grants=settings.auth0_rbac == "off",
            client_ids=frozenset(settings.auth0_allowed_clients) or None,
            organization=settings.auth0_organization,
        )
        for domain in settings.auth0_domain
    ]


def legacy_issuers(settings: Settings) -> list[TrustedIssuer]:
    """Trust the issuer that people have tokens from before, up to the end of its last day."""
    match settings:
        case Settings(
            legacy_issuer=str(issuer),
            legacy_audience=str(audience),
            legacy_secret=Secret() as secret,
            legacy_until=until,
        ) if until is not None:
            policy = TokenPolicy(
                issuer=issuer,
                audience=audience,
                algorithms=frozenset({HMAC}),
                types=frozenset({"", JWT}),
                namespace="",
                leeway=timedelta(seconds=settings.token_leeway),
                max_lifetime=timedelta(seconds=settings.token_max_lifetime),
                scope_grants=True,
                granted=frozenset(settings.legacy_permissions),
                until=datetime.combine(until, time.max, UTC),
            )
            keys = PinnedSecret(signing_bytes(secret.reveal()))
            return [TrustedIssuer(policy=policy, keys=keys)]
    return []

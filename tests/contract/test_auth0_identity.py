"""Tokens of an Auth0 tenant keep the promises of the identity port."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from cortex_adapters.auth0.dpop.checker import ProofChecker
from cortex_adapters.auth0.provider import JwtIdentityProvider, TrustedIssuer
from cortex_adapters.server.issuers import tenant_policies
from cortex_adapters.settings import load_settings
from cortex_core.contract import RemoteIdentityContract
from cortex_core.contract.identity_forge import Ear, SetClock
from tests.unit.auth0.forges import PublicKeyForge
from tests.unit.auth0.proofs import Spending
from tests.unit.auth0.tenant import Tenant

AUDIENCE = "https://api.cortex.test"
NAMESPACE = "https://cortex.test/"


class TestAuth0Identity(RemoteIdentityContract):
    can = frozenset({"public-keys", "published", "typed"})

    @pytest.fixture
    def forge(self) -> PublicKeyForge:
        return PublicKeyForge("https://tenant.test/", AUDIENCE, namespace=NAMESPACE)

    @pytest.fixture
    def domain(self) -> PublicKeyForge:
        return PublicKeyForge(
            "https://login.test/", AUDIENCE, namespace=NAMESPACE, prefix="domain-"
        )

    @pytest.fixture
    def other(self) -> PublicKeyForge:
        return PublicKeyForge(
            "https://another.test/", "https://other.test/api", namespace="", prefix="other-"
        )

    @pytest.fixture
    def endpoint(self, forge: PublicKeyForge) -> Tenant:
        return Tenant(forge.issuer, forge.jwk("ours"))

    @pytest.fixture
    async def provider(
        self,
        forge: PublicKeyForge,
        domain: PublicKeyForge,
        other: PublicKeyForge,
        endpoint: Tenant,
        clock: SetClock,
        ear: Ear,
    ) -> AsyncIterator[JwtIdentityProvider]:
        settings = load_settings(
            {
                "CORTEX_AUTH0_DOMAIN": "tenant.test,login.test",
                "CORTEX_AUTH0_AUDIENCE": AUDIENCE,
                "CORTEX_AUTH0_ROLES_CLAIM": f"{NAMESPACE}roles",
            }
        )
        elsewhere = load_settings(
            {
                "CORTEX_AUTH0_DOMAIN": "another.test",
                "CORTEX_AUTH0_AUDIENCE": other.audience,
            }
        )
        places = [
            endpoint,
            Tenant(domain.issuer, domain.jwk("ours")),
            Tenant(other.issuer, other.jwk("ours")),
        ]
        policies = [*tenant_policies(settings), *tenant_policies(elsewhere)]
        async with AsyncExitStack() as stack:
            issuers = [
                TrustedIssuer(
                    policy=policy,
                    keys=await stack.enter_async_context(place.cache(clock.seconds, ear)),
                )
                for policy, place in zip(policies, places, strict=True)
            ]
            proofs = ProofChecker(frozenset({"ES256"}), spend=Spending(), clock=clock)
            yield JwtIdentityProvider(issuers, clock=clock, proofs=proofs)

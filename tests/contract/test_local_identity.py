"""The development issuer's provider keeps the promises of its port."""

from datetime import datetime, timedelta

import jwt
import pytest

from cortex_adapters.auth0.provider import JwtIdentityProvider
from cortex_adapters.local_identity.issuer import ISSUER, NAMESPACE
from cortex_adapters.local_identity.keys import SigningKey
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_adapters.local_identity.shared_key import fixed_key
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_adapters.server.issuers import local_issuer
from cortex_core.contract import IdentityProviderContract, make
from cortex_core.contract.identity import Mint

AUDIENCE = "https://api.cortex.test"


class TestLocalIdentity(IdentityProviderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def key(cls) -> SigningKey:
        return SigningKey.generate()

    @pytest.fixture
    def provider(self, key: SigningKey) -> JwtIdentityProvider:
        local = LocalIdentity(fixed_key(key), audience=AUDIENCE)
        return JwtIdentityProvider(
            [local_issuer(local)], clock=lambda: make.NOON, telemetry=MemoryTelemetry()
        )

    @pytest.fixture
    def mint(self, key: SigningKey) -> Mint:
        """Sign like `LocalIssuer`, which gives no subjects and permissions of one's choice."""

        async def mint(
            *,
            subject: str,
            permissions: frozenset[str],
            name: str,
            email: str,
            expires_at: datetime,
        ) -> str:
            claims = {
                "iss": ISSUER,
                "sub": subject,
                "aud": [AUDIENCE],
                "iat": expires_at - timedelta(hours=1),
                "exp": expires_at,
                "permissions": sorted(permissions),
                f"{NAMESPACE}name": name,
                f"{NAMESPACE}email": email,
            }
            return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})

        return mint

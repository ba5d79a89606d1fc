"""Tokens of the development issuer keep the promises of the identity port."""

import pytest

from cortex_adapters.auth0.provider import JwtIdentityProvider
from cortex_adapters.local_identity.issuer import ISSUER, NAMESPACE
from cortex_adapters.local_identity.opening import LocalIdentity
from cortex_adapters.local_identity.shared_key import fixed_key
from cortex_adapters.server.issuers import local_issuer
from cortex_core.contract import IdentityContract
from cortex_core.contract.identity_forge import Ear, SetClock
from tests.unit.auth0.forges import PublicKeyForge


class TestLocalIdentity(IdentityContract):
    can = frozenset({"public-keys", "typed"})

    @pytest.fixture
    def forge(self) -> PublicKeyForge:
        """Sign like `LocalIssuer`, which makes no tokens of one's choice."""
        return PublicKeyForge(ISSUER, "https://api.cortex.test", namespace=NAMESPACE)

    @pytest.fixture
    def provider(self, forge: PublicKeyForge, clock: SetClock, ear: Ear) -> JwtIdentityProvider:
        local = LocalIdentity(fixed_key(forge.key("ours")), audience=forge.audience)
        return JwtIdentityProvider([local_issuer(local)], clock=clock)

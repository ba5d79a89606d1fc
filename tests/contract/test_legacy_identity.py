"""Tokens of a former issuer keep the promises of the identity port."""

import pytest

from cortex_adapters.auth0.provider import JwtIdentityProvider
from cortex_adapters.server.issuers import legacy_issuers
from cortex_adapters.settings import load_settings
from cortex_core.contract import IdentityContract
from cortex_core.contract.identity_forge import Ear, SetClock
from tests.unit.auth0.forges import SecretForge


class TestLegacyIdentity(IdentityContract):
    @pytest.fixture
    def forge(self) -> SecretForge:
        return SecretForge("https://former.test/", "https://api.former.test")

    @pytest.fixture
    def provider(self, forge: SecretForge, clock: SetClock, ear: Ear) -> JwtIdentityProvider:
        settings = load_settings(
            {
                "CORTEX_LEGACY_ISSUER": forge.issuer,
                "CORTEX_LEGACY_AUDIENCE": forge.audience,
                "CORTEX_LEGACY_SECRET": forge.secret("ours"),
                "CORTEX_LEGACY_UNTIL": "2026-01-01",
            }
        )
        return JwtIdentityProvider(legacy_issuers(settings), clock=clock)

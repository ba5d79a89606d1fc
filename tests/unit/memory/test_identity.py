"""The double of an identity provider refuses what the real one would."""

import pytest
from msgspec.structs import replace

from cortex_adapters.memory.identity import MemoryIdentityProvider
from cortex_core import Principal
from cortex_core.domain.errors import UnauthenticatedError
from cortex_core.ports import Credential

ADA = Principal(kind="user", issuer="https://issuer.test/", subject="ada")
BEARER = Credential(scheme="Bearer", token="token")


async def test_a_token_that_is_bound_to_a_key_is_no_bearer_token():
    provider = MemoryIdentityProvider({"token": ADA})
    assert await provider.authenticate(BEARER) is ADA
    provider.add("token", replace(ADA, binding="A" * 43))
    with pytest.raises(UnauthenticatedError):
        await provider.authenticate(BEARER)

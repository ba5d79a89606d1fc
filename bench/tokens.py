"""What a token costs: verified for the first time, and remembered."""

from __future__ import annotations

import time

from cortex_adapters.auth0.keys.source import PublishedKeys
from cortex_adapters.auth0.provider import JwtIdentityProvider, TrustedIssuer
from cortex_adapters.auth0.tokens.policy import TokenPolicy
from cortex_adapters.local_identity.issuer import ISSUER, NAMESPACE, LocalIssuer
from cortex_adapters.local_identity.keys import ALGORITHM, Jwks, SigningKey, jwks
from cortex_core.ports import Credential
from cortex_core.ports.clock import system_clock

AUDIENCE = "https://bench.example/api"
FIRST = 500
AGAIN = 20_000


async def verification_micros() -> dict[str, float]:
    """Return microseconds for the first look at a token (RS256, 2048 bits), and for a later one."""
    key = SigningKey.generate()
    issuer = LocalIssuer(key, clock=system_clock, audience=AUDIENCE)
    provider = _provider(key)
    tokens = [
        Credential(scheme="Bearer", token=issuer.mint(f"user{number}@example.com").access_token)
        for number in range(FIRST)
    ]
    await provider.authenticate(tokens[0])  # the key is read meanwhile
    began = time.perf_counter()
    for token in tokens[1:]:
        await provider.authenticate(token)
    first = (time.perf_counter() - began) / (FIRST - 1)
    began = time.perf_counter()
    for number in range(AGAIN):
        await provider.authenticate(tokens[number % FIRST])
    again = (time.perf_counter() - began) / AGAIN
    return {"first": round(first * 1e6, 1), "remembered": round(again * 1e6, 1)}


def _provider(key: SigningKey) -> JwtIdentityProvider:
    policy = TokenPolicy(
        issuer=ISSUER,
        audience=AUDIENCE,
        algorithms=frozenset({ALGORITHM}),
        namespace=NAMESPACE,
    )

    async def published() -> Jwks:
        return jwks(key)

    keys = PublishedKeys(published, policy.algorithms)
    trusted = TrustedIssuer(policy=policy, keys=keys)
    return JwtIdentityProvider([trusted], clock=system_clock)

"""Several issuers side by side."""

from datetime import timedelta

import pytest

from cortex_adapters.auth0.keys.source import PinnedSecret, PublishedKeys
from cortex_adapters.auth0.provider import JwtIdentityProvider, TrustedIssuer
from cortex_adapters.auth0.tokens.policy import TokenPolicy
from cortex_core.domain.errors import SettingsError, UnauthenticatedError
from tests.unit.auth0.forge import (
    AUDIENCE,
    SetClock,
    bearer,
    claims,
    header,
    jwk,
    sign,
    signing_key,
)

FIRST = "https://first.test/"
SECOND = "https://second.test/"
FORMER = "former"


def trusted(issuer: str, key: str, audience: str = AUDIENCE) -> TrustedIssuer:
    async def published() -> object:
        return {"keys": [jwk(key)]}

    policy = TokenPolicy(issuer=issuer, audience=audience)
    return TrustedIssuer(policy=policy, keys=PublishedKeys(published, policy.algorithms))


def former(secret: bytes = b"s" * 32, **rules) -> TrustedIssuer:
    policy = TokenPolicy(
        issuer=FORMER,
        audience="former-api",
        algorithms=frozenset({"HS256"}),
        types=frozenset({"", "jwt"}),
        **rules,
    )
    return TrustedIssuer(policy=policy, keys=PinnedSecret(secret))


def token(issuer: str, key: str, audience: str = AUDIENCE) -> str:
    return sign(
        header(kid=signing_key(key).kid),
        claims(iss=issuer, aud=audience),
        key=signing_key(key).private,
    )


def former_token(secret: bytes = b"s" * 32, **members: object) -> str:
    return sign(
        header(alg="HS256", kid=None, typ=None, **members),
        claims(iss=FORMER, aud="former-api"),
        key=secret,
        algorithm="HS256",
    )


def provider(
    *issuers: TrustedIssuer,
    clock: SetClock | None = None,
) -> JwtIdentityProvider:
    return JwtIdentityProvider(
        issuers,
        clock=clock or SetClock(),
    )


async def refusal(provider: JwtIdentityProvider, token: str) -> str:
    with pytest.raises(UnauthenticatedError) as error:
        await provider.authenticate(bearer(token))
    return error.value.reason


async def test_each_issuer_has_its_own_keys_and_audience():
    both = provider(trusted(FIRST, "ours"), trusted(SECOND, "next", "other"), former())
    for good in (token(FIRST, "ours"), token(SECOND, "next", "other"), former_token()):
        await both.authenticate(bearer(good))
    assert await refusal(both, token(FIRST, "next")) == "key-unknown"
    assert await refusal(both, token(SECOND, "ours", "other")) == "key-unknown"
    assert await refusal(both, token(FIRST, "ours", "other")) == "audience"
    assert await refusal(both, token("https://third.test/", "ours")) == "issuer"


async def test_a_secret_is_no_key_of_another_issuer_and_the_other_way_round():
    both = provider(trusted(FIRST, "ours"), former())
    hmac = sign(header(alg="HS256"), claims(iss=FIRST), key=b"s" * 32, algorithm="HS256")
    assert await refusal(both, hmac) == "algorithm"
    assert await refusal(both, token(FORMER, "ours", "former-api")) == "algorithm"
    assert await refusal(both, former_token(b"t" * 32)) == "signature"


async def test_a_former_issuer_needs_no_key_id_and_believes_none():
    alone = provider(former())
    await alone.authenticate(bearer(former_token()))
    named = sign(
        header(alg="HS256", kid="../../etc/passwd"),
        claims(iss=FORMER, aud="former-api"),
        key=b"s" * 32,
        algorithm="HS256",
    )
    await alone.authenticate(bearer(named))
    empty = sign(
        b'{"alg":"HS256","kid":""}',
        claims(iss=FORMER, aud="former-api"),
        key=b"s" * 32,
        algorithm="HS256",
    )
    assert await refusal(alone, empty) == "key-id"


async def test_a_former_issuer_ends_for_tokens_that_are_remembered_too():
    clock = SetClock()
    alone = provider(former(until=clock.now + timedelta(minutes=5)), clock=clock)
    await alone.authenticate(bearer(former_token()))
    clock.move(minutes=5)
    assert await refusal(alone, former_token()) == "issuer-ended"


def test_a_short_secret_is_none():
    with pytest.raises(SettingsError):
        PinnedSecret(b"s" * 31)


def test_an_issuer_is_trusted_once():
    with pytest.raises(SettingsError):
        provider(trusted(FIRST, "ours"), trusted(FIRST, "next"))


async def test_a_refusal_tells_who_is_said_to_vouch():
    alone = provider(trusted(FIRST, "ours"))
    with pytest.raises(UnauthenticatedError) as error:
        await alone.authenticate(bearer(token(FIRST, "next")))
    assert error.value.issuer == FIRST

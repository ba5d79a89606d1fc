"""What an `IdentityProvider` must do whose keys are far away."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from cortex_core.contract.identity import bearer
from cortex_core.contract.identity_forge import Forge, KeyEndpoint, SetClock, Tokens
from cortex_core.contract.identity_tokens import IdentityContract
from cortex_core.domain.errors import IdentityUnavailableError, UnauthenticatedError
from cortex_core.ports import IdentityProvider

SOFT: Final = 600
HARD: Final = 3600
COOLDOWN: Final = 30

_ASTRAY: Final[dict[str, dict[str, object]]] = {
    "issuer": {"issuer": "https://other.test/"},
    "issuer-without-its-slash": {"issuer": "https://tenant.test"},
    "other-origin": {"jwks_uri": "https://other.test/jwks.json"},
    "http": {"jwks_uri": "http://tenant.test/jwks.json"},
    "other-port": {"jwks_uri": "https://tenant.test:8443/jwks.json"},
}


class RemoteIdentityContract(IdentityContract):
    """Give it also `endpoint`, and `other`: the forge of another issuer that `provider` trusts.

    The provider keeps keys for 600 s unless the endpoint says otherwise, and for 3600 s at most;
    it looks for an unknown key once in 30 s. The issuer is https://tenant.test/. Domains of one
    tenant are forges of one more issuer, `domain`, for the same people.
    """

    @pytest.fixture
    def endpoint(self) -> KeyEndpoint:
        raise NotImplementedError

    @pytest.fixture
    def other(self) -> Forge:
        """Give what signs for another issuer, whose keys are not at *endpoint*."""
        raise NotImplementedError

    @pytest.fixture
    def domain(self) -> Forge:
        """Give what signs for another domain of the same tenant, with keys of its own."""
        raise NotImplementedError

    async def test_b01_a_cold_start_without_the_issuer_is_no_refusal_and_heals_itself(
        self,
        provider: IdentityProvider,
        tokens: Tokens,
        endpoint: KeyEndpoint,
        clock: SetClock,
    ) -> None:
        endpoint.down()
        for _ in range(20):
            with pytest.raises(IdentityUnavailableError) as error:
                await provider.authenticate(bearer(tokens.sign()))
            assert error.value.retry_after >= 1
        assert endpoint.fetches <= 1
        endpoint.up()
        clock.move(2)
        await provider.authenticate(bearer(tokens.sign()))

    async def test_b02_a_thousand_at_once_ask_once(
        self, provider: IdentityProvider, tokens: Tokens, endpoint: KeyEndpoint
    ) -> None:
        some = [bearer(tokens.with_(jti=str(number))) for number in range(20)]
        await asyncio.gather(*(provider.authenticate(some[n % 20]) for n in range(1000)))
        assert (endpoint.discoveries, endpoint.fetches) == (1, 1)

    async def test_old_keys_are_good_while_the_issuer_is_away_up_to_an_hour(
        self,
        provider: IdentityProvider,
        tokens: Tokens,
        endpoint: KeyEndpoint,
        clock: SetClock,
    ) -> None:
        """Also for a token that is remembered."""
        known = bearer(tokens.with_(exp=tokens.today + 2 * HARD))
        await provider.authenticate(known)
        endpoint.down()
        for passed in (SOFT, HARD - SOFT - 1):
            clock.move(passed)
            await provider.authenticate(known)
            await provider.authenticate(bearer(tokens.with_(exp=tokens.today + 2 * HARD, jti="1")))
            await _settled()
        clock.move(2)
        with pytest.raises(IdentityUnavailableError):
            await provider.authenticate(known)

    async def test_b05_a_storm_of_unknown_keys_on_an_issuer_that_is_down_is_one_attempt(
        self,
        provider: IdentityProvider,
        tokens: Tokens,
        endpoint: KeyEndpoint,
        clock: SetClock,
    ) -> None:
        """Counted from the last attempt, and not from the last that went well."""
        await provider.authenticate(bearer(tokens.sign()))
        endpoint.down()
        clock.move(COOLDOWN)
        for number in range(COOLDOWN):
            for each in range(3):
                with pytest.raises(UnauthenticatedError):
                    await provider.authenticate(bearer(tokens.headed(kid=f"{number}.{each}")))
            clock.move(1)
        assert endpoint.fetches == 2
        await provider.authenticate(bearer(tokens.sign()))

    async def test_b07_a_planned_rotation_is_not_noticed(
        self, provider: IdentityProvider, tokens: Tokens, endpoint: KeyEndpoint
    ) -> None:
        endpoint.publish(tokens.jwk(), tokens.jwk("next"))
        await provider.authenticate(bearer(tokens.sign()))
        endpoint.publish(tokens.jwk("next"))
        by_next = tokens.sign(tokens.header(kid=tokens.kid("next")), key="next")
        await provider.authenticate(bearer(by_next))
        assert endpoint.fetches == 1

    async def test_a_key_that_was_withdrawn_ends_with_the_next_set(
        self,
        provider: IdentityProvider,
        tokens: Tokens,
        endpoint: KeyEndpoint,
        clock: SetClock,
    ) -> None:
        """Also for a token that is remembered; one by a key that stays is not the worse for it."""
        endpoint.publish(tokens.jwk(), tokens.jwk("next"))
        withdrawn = bearer(tokens.sign())
        staying = bearer(tokens.sign(tokens.header(kid=tokens.kid("next")), key="next"))
        for credential in (withdrawn, staying):
            await provider.authenticate(credential)
        endpoint.publish(tokens.jwk("next"))
        clock.move(SOFT)
        await provider.authenticate(withdrawn)
        await _settled()
        assert endpoint.fetches == 2
        with pytest.raises(UnauthenticatedError):
            await provider.authenticate(withdrawn)
        await provider.authenticate(staying)

    @pytest.mark.parametrize("metadata", _ASTRAY.values(), ids=_ASTRAY.keys())
    async def test_b09_metadata_that_lead_astray_are_not_followed(
        self,
        provider: IdentityProvider,
        tokens: Tokens,
        endpoint: KeyEndpoint,
        metadata: dict[str, object],
    ) -> None:
        endpoint.claim(**metadata)
        with pytest.raises(IdentityUnavailableError):
            await provider.authenticate(bearer(tokens.sign()))
        assert (endpoint.discoveries, endpoint.fetches) == (1, 0)

    async def test_b10_what_nobody_trusted_could_have_signed_asks_nobody(
        self, provider: IdentityProvider, tokens: Tokens, endpoint: KeyEndpoint
    ) -> None:
        for token in (
            "8QtjKXDlXJGgYQf1vNXiO0wJ",
            tokens.hmac(b"s" * 32),
            tokens.with_(iss="https://other.test/"),
            tokens.headed(alg="none"),
            tokens.headed(crit=["exp"]),
            tokens.headed(kid=None),
        ):
            with pytest.raises(UnauthenticatedError):
                await provider.authenticate(bearer(token))
        assert (endpoint.discoveries, endpoint.fetches) == (0, 0)

    async def test_n09_addresses_in_a_header_are_not_asked(
        self, provider: IdentityProvider, tokens: Tokens, endpoint: KeyEndpoint
    ) -> None:
        token = tokens.sign(
            tokens.header(jku="https://tenant.test/evil.json", x5u="https://evil.test/x"),
            key="stranger",
        )
        with pytest.raises(UnauthenticatedError):
            await provider.authenticate(bearer(token))
        assert (endpoint.discoveries, endpoint.fetches) == (1, 1)

    async def test_n10_an_unknown_key_is_looked_for_once(
        self,
        provider: IdentityProvider,
        tokens: Tokens,
        endpoint: KeyEndpoint,
        clock: SetClock,
    ) -> None:
        await provider.authenticate(bearer(tokens.sign()))
        clock.move(COOLDOWN)
        for _ in range(20):
            with pytest.raises(UnauthenticatedError):
                await provider.authenticate(bearer(tokens.headed(kid="unknown")))
        assert (endpoint.discoveries, endpoint.fetches) == (1, 2)

    async def test_b11_an_issuer_proves_nothing_for_another(
        self, provider: IdentityProvider, tokens: Tokens, other: Forge
    ) -> None:
        theirs = Tokens(other)
        for good in (tokens.sign(), theirs.sign()):
            await provider.authenticate(bearer(good))
        for crossed in (
            tokens.with_(iss=theirs.issuer, aud=theirs.audience),
            theirs.with_(iss=tokens.issuer, aud=tokens.audience),
            tokens.sign(
                tokens.header(kid=theirs.kid("ours")),
                tokens.claims(iss=theirs.issuer, aud=theirs.audience),
            ),
        ):
            with pytest.raises(UnauthenticatedError):
                await provider.authenticate(bearer(crossed))

    async def test_b12_each_domain_of_a_tenant_knows_the_same_people_by_keys_of_its_own(
        self, provider: IdentityProvider, tokens: Tokens, domain: Forge
    ) -> None:
        there = Tokens(domain)
        here = await provider.authenticate(bearer(tokens.sign()))
        same = await provider.authenticate(bearer(there.sign()))
        assert (same.issuer, same.subject) == (here.issuer, here.subject)
        with pytest.raises(UnauthenticatedError):
            await provider.authenticate(bearer(there.with_(iss=tokens.issuer)))

    async def test_b13_a_caller_who_leaves_takes_nobody_along(
        self, provider: IdentityProvider, tokens: Tokens, endpoint: KeyEndpoint
    ) -> None:
        with endpoint.hold():
            waiting = [
                asyncio.create_task(_whom(provider, tokens.with_(sub=str(number))))
                for number in range(5)
            ]
            await _settled()
            waiting[0].cancel()
            await _settled()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        assert answers[1:] == ["1", "2", "3", "4"]
        assert endpoint.fetches == 1


async def _whom(provider: IdentityProvider, token: str) -> str:
    return (await provider.authenticate(bearer(token))).subject


async def _settled() -> None:
    """Let what is in the background come to its end."""
    for _ in range(50):
        await asyncio.sleep(0)

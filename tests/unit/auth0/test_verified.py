"""What is remembered is exactly what a new verification would say."""

from datetime import timedelta

import pytest

from cortex_adapters.auth0.tokens.verified import VerifiedTokens
from cortex_adapters.local_identity.issuer import ISSUER
from cortex_core.domain.errors import UnauthenticatedError
from cortex_core.ports.identity import Credential, Principal
from tests.unit.auth0.forge import (
    NOW,
    SetClock,
    bearer,
    local_issuer,
    local_provider,
    signing_key,
)


def always() -> bool:
    return True


def principal(subject: str = "s", minutes: float = 1) -> Principal:
    return Principal(
        kind="user", issuer=ISSUER, subject=subject, expires_at=NOW + timedelta(minutes=minutes)
    )


def test_an_answer_holds_from_its_verification_until_exp():
    known = VerifiedTokens()
    known.put("token", NOW, principal(), always)
    assert known.get("token", NOW) == principal()
    assert known.get("token", NOW + timedelta(seconds=59.999)) == principal()
    assert known.get("token", NOW + timedelta(seconds=60)) is None
    assert len(known) == 0


def test_an_answer_holds_while_its_key_does():
    held = True
    known = VerifiedTokens()
    known.put("token", NOW, principal(), lambda: held)
    assert known.get("token", NOW) == principal()
    held = False
    assert known.get("token", NOW) is None
    held = True
    assert known.get("token", NOW) is None


def test_an_answer_is_not_for_a_clock_that_was_set_back():
    known = VerifiedTokens()
    known.put("token", NOW, principal(), always)
    assert known.get("token", NOW - timedelta(seconds=1)) is None


def test_what_ends_never_or_has_ended_is_not_kept():
    known = VerifiedTokens()
    known.put("a", NOW, principal(minutes=0), always)
    known.put("b", NOW, Principal(kind="user", issuer=ISSUER, subject="s"), always)
    assert len(known) == 0


def test_the_least_recently_used_makes_room():
    known = VerifiedTokens(2)
    known.put("a", NOW, principal("a"), always)
    known.put("b", NOW, principal("b"), always)
    assert known.get("a", NOW)
    known.put("c", NOW, principal("c"), always)
    assert [known.get(token, NOW) is not None for token in "abc"] == [True, False, True]
    assert len(known) == 2


@pytest.mark.parametrize("token", ["", "tokeN", "token ", "\ud800", "token\x00"])
def test_another_spelling_finds_nothing(token: str):
    known = VerifiedTokens()
    known.put("token", NOW, principal(), always)
    assert known.get(token, NOW) is None


async def test_a_remembered_token_opens_no_way_for_its_likes():
    provider = local_provider()
    token = local_issuer().mint("a@b").access_token
    await provider.authenticate(bearer(token))
    head, payload, signature = token.split(".")
    for other in (
        f"{head}.{payload}.{signature[:-6]}",
        f"{head}.{payload}.{signature[::-1]}",
        f"{token}=",
        f" {token}",
    ):
        with pytest.raises(UnauthenticatedError):
            await provider.authenticate(bearer(other))
    await provider.authenticate(bearer(token))


async def test_a_remembered_token_is_still_only_a_bearer_token():
    provider = local_provider()
    token = local_issuer().mint("a@b").access_token
    await provider.authenticate(bearer(token))
    with pytest.raises(UnauthenticatedError) as refusal:
        await provider.authenticate(Credential(scheme="DPoP", token=token))
    assert refusal.value.reason == "scheme"


async def test_a_token_is_proved_once_and_asks_for_the_key_once():
    asked = 0

    async def source():
        nonlocal asked
        asked += 1
        return signing_key()

    clock = SetClock()
    provider = local_provider(clock, key=source)
    token = bearer(local_issuer(clock).mint("a@b").access_token)
    first = await provider.authenticate(token)
    assert await provider.authenticate(token) is first
    clock.move(hours=24, seconds=10)
    again = await provider.authenticate(token)
    assert again == first
    assert again is not first
    assert asked == 1


async def test_a_clock_that_was_set_back_is_believed():
    clock = SetClock()
    provider = local_provider(clock)
    token = bearer(local_issuer(clock).mint("a@b").access_token)
    await provider.authenticate(token)
    clock.move(hours=-1)
    with pytest.raises(UnauthenticatedError) as refusal:
        await provider.authenticate(token)
    assert refusal.value.reason == "issued-in-future"

from datetime import timedelta

import jwt
import pytest

from cortex_adapters.local_identity.issuer import ISSUER, NAMESPACE
from cortex_core.domain.errors import InvalidInputError, UnauthenticatedError
from cortex_core.domain.policy import PERMISSIONS
from tests.unit.auth0.forge import (
    AUDIENCE,
    NOW,
    TODAY,
    SetClock,
    bearer,
    local_issuer,
    local_provider,
    signing_key,
)


def claims_of(token: str) -> dict[str, object]:
    """Read a token with PyJWT, as a second opinion."""
    return jwt.decode(
        token,
        signing_key().private.public_key(),
        algorithms=["RS256"],
        audience=AUDIENCE,
        issuer=ISSUER,
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )


def pointers(error: pytest.ExceptionInfo[InvalidInputError]) -> list[str]:
    return [fault.pointer for fault in error.value.faults]


async def test_a_person_gets_all_permissions_unless_named():
    token = local_issuer().mint("Ada@Example.com", name="Ada")
    principal = await local_provider().authenticate(bearer(token.access_token))
    assert (principal.kind, principal.issuer, principal.name) == ("user", ISSUER, "Ada")
    assert (principal.email, principal.email_verified) == ("Ada@Example.com", True)
    assert principal.permissions == PERMISSIONS
    assert principal.expires_at == NOW + timedelta(seconds=token.expires_in)
    assert principal.client_id == "cortex-local"
    assert principal.token_id
    assert token.token_type == "Bearer"


async def test_no_permissions_means_none():
    token = local_issuer().mint("ada@example.com", permissions=[])
    principal = await local_provider().authenticate(bearer(token.access_token))
    assert principal.permissions == frozenset()


def test_claims_have_the_shape_of_auth0():
    token = local_issuer().mint(
        "ada@example.com",
        permissions=["write:messages", "read:messages", "read:messages"],
        lifetime=timedelta(minutes=5),
    )
    claims = claims_of(token.access_token)
    assert claims.pop("jti") != claims_of(local_issuer().mint("a@b").access_token)["jti"]
    assert str(claims.pop("sub")).startswith("local|")
    assert claims == {
        "iss": ISSUER,
        "aud": [AUDIENCE],
        "azp": "cortex-local",
        "iat": TODAY,
        "exp": TODAY + 300,
        "scope": "read:messages write:messages",
        "permissions": ["read:messages", "write:messages"],
        f"{NAMESPACE}email": "ada@example.com",
        f"{NAMESPACE}email_verified": True,
        f"{NAMESPACE}name": "ada@example.com",
    }
    assert token.expires_in == 300
    assert jwt.get_unverified_header(token.access_token) == {
        "alg": "RS256",
        "kid": signing_key().kid,
        "typ": "JWT",
    }


async def test_a_machine_is_its_client():
    token = local_issuer().mint_machine("nightly-job", permissions=["read:audit"])
    assert claims_of(token.access_token)["gty"] == "client-credentials"
    principal = await local_provider().authenticate(bearer(token.access_token))
    assert (principal.kind, principal.subject) == ("machine", "nightly-job@clients")
    assert (principal.client_id, principal.email, principal.name) == ("nightly-job", None, "")
    assert principal.permissions == {"read:audit"}


@pytest.mark.parametrize("other", ["ADA@EXAMPLE.COM", "ada@example.com", "Ada@example.Com"])
def test_one_address_is_one_subject(other: str):
    tokens = [local_issuer().mint(email).access_token for email in ("Ada@Example.com", other)]
    first, second = (claims_of(token)["sub"] for token in tokens)
    assert first == second


def test_two_spellings_of_one_character_are_one_address():
    tokens = [local_issuer().mint(email).access_token for email in ("\u00e9@x", "e\u0301@x")]
    first, second = (claims_of(token) for token in tokens)
    assert first["sub"] == second["sub"]
    assert first[f"{NAMESPACE}email"] == second[f"{NAMESPACE}email"]


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "@",
        "a@",
        "@b",
        "a@b@c",
        "a b@c",
        "a@b\n",
        "a\x00@b",
        "a\x7f@b",
        "\ud800@b",
        "a" * 254 + "@b",
    ],
)
def test_what_is_no_address_is_refused(email: str):
    with pytest.raises(InvalidInputError) as error:
        local_issuer().mint(email)
    assert pointers(error) == ["/email"]


def test_every_fault_of_a_person_is_named_at_once():
    with pytest.raises(InvalidInputError) as error:
        local_issuer().mint("ada", name="a\x00" + "n" * 200)
    assert pointers(error) == ["/email", "/name", "/name"]


def test_unknown_permissions_are_named():
    with pytest.raises(InvalidInputError) as error:
        local_issuer().mint("a@b", permissions=["read:messages", "fly:planes", ""])
    assert pointers(error) == ["/permissions/1", "/permissions/2"]
    assert "read:messages" in str(error.value)


@pytest.mark.parametrize("client", ["", "a b", "a@clients", "x" * 101, "ä"])
def test_what_is_no_client_is_refused(client: str):
    with pytest.raises(InvalidInputError) as error:
        local_issuer().mint_machine(client)
    assert pointers(error) == ["/client"]


@pytest.mark.parametrize(
    "lifetime", [timedelta(), timedelta(seconds=-1), timedelta(hours=24, seconds=1)]
)
def test_a_lifetime_is_a_second_to_a_day(lifetime: timedelta):
    with pytest.raises(InvalidInputError) as error:
        local_issuer().mint("a@b", lifetime=lifetime)
    assert pointers(error) == ["/lifetime"]


async def test_a_token_ends_by_the_clock():
    clock = SetClock()
    provider = local_provider(clock)
    token = local_issuer(clock).mint("a@b", lifetime=timedelta(minutes=1))
    clock.move(seconds=89)
    await provider.authenticate(bearer(token.access_token))
    clock.move(seconds=1)
    with pytest.raises(UnauthenticatedError):
        await provider.authenticate(bearer(token.access_token))

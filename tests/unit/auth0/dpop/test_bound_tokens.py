"""Tokens that are bound to a key, at the provider: nothing without a proof, each time."""

import jwt
import pytest

from cortex_adapters.auth0.dpop.checker import ProofChecker
from cortex_adapters.auth0.provider import JwtIdentityProvider
from cortex_core.domain.errors import ProofRejectedError, UnauthenticatedError
from cortex_core.ports import Credential, Proof
from tests.unit.auth0.forge import AUDIENCE, SetClock, bearer, signing_key
from tests.unit.auth0.forge import claims as token_claims
from tests.unit.auth0.forge import sign as sign_token
from tests.unit.auth0.proofs import Spending, claims, private_key, proof, text, thumbprint
from tests.unit.auth0.test_provider import FIRST, token, trusted

BOUND = {"jkt": thumbprint()}


def bound_token() -> str:
    return sign_token(None, token_claims(iss=FIRST, aud=AUDIENCE, cnf=BOUND))


def provider(spend: Spending | None = None) -> JwtIdentityProvider:
    clock = SetClock()
    return JwtIdentityProvider(
        [trusted(FIRST, "ours")],
        clock=clock,
        proofs=ProofChecker(frozenset({"ES256"}), spend=spend or Spending(), clock=clock),
    )


def shown(token: str, proof_: Proof | None) -> Credential:
    return Credential(scheme="DPoP", token=token, proof=proof_)


def fresh(token: str, id_: str, **members: object) -> Proof:
    return proof(text(None, claims(token, jti=id_, **members)))


async def refusal(provider: JwtIdentityProvider, credential: Credential) -> UnauthenticatedError:
    with pytest.raises(UnauthenticatedError) as error:
        await provider.authenticate(credential)
    return error.value


async def test_the_holder_of_the_key_is_the_principal():
    mine, bound = provider(), bound_token()
    first = await mine.authenticate(shown(bound, fresh(bound, "1")))
    assert first.binding == thumbprint()
    assert await mine.authenticate(shown(bound, fresh(bound, "2"))) is first


async def test_a_remembered_token_needs_a_proof_of_its_own_each_time():
    mine, bound = provider(), bound_token()
    used = fresh(bound, "1")
    await mine.authenticate(shown(bound, used))
    stranger = text(None, claims(bound, jti="2"), key=private_key("stranger"))
    for credential, reason in (
        (bearer(bound), "binding"),
        (Credential(scheme="Bearer", token=bound, proof=fresh(bound, "3")), "binding"),
        (shown(bound, None), "proof-missing"),
        (shown(bound, used), "proof-replayed"),
        (shown(bound, proof(stranger)), "proof-signature"),
        (shown(bound, fresh("other", "4")), "proof-token"),
    ):
        error = await refusal(mine, credential)
        assert error.reason == reason
        assert isinstance(error, ProofRejectedError) == reason.startswith("proof-")
    await mine.authenticate(shown(bound, fresh(bound, "5")))


async def test_a_token_that_is_bound_to_no_key_is_a_bearer_token_only():
    mine, plain = provider(), token(FIRST, "ours")
    assert (await refusal(mine, shown(plain, fresh(plain, "1")))).reason == "unbound"
    assert (await refusal(mine, shown(plain, None))).reason == "unbound"
    assert (await mine.authenticate(bearer(plain))).binding is None


async def test_a_proof_is_not_spent_on_a_token_that_is_none():
    spend = Spending()
    mine = provider(spend=spend)
    forged = sign_token(
        None, token_claims(iss=FIRST, aud=AUDIENCE, cnf=BOUND), key=signing_key("next").private
    )
    assert (await refusal(mine, shown(forged, fresh(forged, "1")))).reason == "signature"
    assert not spend.keys


async def test_where_proofs_are_off_bound_tokens_are_taken_from_nobody():
    off = JwtIdentityProvider([trusted(FIRST, "ours")], clock=SetClock())
    bound = bound_token()
    assert (await refusal(off, bearer(bound))).reason == "binding"
    assert (await refusal(off, shown(bound, fresh(bound, "1")))).reason == "scheme"


async def test_b16_nothing_is_said_of_a_proof():
    bound = bound_token()
    bad = fresh(bound, "1", htu="https://elsewhere.test/secret")
    credential = shown(bound, bad)
    error = await refusal(provider(), credential)
    assert error.reason == "proof-uri"
    said = f"{credential!r} {error!r} {error}"
    pieces = [*bad.text.split("."), "elsewhere", jwt.get_unverified_header(bad.text)["jwk"]["x"]]
    assert not [piece for piece in pieces if piece in said]

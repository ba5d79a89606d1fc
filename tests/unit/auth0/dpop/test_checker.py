"""Each check of a proof, broken once (RFC 9449 section 4.3)."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from cortex_adapters.auth0.dpop.checker import ProofChecker
from cortex_adapters.auth0.dpop.nonces import Nonces
from cortex_adapters.auth0.dpop.proof_key import read_key
from cortex_adapters.memory.store import MemoryStore
from cortex_core.domain.errors import ProofNonceError, ProofRejectedError, UnavailableError
from tests.unit.auth0.forge import SetClock, b64, compact
from tests.unit.auth0.proofs import (
    TODAY,
    URI,
    Spending,
    claims,
    edwards_key,
    header,
    private_key,
    proof,
    public_jwk,
    text,
    thumbprint,
)

ES256 = frozenset({"ES256"})
SMALL = "A" * 43


def checker(
    spend: Spending | None = None,
    clock: SetClock | None = None,
    nonces: Nonces | None = None,
    algorithms: frozenset[str] = ES256,
) -> ProofChecker:
    return ProofChecker(
        algorithms, spend=spend or Spending(), clock=clock or SetClock(), nonces=nonces
    )


async def refusal(checker: ProofChecker, text_: str, token: str = "token", **request: str) -> str:
    with pytest.raises(ProofRejectedError) as error:
        await checker.check(proof(text_, **request), token=token, binding=thumbprint())
    assert error.value.__cause__ is None
    return error.value.reason


async def test_a_good_proof_is_one():
    await checker().check(proof(), token="token", binding=thumbprint())


async def test_the_example_of_the_standard():
    """RFC 9449 section 7.1, figures 12 and 13."""
    sent = (
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0"
        "VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10"
        "NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjo"
        "iR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI"
        "6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2o"
        "W9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
    )
    clock = SetClock(datetime.fromtimestamp(1562262618, UTC))
    await checker(clock=clock).check(
        proof(sent, uri="https://resource.example.org/protectedresource"),
        token="Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
        binding="0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
    )


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"typ": None}, "proof-type"),
        ({"typ": "JWT"}, "proof-type"),
        ({"typ": 7}, "proof-type"),
        ({"alg": None}, "proof-type"),
        ({"alg": "none"}, "proof-type"),
        ({"alg": "es256"}, "proof-type"),
        ({"alg": "HS256"}, "proof-type"),
        ({"alg": "RS256"}, "proof-type"),
        ({"alg": "ES384"}, "proof-type"),
        ({"alg": "EdDSA"}, "proof-type"),
        ({"alg": ["ES256"]}, "proof-type"),
        ({"crit": ["x"]}, "proof-type"),
        ({"b64": True}, "proof-type"),
        ({"jwk": None}, "proof-key"),
        ({"jwk": "key"}, "proof-key"),
        ({"jwk": [public_jwk()]}, "proof-key"),
        ({"jwk": public_jwk(d="AA")}, "proof-key"),
        ({"jwk": public_jwk(k="AA")}, "proof-key"),
        ({"jwk": public_jwk() | {f"x{n}": n for n in range(20)}}, "proof-key"),
        ({"jwk": public_jwk(kty="RSA")}, "proof-key"),
        ({"jwk": public_jwk(kty=None)}, "proof-key"),
        ({"jwk": public_jwk(crv="P-384")}, "proof-key"),
        ({"jwk": public_jwk(crv=["P-256"])}, "proof-key"),
        ({"jwk": public_jwk(x=None)}, "proof-key"),
        ({"jwk": public_jwk(x=7)}, "proof-key"),
        ({"jwk": public_jwk(x="AA")}, "proof-key"),
        ({"jwk": public_jwk(x=b64(b"x" * 35))}, "proof-key"),
        ({"jwk": public_jwk(y="!" + "A" * 42)}, "proof-key"),
        ({"jwk": public_jwk(y="\N{PILE OF POO}" * 43)}, "proof-key"),
        ({"jwk": public_jwk(y="A" * 42 + "B")}, "proof-key"),
        ({"jwk": public_jwk("stranger")}, "proof-binding"),
        ({"jwk": public_jwk(x=SMALL)}, "proof-binding"),
    ],
)
async def test_a_header_that_is_none(members: dict[str, object], reason: str):
    spend = Spending()
    assert await refusal(checker(spend), text(header(**members))) == reason
    assert not spend.keys


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"htm": None}, "proof-method"),
        ({"htm": "get"}, "proof-method"),
        ({"htm": "POST"}, "proof-method"),
        ({"htm": ["GET"]}, "proof-method"),
        ({"htu": None}, "proof-uri"),
        ({"htu": [URI]}, "proof-uri"),
        ({"htu": "/v1/me"}, "proof-uri"),
        ({"htu": f"{URI}/"}, "proof-uri"),
        ({"htu": URI.replace("https", "http")}, "proof-uri"),
        ({"htu": URI.replace("me", "ME")}, "proof-uri"),
        ({"htu": URI.replace("api.", "")}, "proof-uri"),
        ({"htu": URI.replace("cortex.test", "cortex.test:8443")}, "proof-uri"),
        ({"iat": None}, "proof-date"),
        ({"iat": str(TODAY)}, "proof-date"),
        ({"iat": True}, "proof-date"),
        ({"iat": TODAY - 61}, "proof-date"),
        ({"iat": TODAY + 6}, "proof-date"),
        ({"iat": TODAY * 1000}, "proof-date"),
        ({"ath": None}, "proof-token"),
        ({"ath": "token"}, "proof-token"),
        ({"ath": 7}, "proof-token"),
        ({"jti": None}, "proof-id"),
        ({"jti": ""}, "proof-id"),
        ({"jti": 7}, "proof-id"),
        ({"jti": "j" * 129}, "proof-id"),
    ],
)
async def test_claims_that_are_none(members: dict[str, object], reason: str):
    spend = Spending()
    assert await refusal(checker(spend), text(None, claims(**members))) == reason
    assert not spend.keys


@pytest.mark.parametrize(
    "members",
    [
        {"iat": TODAY - 60},
        {"iat": TODAY + 5},
        {"iat": TODAY - 0.5},
        {"htu": "HTTPS://API.cortex.test:443/v1/x/../%6De?a=b#c"},
        {"jti": "j" * 128},
        {"jti": "\N{PILE OF POO}" * 64},
        {"nonce": 7},
        {"exp": 1},
    ],
)
async def test_claims_that_are_as_good(members: dict[str, object]):
    await checker().check(proof(text(None, claims(**members))), token="token", binding=thumbprint())


@pytest.mark.parametrize(
    "header_",
    [header(typ="DPoP+JWT"), header(typ="application/dpop+jwt"), header(kid="a", x=1)],
)
async def test_headers_that_are_as_good(header_: object):
    await checker().check(proof(text(header_)), token="token", binding=thumbprint())


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "proof",
        "a.b.c",
        f"{text()}, {text()}",
        f"{text()}=",
        text()[:-1],
        text(b'{"alg":"ES256","alg":"ES256"}'),
        text(None, b"[]"),
        text(None, b'{"jti":"\xff"}'),
        text(None, claims(x="x" * 4096)),
        text().rpartition(".")[0] + ".",
        "\ud800",
    ],
)
async def test_what_cannot_be_read(sent: str):
    assert await refusal(checker(), sent) == "proof-form"


async def test_a_signature_by_another_key_or_over_another_text():
    spend = Spending()
    forged = text(key=private_key("stranger"))
    assert await refusal(checker(spend), forged) == "proof-signature"
    head, _, signature = text().split(".")
    moved = f"{head}.{b64(compact(claims(jti='2')))}.{signature}"
    assert await refusal(checker(spend), moved) == "proof-signature"
    assert await refusal(checker(spend), f"{head}.{b64(compact(claims()))}.AA") == "proof-signature"
    assert not spend.keys


async def test_a_point_that_is_not_on_the_curve_is_no_key():
    off = text(header(jwk=public_jwk(x=SMALL, y=SMALL)))
    binding = read_key(public_jwk(x=SMALL, y=SMALL), "ES256").thumbprint
    with pytest.raises(ProofRejectedError) as error:
        await checker().check(proof(off), token="token", binding=binding)
    assert error.value.reason == "proof-key"


async def test_a_proof_is_for_one_request():
    good = text()
    assert await refusal(checker(), good, method="POST") == "proof-method"
    assert await refusal(checker(), good, uri=f"{URI}/x") == "proof-uri"
    assert await refusal(checker(), good, token="other") == "proof-token"
    nowhere = text(None, claims(htu="nowhere"))
    assert await refusal(checker(), nowhere, uri="nowhere") == "proof-uri"


async def test_a_proof_counts_once_on_all_processes():
    store = MemoryStore()
    one, two = checker(Spending(store)), checker(Spending(store))
    await one.check(proof(), token="token", binding=thumbprint())
    assert await refusal(two, text()) == "proof-replayed"
    other = json.loads(json.dumps(claims())) | {"x": 1}
    assert await refusal(two, text(None, other)) == "proof-replayed"
    for fresh in (claims(jti="2"), claims(htu=f"{URI}/x")):
        sent = proof(text(None, fresh), uri=str(fresh["htu"]))
        await two.check(sent, token="token", binding=thumbprint())


async def test_two_holders_do_not_spend_each_others_proofs():
    mine = checker()
    other = text(header(jwk=public_jwk("stranger")), key=private_key("stranger"))
    await mine.check(proof(other), token="token", binding=thumbprint("stranger"))
    await mine.check(proof(), token="token", binding=thumbprint())


@pytest.mark.parametrize("issued", [-60, 0, 5])
async def test_a_proof_is_never_good_again(issued: int):
    clock, spend = SetClock(), Spending()
    mine = checker(spend, clock)
    sent = text(None, claims(iat=TODAY + issued))
    await mine.check(proof(sent), token="token", binding=thumbprint())
    for _ in range(200):
        clock.move(seconds=0.5)
        assert await refusal(mine, sent) in {"proof-replayed", "proof-date"}
        async with spend.store.begin(single=True) as work:
            await work.replays.purge(now=clock.now + timedelta(seconds=20), limit=9)


async def test_nobody_is_let_in_while_the_store_is_away():
    async def away(key, *, now, until) -> bool:
        raise UnavailableError

    with pytest.raises(UnavailableError):
        await ProofChecker(ES256, spend=away, clock=SetClock()).check(
            proof(), token="token", binding=thumbprint()
        )


async def test_an_edwards_key_where_it_is_allowed():
    raw = edwards_key().public_key().public_bytes_raw()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
    sent = text(
        header(alg="EdDSA", jwk=jwk), claims(ath=None), key=edwards_key(), algorithm="EdDSA"
    )
    both = checker(algorithms=frozenset({"ES256", "EdDSA"}))
    found = await both.thumbprint(proof(sent))
    with pytest.raises(ProofRejectedError):
        await checker().thumbprint(proof(sent))
    assert len(found) == 43
    curve = text(header(alg="EdDSA", jwk=jwk | {"crv": "Ed448"}))
    assert await refusal(both, curve) == "proof-key"
    assert await refusal(both, text(header(jwk=jwk))) == "proof-key"
    assert await refusal(both, text(header(alg="EdDSA"))) == "proof-key"


async def test_where_a_token_is_asked_for_none_is_shown():
    mine = checker()
    assert await mine.thumbprint(proof(text(None, claims(ath=None)))) == thumbprint()
    with pytest.raises(ProofRejectedError):
        await mine.thumbprint(proof(text(None, claims(ath=None))))


async def test_a_nonce_is_asked_for_when_all_else_is_good():
    clock, spend = SetClock(), Spending()
    nonces = Nonces(["s" * 32], clock=clock)
    mine = checker(spend, clock, nonces)
    for nonce in (None, "", 7, "x" * 24, "\N{PILE OF POO}"):
        with pytest.raises(ProofNonceError) as error:
            await mine.check(
                proof(text(None, claims(nonce=nonce))), token="token", binding=thumbprint()
            )
        assert error.value.nonce == nonces.current()
    assert await refusal(mine, text(None, claims(iat=1))) == "proof-date"
    assert not spend.keys
    good = text(None, claims(nonce=nonces.current()))
    await mine.check(proof(good), token="token", binding=thumbprint())


def test_a_thumbprint_is_that_of_the_standard():
    """RFC 9449 section 6.1, and RFC 8037 appendix A.3 for the other kind of key."""
    jwk = {
        "kty": "EC",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        "crv": "P-256",
    }
    assert read_key(jwk, "ES256").thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    edwards = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert read_key(edwards, "EdDSA").thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

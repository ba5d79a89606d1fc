import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from cortex_adapters.auth0.tokens.key_set import KeySet
from cortex_adapters.local_identity.keys import SigningKey, jwks, thumbprint
from cortex_core.domain.errors import StorageCorruptError
from tests.unit.auth0.forge import b64, curve_key, jwk, signing_key, small_key


def pem_of(key: RSAPrivateKey | EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_the_thumbprint_is_that_of_rfc_7638():
    """The example of section 3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
        "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
        "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI"
        "4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    found = thumbprint({"n": modulus, "kty": "RSA", "e": "AQAB"})
    assert found == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_a_key_outlives_its_text():
    key = signing_key()
    again = SigningKey.from_pem(key.to_pem())
    assert again.kid == key.kid
    assert again.to_pem() == key.to_pem()


def test_the_set_shows_the_public_half_only():
    (member,) = jwks(signing_key())["keys"]
    assert member.keys() == {"kty", "n", "e", "use", "alg", "kid"}
    assert (member["use"], member["alg"], member["e"]) == ("sig", "RS256", "AQAB")


@pytest.mark.parametrize(
    "pem",
    [
        lambda: "",
        lambda: "not a key",
        lambda: signing_key().to_pem()[:-100],
        lambda: pem_of(small_key()),
        lambda: pem_of(curve_key()),
    ],
    ids=["empty", "text", "cut", "short", "curve"],
)
def test_a_damaged_key_says_so_and_quotes_nothing(pem):
    with pytest.raises(StorageCorruptError) as error:
        SigningKey.from_pem(pem())
    assert error.value.__cause__ is None
    assert error.value.__context__ is None


def test_a_short_key_is_skipped():
    keys = KeySet(jwks(SigningKey(small_key())), {"RS256"})
    assert (len(keys), keys.skipped) == (0, 1)


def test_a_key_that_would_take_long_is_skipped():
    keys = KeySet({"keys": [jwk(n=b64(b"\xff" * 1024)), jwk(n=b64(b"\xff" * 1025))]}, {"RS256"})
    assert (len(keys), keys.skipped) == (1, 1)


@pytest.mark.parametrize("exponent", ["AQ", "BA"])  # 1 and 4
def test_a_weak_exponent_is_skipped(exponent: str):
    assert len(KeySet({"keys": [jwk(e=exponent)]}, {"RS256"})) == 0


def test_of_two_keys_with_one_name_none_is_tried():
    keys = KeySet({"keys": [jwk(), jwk("next", kid=signing_key().kid)]}, {"RS256"})
    assert keys.find(signing_key().kid, "RS256") is None


def test_a_key_without_algorithm_serves_all_that_are_allowed():
    keys = KeySet({"keys": [jwk(alg=None)]}, {"RS256", "PS256", "ES256"})
    kid = signing_key().kid
    found = [keys.find(kid, name) is not None for name in ("RS256", "PS256", "ES256")]
    assert found == [True, True, False]


def test_a_private_member_is_never_taken():
    private = signing_key().private.private_numbers()
    keys = KeySet({"keys": [jwk(d=str(private.d), p="x")]}, {"RS256"})
    assert keys.find(signing_key().kid, "RS256") is not None


@pytest.mark.parametrize("jwks_", [None, [], "{}", {}, {"keys": {}}, {"keys": "x"}])
def test_what_is_no_set_is_an_empty_one(jwks_: object):
    assert len(KeySet(jwks_, {"RS256"})) == 0

"""Whatever is presented: a principal that the rules allow, or UnauthenticatedError; never else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_adapters.auth0.tokens.key_set import KeySet
from cortex_adapters.auth0.tokens.strict_json import read_object
from cortex_adapters.local_identity.issuer import ISSUER
from cortex_core.domain.errors import UnauthenticatedError
from tests.unit.auth0.forge import (
    AUDIENCE,
    b64,
    bearer,
    claims,
    header,
    jwk,
    local_provider,
    sign,
    verify,
)

GOOD = sign()
PROVIDER = local_provider()

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([ISSUER, AUDIENCE, "RS256", "none", "JWT", "sig", "verify", "RSA", "AQAB"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)
header_names = st.sampled_from(
    ["alg", "kid", "typ", "crit", "b64", "zip", "jku", "jwk", "x5c", "cty", "enc"]
)
claim_names = st.sampled_from(
    [*claims(), "nbf", "jti", "gty", "client_id", "cnf", "nonce", "events", "extra"]
)


async def only_refused(token: str) -> None:
    if token == GOOD:
        return
    with pytest.raises(UnauthenticatedError, match=r"^The credential is not valid\.$") as refusal:
        await PROVIDER.authenticate(bearer(token))
    assert refusal.value.reason


@given(st.text())
async def test_text(token: str):
    await only_refused(token)


@given(st.from_regex(r"[A-Za-z0-9_-]{0,60}(\.[A-Za-z0-9_-]{0,60}){0,5}", fullmatch=True))
async def test_segments(token: str):
    await only_refused(token)


@given(st.binary(), st.binary(), st.binary(min_size=1))
async def test_bytes_in_segments(head: bytes, payload: bytes, signature: bytes):
    await only_refused(f"{b64(head)}.{b64(payload)}.{b64(signature)}")


@given(
    st.integers(0, len(GOOD)),
    st.integers(0, 8),
    st.text(max_size=8) | st.text("ABCabc012-_.=", max_size=8),
)
async def test_a_good_token_with_a_piece_replaced(start: int, length: int, piece: str):
    await only_refused(GOOD[:start] + piece + GOOD[start + length :])


@given(st.permutations(GOOD.split(".")))
async def test_a_good_token_in_another_order(segments: list[str]):
    await only_refused(".".join(segments))


@given(st.dictionaries(header_names, values, max_size=3))
def test_a_signed_token_with_any_header(members: dict[str, object]):
    try:
        verify(sign(header() | members), jwk())
    except UnauthenticatedError:
        return
    merged = header() | members
    assert merged["alg"] == "RS256"
    assert merged["kid"] == header()["kid"]
    assert not merged.keys() & {"crit", "b64", "zip"}


@given(st.dictionaries(claim_names, values, max_size=3))
def test_a_signed_token_with_any_claims(members: dict[str, object]):
    merged = claims() | members
    try:
        principal = verify(sign(None, merged), jwk())
    except UnauthenticatedError:
        return
    named, listed = merged["aud"], merged["permissions"]
    assert merged["iss"] == ISSUER
    assert named == AUDIENCE or (isinstance(named, list) and AUDIENCE in named)
    assert principal.subject == merged["sub"]
    assert isinstance(listed, list)
    assert principal.permissions == frozenset(listed)
    assert not merged.keys() & {"cnf", "nonce", "events"}
    hash(principal)


@given(values)
def test_a_signed_token_with_any_payload(payload: object):
    with pytest.raises(UnauthenticatedError):
        verify(sign(None, json.dumps(payload).encode()), jwk())


@given(st.binary() | st.text().map(str.encode) | values.map(lambda v: json.dumps(v).encode()))
def test_any_bytes_as_json(data: bytes):
    try:
        found = read_object(data)
    except UnauthenticatedError:
        return
    assert found == json.loads(data)
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()


jwk_members = st.dictionaries(
    st.sampled_from(["kty", "kid", "alg", "use", "key_ops", "n", "e", "crv", "x", "y", "d", "k"]),
    values | st.text("ABCabc012-_=", max_size=400),
    max_size=4,
)


@given(values | st.lists(jwk_members.map(lambda members: jwk() | members), max_size=3))
def test_any_key_set(keys: object):
    KeySet(keys, {"RS256", "ES256", "PS256"})
    KeySet({"keys": keys}, {"RS256", "ES256", "PS256"})

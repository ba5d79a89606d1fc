"""Whatever is sent as a proof: one that can be read, or ProofRejectedError; never else."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_adapters.auth0.dpop.checker import ProofChecker
from cortex_adapters.auth0.dpop.reading import read_proof
from cortex_core.domain.errors import ProofRejectedError
from tests.unit.auth0.forge import SetClock, b64
from tests.unit.auth0.proofs import (
    URI,
    Spending,
    claims,
    header,
    proof,
    public_jwk,
    text,
    thumbprint,
)

BOTH = frozenset({"ES256", "EdDSA"})
GOOD = text()

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([URI, "ES256", "EdDSA", "EC", "OKP", "P-256", "Ed25519", "GET", "A" * 43])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
jwks = st.dictionaries(st.sampled_from([*public_jwk(), "d", "use", "x5c"]), scalars)
headers = st.dictionaries(st.sampled_from([*header(), "crit", "kid", "b64"]), values | jwks)
said = st.dictionaries(st.sampled_from([*claims(), "nonce", "exp"]), values)


def read_or_rejected(sent: str) -> None:
    with suppress(ProofRejectedError):
        assert len(read_proof(sent, BOTH).key.thumbprint) == 43


@given(st.text() | st.binary().map(lambda data: f"{b64(data)}.{b64(data)}.{b64(data)}"))
def test_text(sent: str):
    read_or_rejected(sent)


@given(headers, said)
def test_members_of_any_kind(header_: dict[str, object], claims_: dict[str, object]):
    first, second = header() | header_, claims() | claims_
    parts = [b64(json.dumps(part).encode()) for part in (first, second)]
    read_or_rejected(".".join([*parts, b64(b"signature")]))


@given(st.integers(0, len(GOOD) - 1), st.sampled_from("AZaz09-_.=, \n"))
async def test_no_other_text_is_the_same_proof(place: int, character: str):
    sent = GOOD[:place] + character + GOOD[place + 1 :]
    if sent == GOOD:
        return
    checker = ProofChecker(BOTH, spend=Spending(), clock=SetClock())
    with pytest.raises(ProofRejectedError):
        await checker.check(proof(sent), token="token", binding=thumbprint())

"""Every case of the contract, through the verifier alone: refused for its reason and no other."""

import pytest

from cortex_adapters.local_identity.issuer import ISSUER, NAMESPACE
from cortex_core.contract.identity_cases import ACCEPTED, IDS, REFUSED
from cortex_core.contract.identity_forge import Case, Tokens
from cortex_core.domain.errors import UnauthenticatedError
from tests.unit.auth0.forge import AUDIENCE, jwk, verify
from tests.unit.auth0.forges import PublicKeyForge

TOKENS = Tokens(PublicKeyForge(ISSUER, AUDIENCE, namespace=NAMESPACE))


def keys(case: Case) -> list[object]:
    return [jwk()] if case.keys is None else case.keys(TOKENS)


def test_every_case_of_the_document_is_here():
    assert {case.id for case in (*ACCEPTED, *REFUSED)} == IDS


@pytest.mark.parametrize("case", ACCEPTED, ids=str)
def test_a_good_token_is_accepted(case: Case):
    principal = verify(case.token(TOKENS), *keys(case))
    assert principal.kind == ("machine" if case.id == "P05" else "user")


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_a_bad_token_is_refused_for_its_reason(case: Case):
    with pytest.raises(UnauthenticatedError) as refusal:
        verify(case.token(TOKENS), *keys(case))
    assert refusal.value.reason == case.because

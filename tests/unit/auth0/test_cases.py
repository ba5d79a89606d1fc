"""Every case of the identity document, through the verifier and through the provider."""

import pytest

from cortex_core.domain.errors import UnauthenticatedError
from tests.unit.auth0.cases import ACCEPTED, IDS, REFUSED, Case
from tests.unit.auth0.forge import bearer, jwk, local_provider, verify


def test_every_case_of_the_document_is_here():
    assert {case.id for case in (*ACCEPTED, *REFUSED)} == IDS


@pytest.mark.parametrize("case", ACCEPTED, ids=str)
def test_a_good_token_is_accepted(case: Case):
    principal = verify(case.token(), *case.keys())
    assert principal.subject
    assert principal.kind == ("machine" if case.id == "P05" else "user")


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_a_bad_token_is_refused_for_its_reason(case: Case):
    with pytest.raises(UnauthenticatedError) as refusal:
        verify(case.token(), *case.keys())
    assert refusal.value.reason == case.reason


@pytest.mark.parametrize("case", [case for case in ACCEPTED if case.id != "P06"], ids=str)
async def test_the_provider_accepts_it_twice_alike(case: Case):
    provider, credential = local_provider(), bearer(case.token())
    first = await provider.authenticate(credential)
    assert first == await provider.authenticate(credential) == verify(case.token(), jwk())


@pytest.mark.parametrize(
    "case", [case for case in REFUSED if case.id not in {"N15", "N18"}], ids=str
)
async def test_the_provider_refuses_it_twice_alike(case: Case):
    provider, credential = local_provider(), bearer(case.token())
    for _ in range(2):
        with pytest.raises(UnauthenticatedError) as refusal:
            await provider.authenticate(credential)
        assert refusal.value.reason == case.reason
        assert not refusal.value.missing

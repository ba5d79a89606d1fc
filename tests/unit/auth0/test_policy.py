from datetime import timedelta

import pytest

from cortex_adapters.auth0.tokens.policy import ALGORITHMS, TokenPolicy
from cortex_adapters.local_identity.issuer import ISSUER, NAMESPACE
from cortex_core.domain.errors import SettingsError, UnauthenticatedError
from tests.unit.auth0.forge import (
    AUDIENCE,
    TODAY,
    b64,
    claims,
    curve_key,
    header,
    jwk,
    sign,
    verify,
)


def policy(**rules) -> TokenPolicy:
    return TokenPolicy(**({"issuer": ISSUER, "audience": AUDIENCE, "namespace": NAMESPACE} | rules))


@pytest.mark.parametrize(
    "rules",
    [
        {"issuer": ""},
        {"audience": ""},
        {"audience": f"{ISSUER}userinfo"},
        {"algorithms": frozenset()},
        {"algorithms": frozenset({"HS256"})},
        {"algorithms": frozenset({"none", "RS256"})},
        {"leeway": timedelta(seconds=-1)},
        {"leeway": timedelta(seconds=121)},
        {"max_lifetime": timedelta()},
    ],
    ids=str,
)
def test_a_policy_that_allows_nonsense_is_refused(rules: dict[str, object]):
    with pytest.raises(SettingsError) as error:
        policy(**rules)
    assert len(error.value.faults) >= 1


def test_every_fault_of_a_policy_is_named_at_once():
    with pytest.raises(SettingsError) as error:
        policy(issuer="", audience="", leeway=timedelta(hours=1))
    assert len(error.value.faults) == 3


def test_other_algorithms_verify_where_they_are_allowed():
    public = curve_key().public_key().public_numbers()
    curve = {
        "kty": "EC",
        "crv": "P-256",
        "kid": "curve",
        "x": b64(public.x.to_bytes(32, "big")),
        "y": b64(public.y.to_bytes(32, "big")),
    }
    rules = policy(algorithms=frozenset(ALGORITHMS))
    on_curve = sign(header(alg="ES256", kid="curve"), key=curve_key(), algorithm="ES256")
    verify(on_curve, curve, policy=rules)
    padded = sign(header(alg="PS256"), algorithm="PS256")
    verify(padded, jwk(alg="PS256"), policy=rules)
    verify(sign(), jwk(alg=None), policy=rules)
    with pytest.raises(UnauthenticatedError):
        verify(padded, jwk(alg="RS256"), policy=rules)


def test_no_leeway_means_none():
    rules = policy(leeway=timedelta())
    with pytest.raises(UnauthenticatedError):
        verify(sign(None, claims(exp=TODAY)), jwk(), policy=rules)
    verify(sign(None, claims(exp=TODAY + 1, nbf=TODAY)), jwk(), policy=rules)


@pytest.mark.parametrize(
    ("members", "scope_grants", "expected"),
    [
        ({}, False, {"read:messages"}),
        ({"permissions": []}, True, set()),
        ({"permissions": None}, False, set()),
        ({"permissions": None}, True, {"openid", "read:messages"}),
        ({"permissions": None, "scope": None}, True, set()),
        ({"permissions": None, "gty": "client-credentials"}, False, {"openid", "read:messages"}),
        ({"permissions": [], "gty": "client-credentials"}, False, set()),
    ],
)
def test_permissions_decide_and_scope_only_where_it_may(members, scope_grants, expected):
    principal = verify(
        sign(None, claims(**members)), jwk(), policy=policy(scope_grants=scope_grants)
    )
    assert principal.permissions == expected


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"sub": "my_client_id@clients"}, "machine"),
        ({"sub": "my_client_id@clients", "azp": None, "client_id": "my_client_id"}, "machine"),
        ({"gty": "client-credentials"}, "machine"),
        ({"gty": "password"}, "user"),
        ({"sub": "other@clients"}, "user"),
        ({"sub": "@clients", "azp": ""}, "user"),
        ({"sub": "my_client_id"}, "user"),
    ],
)
def test_who_is_a_machine(members: dict[str, object], kind: str):
    assert verify(sign(None, claims(**members)), jwk()).kind == kind


@pytest.mark.parametrize("name", ["azp", "client_id", "jti", "gty", "scope"])
@pytest.mark.parametrize("value", [7, ["x"], True, {"a": 1}])
def test_a_malformed_claim_is_a_refusal(name: str, value: object):
    with pytest.raises(UnauthenticatedError) as refusal:
        verify(sign(None, claims(**{name: value})), jwk())
    assert refusal.value.reason == "claim-type"


@pytest.mark.parametrize("name", ["azp", "client_id", "jti"])
@pytest.mark.parametrize("value", ["x" * 256, "a\x00b"])
def test_an_identifier_that_cannot_be_stored_is_a_refusal(name: str, value: str):
    with pytest.raises(UnauthenticatedError) as refusal:
        verify(sign(None, claims(**{name: value})), jwk())
    assert refusal.value.reason == "claim-type"


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"name": "Jürgen Ω"}, ("Jürgen Ω", "ada@example.com", True)),
        ({"name": "n" * 201}, ("", "ada@example.com", True)),
        ({"name": "a\x00b"}, ("", "ada@example.com", True)),
        ({"name": ""}, ("", "ada@example.com", True)),
        ({"email": "e" * 256}, ("Ada", None, False)),
        ({"email": None}, ("Ada", None, False)),
        ({"email_verified": False}, ("Ada", "ada@example.com", False)),
        ({"email_verified": None}, ("Ada", "ada@example.com", False)),
    ],
)
def test_a_profile_is_what_can_be_stored_of_it(members, expected):
    named = {f"{NAMESPACE}{name}": value for name, value in members.items()}
    principal = verify(sign(None, claims(**named)), jwk())
    assert (principal.name, principal.email, principal.email_verified) == expected


@pytest.mark.parametrize(
    ("name", "value"), [("name", 1), ("email", ["a@b"]), ("email_verified", "true")]
)
def test_a_profile_of_another_type_is_a_refusal(name: str, value: object):
    with pytest.raises(UnauthenticatedError) as refusal:
        verify(sign(None, claims(**{f"{NAMESPACE}{name}": value})), jwk())
    assert refusal.value.reason == "claim-type"


@pytest.mark.parametrize("name", ["nonce", "at_hash", "c_hash", "s_hash", "events", "logout"])
@pytest.mark.parametrize("value", ["x", "", False, {}])
def test_what_marks_another_kind_of_token_is_a_refusal(name: str, value: object):
    with pytest.raises(UnauthenticatedError) as refusal:
        verify(sign(None, claims(**{name: value})), jwk())
    assert refusal.value.reason == "purpose"


@pytest.mark.parametrize("missing", ["client_id", "jti"])
def test_the_rfc_9068_type_needs_its_claims(missing: str):
    members = {"client_id": "c", "jti": "1", missing: None}
    with pytest.raises(UnauthenticatedError) as refusal:
        verify(sign(header(typ="at+jwt"), claims(**members)), jwk())
    assert refusal.value.reason == "claim-missing"


def test_the_roles_of_plain_names_are_nobodys_e_mail():
    """Only names within the namespace count: others may be the user's own."""
    token = sign(None, claims(**{"email": "root@example.com", f"{NAMESPACE}email": None}))
    assert verify(token, jwk()).email is None

from datetime import timedelta

import pytest

from cortex_adapters.auth0.tokens.policy import ALGORITHMS, TokenPolicy
from cortex_adapters.local_identity.issuer import ISSUER, NAMESPACE
from cortex_core.domain.errors import SettingsError, UnauthenticatedError
from tests.unit.auth0.forge import (
    AUDIENCE,
    NOW,
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
        {"algorithms": frozenset({"HS256", "RS256"})},
        {"algorithms": frozenset({"HS512"})},
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
    ("members", "expected"),
    [
        ({"permissions": None, "scope": None}, {"x:y"}),
        ({"permissions": []}, set()),
        ({"permissions": None, "scope": ""}, set()),
        ({"permissions": None}, set()),
    ],
)
def test_what_is_granted_without_claims_is_for_tokens_without_them(members, expected):
    rules = policy(granted=frozenset({"x:y"}))
    assert verify(sign(None, claims(**members)), jwk(), policy=rules).permissions == expected


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


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({}, None),
        ({"azp": None, "client_id": "my_client_id"}, None),
        ({"client_id": "my_client_id"}, None),
        ({"client_id": "other"}, "client"),
        ({"azp": "other"}, "client"),
        ({"azp": "MY_CLIENT_ID"}, "client"),
        ({"azp": None}, "client"),
        ({"azp": ""}, "client"),
    ],
    ids=str,
)
def test_only_the_applications_that_are_named_come_in(members: dict[str, object], reason):
    rules = policy(client_ids=frozenset({"my_client_id"}))
    assert outcome(sign(None, claims(**members)), rules) == reason


@pytest.mark.parametrize(
    ("named", "reason"),
    [("org_1", None), ("org_2", "organization"), (None, "organization"), (7, "claim-type")],
)
def test_only_the_organization_that_is_named_comes_in(named: object, reason):
    assert outcome(sign(None, claims(org_id=named)), policy(organization="org_1")) == reason


def outcome(token: str, rules: TokenPolicy) -> str | None:
    try:
        verify(token, jwk(), policy=rules)
    except UnauthenticatedError as refusal:
        return refusal.reason
    return None


def test_an_issuer_ends_on_its_day():
    assert outcome(sign(), policy(until=NOW)) == "issuer-ended"
    ending = policy(until=NOW + timedelta(minutes=1))
    assert verify(sign(), jwk(), policy=ending).expires_at == NOW + timedelta(minutes=1)
    assert verify(sign(None, claims(exp=TODAY + 5)), jwk(), policy=ending).expires_at == (
        NOW + timedelta(seconds=5)
    )


def test_a_principal_is_all_that_its_token_says():
    token = sign(
        None,
        claims(
            **{"https://cortex.test/roles": ["admin", "admin", "editor"]},
            org_id="org_1",
            sid="session",
            jti="id",
            auth_time=TODAY - 100,
            act={"sub": "support", "act": {"sub": "robot@clients"}},
            roles=["root"],
        ),
    )
    principal = verify(token, jwk(), policy=policy(roles_claim="https://cortex.test/roles"))
    assert principal.roles == {"admin", "editor"}
    assert principal.scopes == {"openid", "read:messages"}
    assert (principal.org_id, principal.session_id, principal.token_id) == (
        "org_1",
        "session",
        "id",
    )
    assert principal.actors == ("support", "robot@clients")
    assert principal.auth_time == NOW - timedelta(seconds=100)
    assert principal.issued_at == NOW - timedelta(seconds=60)
    assert principal.expires_at == NOW + timedelta(hours=1)
    assert verify(token, jwk()).roles == frozenset()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("https://cortex.test/roles", "admin"),
        ("https://cortex.test/roles", ["admin", 1]),
        ("https://cortex.test/roles", {"admin": True}),
        ("org_id", 1),
        ("sid", ["s"]),
        ("act", "support"),
        ("act", [{"sub": "support"}]),
        ("act", {"sub": "a", "act": "b"}),
        ("auth_time", "yesterday"),
        ("auth_time", True),
    ],
)
def test_what_a_principal_is_made_of_has_its_type(name: str, value: object):
    rules = policy(roles_claim="https://cortex.test/roles")
    assert outcome(sign(None, claims(**{name: value})), rules) in {"claim-type", "date"}


def test_actors_are_people_and_not_too_many():
    assert outcome(sign(None, claims(act={"iss": "x"})), policy()) == "subject"
    chain: dict[str, object] = {"sub": "a"}
    for _ in range(7):
        chain = {"sub": "a", "act": chain}
    assert len(verify(sign(None, claims(act=chain)), jwk()).actors) == 8
    assert outcome(sign(None, claims(act={"sub": "a", "act": chain})), policy()) == "claim-type"


def test_domains_of_one_tenant_know_the_same_people():
    principal = verify(sign(), jwk(), policy=policy(known_as="https://tenant.test/"))
    assert principal.issuer == "https://tenant.test/"


def test_without_a_namespace_there_is_no_profile():
    principal = verify(sign(), jwk(), policy=policy(namespace=None))
    assert (principal.name, principal.email, principal.email_verified) == ("", None, False)

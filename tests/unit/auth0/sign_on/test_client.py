"""The confidential client, before a provider whose every answer a test decides (B19)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest

from cortex_adapters.auth0.keys.source import PublishedKeys
from cortex_adapters.auth0.sign_on import Application, Auth0SignOn, SignedTokens
from cortex_adapters.auth0.sign_on.provider import OpenIdProvider
from cortex_adapters.auth0.tokens.strict_json import JsonObject
from cortex_core.domain.errors import (
    IdentityUnavailableError,
    SignOnFailedError,
    UnauthenticatedError,
)
from cortex_core.ports import SignedOn
from tests.unit.auth0.forge import TODAY, SetClock, jwk, sign, signing_key

ISSUER = "https://tenant.example/"
DOMAIN = "https://login.example/"
CLIENT = "my-client"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
APPLICATION = Application(
    client_id=CLIENT,
    client_secret="my-client-secret",
    known_as=ISSUER,
    audience="https://api.example",
    public_url="https://cortex.example",
    secrets=("s" * 32,),
)


class Tenant(OpenIdProvider):
    """Answers the token endpoint with what `answer` holds."""

    def __init__(self) -> None:
        self.metadata: JsonObject = {
            "authorization_endpoint": f"{ISSUER}authorize",
            "token_endpoint": f"{ISSUER}oauth/token",
            "end_session_endpoint": f"{ISSUER}oidc/logout",
        }
        self.forms: list[Mapping[str, str]] = []
        self.answer: JsonObject | Exception = {}

        async def metadata() -> JsonObject:
            return self.metadata

        super().__init__(
            ISSUER,
            metadata=metadata,
            client=None,  # type: ignore[arg-type]  # the exchange below asks nobody
            refreshing=None,  # type: ignore[arg-type]  # nor does it here
        )

    async def exchange(self, form: Mapping[str, str]) -> JsonObject:
        self.forms.append(form)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def sign_on(tenant: Tenant, clock: SetClock) -> Auth0SignOn:
    rs256 = frozenset({"RS256"})
    signed = SignedTokens(
        {ISSUER: PublishedKeys(_jwks, rs256), DOMAIN: PublishedKeys(_jwks, rs256)}, algorithms=rs256
    )
    return Auth0SignOn(APPLICATION, tenant, signed, clock=clock)


async def _jwks() -> object:
    return {"keys": [jwk(), jwk("next")]}


def token(*, typ: str | None = "JWT", key: str = "ours", **changes: object) -> str:
    """An ID token for our client, changed by *changes*; None takes a claim away."""
    claims: dict[str, object] = {
        "iss": ISSUER,
        "sub": "auth0|ada",
        "aud": CLIENT,
        "iat": TODAY,
        "exp": TODAY + 3600,
        "sid": "s1",
    }
    header = {"alg": "RS256", "kid": signing_key(key).kid, "typ": typ}
    return sign(
        _without_none(header), _without_none(claims | changes), key=signing_key(key).private
    )


def _without_none(members: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in members.items() if value is not None}


class Visit:
    """A browser that went to the provider."""

    def __init__(self, url: str, sealed: str) -> None:
        self.query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.sealed = sealed

    def answer(self, **changes: str) -> dict[str, str]:
        return {"code": "c1", "state": self.query["state"]} | changes


async def _visit(sign_on: Auth0SignOn) -> Visit:
    attempt = await sign_on.begin(return_to="/docs")
    return Visit(attempt.url, attempt.sealed)


def _tokens(nonce: str | None, **changes: object) -> JsonObject:
    return _without_none(
        {
            "access_token": "at-1",
            "token_type": "Bearer",
            "expires_in": 3600,
            "refresh_token": "rt-1",
            "id_token": token(nonce=nonce),
        }
        | changes
    )


async def _finish(sign_on: Auth0SignOn, tenant: Tenant) -> SignedOn:
    visit = await _visit(sign_on)
    tenant.answer = _tokens(visit.query["nonce"])
    return await sign_on.finish(visit.answer(), visit.sealed)


async def test_a_browser_is_sent_with_all_that_ties_the_answer_to_it(
    sign_on: Auth0SignOn, tenant: Tenant
) -> None:
    visit = await _visit(sign_on)
    asked = visit.query
    tenant.answer = _tokens(asked["nonce"])
    await sign_on.finish(visit.answer(), visit.sealed)
    [form] = tenant.forms
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert asked["code_challenge_method"] == "S256"
    assert asked["response_type"] == "code"
    assert asked["audience"] == "https://api.example"
    assert {"openid", "offline_access"} <= set(asked["scope"].split())
    assert asked["redirect_uri"] == form["redirect_uri"] == "https://cortex.example/auth/callback"
    assert (form["client_id"], form["client_secret"]) == (CLIENT, "my-client-secret")
    assert (form["grant_type"], form["code"]) == ("authorization_code", "c1")


async def test_who_comes_back_has_signed_on(sign_on: Auth0SignOn, tenant: Tenant) -> None:
    person = await _finish(sign_on, tenant)
    assert (person.issuer, person.subject, person.session_id) == (ISSUER, "auth0|ada", "s1")
    assert person.return_to == "/docs"
    held = sign_on.held(person.sealed)
    assert (held.credential.scheme, held.credential.token) == ("Bearer", "at-1")
    assert held.refreshable
    for secret in (b"at-1", b"rt-1", b"auth0|ada"):
        assert secret not in person.sealed


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "x"},
        {"state": ""},
        {"code": ""},
        {"error": "access_denied"},
        {"iss": "https://x/"},
    ],
)
async def test_an_answer_that_is_not_ours_asks_nobody(
    sign_on: Auth0SignOn, tenant: Tenant, changes: dict[str, str]
) -> None:
    visit = await _visit(sign_on)
    tenant.answer = _tokens(visit.query["nonce"])
    with pytest.raises(SignOnFailedError):
        await sign_on.finish(visit.answer(**changes), visit.sealed)
    assert not tenant.forms


@pytest.mark.parametrize("sealed", [None, "", "x", "gAAAAABm"])
async def test_without_an_attempt_nobody_signs_on(
    sign_on: Auth0SignOn, tenant: Tenant, sealed: str | None
) -> None:
    visit = await _visit(sign_on)
    with pytest.raises(SignOnFailedError):
        await sign_on.finish(visit.answer(), sealed)
    other = await _visit(sign_on)
    with pytest.raises(SignOnFailedError):
        await sign_on.finish(visit.answer(), other.sealed)
    assert not tenant.forms


async def test_a_provider_that_names_itself_must(sign_on: Auth0SignOn, tenant: Tenant) -> None:
    """RFC 9207 section 2.4."""
    tenant.metadata["authorization_response_iss_parameter_supported"] = True
    visit = await _visit(sign_on)
    tenant.answer = _tokens(visit.query["nonce"])
    with pytest.raises(SignOnFailedError):
        await sign_on.finish(visit.answer(), visit.sealed)
    assert (await sign_on.finish(visit.answer(iss=ISSUER), visit.sealed)).subject == "auth0|ada"


AT_HASH = base64.urlsafe_b64encode(hashlib.sha256(b"at-1").digest()[:16]).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"at_hash": AT_HASH},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "other"], "azp": CLIENT},
        {"iat": TODAY + 50},
        {"exp": TODAY - 50, "iat": TODAY - 100},
        {"typ": None},
        {"sid": None},
        {"key": "next"},
    ],
)
async def test_an_id_token_of_any_good_form_will_do(
    sign_on: Auth0SignOn, tenant: Tenant, changes: dict[str, object]
) -> None:
    visit = await _visit(sign_on)
    nonce = visit.query["nonce"]
    tenant.answer = _tokens(nonce, id_token=token(**({"nonce": nonce} | changes)))  # type: ignore[arg-type]  # a table
    assert (await sign_on.finish(visit.answer(), visit.sealed)).subject == "auth0|ada"


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "other"},
        {"nonce": None},
        {"nonce": 1},
        {"at_hash": "x"},
        {"at_hash": 1},
        {"aud": "other"},
        {"aud": []},
        {"aud": None},
        {"aud": {CLIENT: True}},
        {"aud": [CLIENT, "other"]},
        {"azp": "other"},
        {"iss": "https://other.example/"},
        {"iss": DOMAIN},
        {"iss": None},
        {"exp": TODAY - 61, "iat": TODAY - 100},
        {"exp": None},
        {"exp": "soon"},
        {"iat": TODAY + 61},
        {"iat": None},
        {"sub": ""},
        {"sub": None},
        {"sub": 1},
        {"typ": "at+jwt"},
        {"typ": "logout+jwt"},
        {"key": "stranger"},
    ],
)
async def test_an_id_token_that_is_not_for_this_sign_on_is_refused(
    sign_on: Auth0SignOn, tenant: Tenant, changes: dict[str, object]
) -> None:
    visit = await _visit(sign_on)
    words = {"nonce": visit.query["nonce"]} | changes
    tenant.answer = _tokens(None, id_token=token(**words))  # type: ignore[arg-type]  # a table
    with pytest.raises(SignOnFailedError):
        await sign_on.finish(visit.answer(), visit.sealed)


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"access_token": 1},
        {"token_type": "mac"},
        {"token_type": None},
        {"id_token": None},
        {"id_token": "x"},
        {"expires_in": "3600"},
    ],
)
async def test_an_answer_of_another_form_is_refused(
    sign_on: Auth0SignOn, tenant: Tenant, changes: dict[str, object]
) -> None:
    visit = await _visit(sign_on)
    tenant.answer = _tokens(visit.query["nonce"], **changes)
    with pytest.raises(SignOnFailedError):
        await sign_on.finish(visit.answer(), visit.sealed)


async def test_a_code_that_is_refused_fails_and_a_provider_that_is_away_may_be_back(
    sign_on: Auth0SignOn, tenant: Tenant
) -> None:
    visit = await _visit(sign_on)
    tenant.answer = UnauthenticatedError("grant")
    with pytest.raises(SignOnFailedError):
        await sign_on.finish(visit.answer(), visit.sealed)
    tenant.answer = IdentityUnavailableError()
    with pytest.raises(IdentityUnavailableError):
        await sign_on.finish(visit.answer(), visit.sealed)


@pytest.mark.parametrize("answer", [{}, {"error": "slow_down"}, {"access_token": 1}])
async def test_what_is_no_answer_to_a_refresh_is_no_refusal(
    sign_on: Auth0SignOn, tenant: Tenant, answer: JsonObject
) -> None:
    """A refusal ends the session, and all that hangs on it."""
    person = await _finish(sign_on, tenant)
    tenant.answer = answer
    with pytest.raises(IdentityUnavailableError):
        await sign_on.refresh(person.sealed)


async def test_fresh_tokens_take_the_place_of_the_old(
    sign_on: Auth0SignOn, tenant: Tenant, clock: SetClock
) -> None:
    person = await _finish(sign_on, tenant)
    clock.move(seconds=3600)
    tenant.answer = _tokens(None, access_token="at-2", refresh_token="rt-2", id_token=None)
    fresh = await sign_on.refresh(person.sealed)
    assert tenant.forms[-1]["refresh_token"] == "rt-1"
    held = sign_on.held(fresh)
    assert held.credential.token == "at-2"
    assert held.expires_at == clock() + (sign_on.held(person.sealed).expires_at - SetClock()())
    await sign_on.refresh(fresh)
    assert tenant.forms[-1]["refresh_token"] == "rt-2"


async def test_a_refresh_token_that_does_not_rotate_stays(
    sign_on: Auth0SignOn, tenant: Tenant
) -> None:
    person = await _finish(sign_on, tenant)
    tenant.answer = _tokens(None, refresh_token=None, id_token=None)
    await sign_on.refresh(await sign_on.refresh(person.sealed))
    assert [form["refresh_token"] for form in tenant.forms[1:]] == ["rt-1", "rt-1"]


async def test_without_a_refresh_token_there_is_nothing_to_refresh(
    sign_on: Auth0SignOn, tenant: Tenant
) -> None:
    visit = await _visit(sign_on)
    tenant.answer = _tokens(visit.query["nonce"], refresh_token=None)
    person = await sign_on.finish(visit.answer(), visit.sealed)
    assert not sign_on.held(person.sealed).refreshable
    with pytest.raises(UnauthenticatedError) as error:
        await sign_on.refresh(person.sealed)
    assert error.value.reason == "refresh"


async def test_a_refresh_that_is_refused_is_called_so_in_the_log(
    sign_on: Auth0SignOn, tenant: Tenant
) -> None:
    person = await _finish(sign_on, tenant)
    tenant.answer = UnauthenticatedError("grant")
    with pytest.raises(UnauthenticatedError) as error:
        await sign_on.refresh(person.sealed)
    assert error.value.reason == "refresh"


async def test_tokens_that_cannot_be_opened_are_no_session(sign_on: Auth0SignOn) -> None:
    for sealed in (b"", b"x", b"\xff"):
        with pytest.raises(UnauthenticatedError):
            sign_on.held(sealed)


async def test_signing_off_goes_on_with_the_provider(sign_on: Auth0SignOn, tenant: Tenant) -> None:
    person = await _finish(sign_on, tenant)
    url = urlsplit(await sign_on.farewell(person.sealed))
    query = parse_qs(url.query)
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{ISSUER}oidc/logout"
    assert query["client_id"] == [CLIENT]
    assert query["post_logout_redirect_uri"] == ["https://cortex.example/"]
    assert len(query["id_token_hint"]) == 1


def _logout_token(**changes: object) -> str:
    words: dict[str, object] = {"typ": "logout+jwt", "jti": "l1", "events": {EVENT: {}}}
    return token(**(words | changes))  # type: ignore[arg-type]  # a table


@pytest.mark.parametrize(
    ("changes", "subject", "session_id"),
    [
        ({}, "auth0|ada", "s1"),
        ({"sub": None}, None, "s1"),
        ({"sid": None}, "auth0|ada", None),
        ({"typ": None}, "auth0|ada", "s1"),
        ({"iss": DOMAIN}, "auth0|ada", "s1"),
        ({"events": {EVENT: {"x": 1}, "other": {}}}, "auth0|ada", "s1"),
    ],
)
async def test_the_provider_tells_who_signed_off(
    sign_on: Auth0SignOn, changes: dict[str, object], subject: str | None, session_id: str | None
) -> None:
    notice = await sign_on.notice(_logout_token(**changes))
    assert (notice.issuer, notice.subject, notice.session_id) == (ISSUER, subject, session_id)
    assert notice.token_id == "l1"


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "x"},
        {"events": None},
        {"events": {}},
        {"events": {EVENT: None}},
        {"events": {EVENT: []}},
        {"events": [EVENT]},
        {"aud": "https://api.example"},
        {"iss": "https://other.example/"},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 129},
        {"sub": None, "sid": None},
        {"typ": "JWT"},
        {"typ": "at+jwt"},
        {"exp": TODAY - 61, "iat": TODAY - 100},
        {"exp": None},
        {"iat": TODAY + 61},
        {"exp": TODAY + 24 * 3600 + 1},
        {"exp": 253_402_300_799},
        {"key": "stranger"},
    ],
)
async def test_b18_what_is_no_notice_is_refused(
    sign_on: Auth0SignOn, changes: dict[str, object]
) -> None:
    with pytest.raises(UnauthenticatedError):
        await sign_on.notice(_logout_token(**changes))


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "\ud800", "x" * 100_000])
async def test_b18_what_is_no_token_is_no_notice(sign_on: Auth0SignOn, text: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await sign_on.notice(text)


async def test_an_endpoint_that_is_not_there_or_not_safe_is_not_used(
    sign_on: Auth0SignOn, tenant: Tenant
) -> None:
    for address in (None, 1, "", "ftp://x/", "http://tenant.example/authorize", "javascript:x"):
        tenant.metadata["authorization_endpoint"] = address
        with pytest.raises(IdentityUnavailableError):
            await sign_on.begin(return_to="/")


def test_nothing_of_the_application_shows() -> None:
    assert "secret" not in repr(APPLICATION)
    assert "ssss" not in repr(APPLICATION)

"""Who is calling: one credential, in one place, read in one way (RFC 6750, RFC 9110)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortex_adapters.litestar.auth import credential_of
from cortex_adapters.memory.identity import MemoryIdentityProvider
from cortex_core import Ports, Principal
from cortex_core.contract import make
from cortex_core.domain.errors import (
    CortexError,
    IdentityUnavailableError,
    MalformedCredentialError,
    UnauthenticatedError,
)
from cortex_core.ports import Credential
from tests.unit.litestar.asgi import Client
from tests.unit.litestar.problems import problem
from tests.unit.services.scene import Clock, Scene, disable, without

METADATA = 'resource_metadata="https://cortex.example/.well-known/oauth-protected-resource"'
PROOFS = ', DPoP algs="ES256"'


async def test_a_token_proves_the_caller(api: Client) -> None:
    me = (await api.get("/v1/me")).json()
    assert (me["user"]["subject"], me["kind"]) == ("editor", "user")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
async def test_b14_the_scheme_is_read_in_any_case(api: Client, scheme: str) -> None:
    answer = await api.get("/v1/me", ("authorization", f"{scheme} editor"))
    assert answer.status == 200


async def test_without_a_credential_the_challenge_is_bare(api: Client) -> None:
    answer = await api.who("").get("/v1/me")
    problem(answer, 401, "unauthenticated")
    assert answer.header("www-authenticate") == f'Bearer realm="cortex", {METADATA}{PROOFS}'


@pytest.mark.parametrize("value", ["Basic ZWRpdG9yOng=", 'Digest username="editor", qop=auth'])
async def test_another_scheme_is_no_credential_and_no_error(api: Client, value: str) -> None:
    """RFC 6750 section 3.1: who asks in another way is not told that its token is wrong."""
    answer = await api.get("/v1/me", ("authorization", value))
    problem(answer, 401, "unauthenticated")
    assert answer.header("www-authenticate") == f'Bearer realm="cortex", {METADATA}{PROOFS}'


@pytest.mark.parametrize("token", ["nobody", "x" * 10_000, "a.b.c", "editor=="])
async def test_a_token_that_proves_nobody_is_invalid(api: Client, token: str) -> None:
    answer = await api.who(token).get("/v1/me")
    found = problem(answer, 401, "unauthenticated")
    assert token not in answer.body.decode()
    assert found["detail"] == "The credential is not valid."
    assert answer.header("www-authenticate") == (
        'Bearer realm="cortex", error="invalid_token", '
        f'error_description="The access token is invalid or expired", {METADATA}{PROOFS}'
    )


async def test_a_token_that_has_expired_is_invalid(
    api: Client, identity: MemoryIdentityProvider, clock: Clock
) -> None:
    identity.add(
        "short",
        Principal(kind="user", issuer="i", subject="s", expires_at=make.at(60)),
    )
    assert (await api.who("short").get("/v1/me")).status == 200
    clock.advance(60)
    problem(await api.who("short").get("/v1/me"), 401, "unauthenticated")


MALFORMED = [
    "",
    " ",
    "Bearer",
    "Bearer ",
    "Bearer  editor",
    " Bearer editor",
    "Bearer editor ",
    "Bearer\teditor",
    "Bearer a, Bearer b",
    "Bearer editor, Basic x",
    "Bearer editor editor",
    "Bearer edi=tor",
    "Bearer ed\u00edtor",
    "Bearer editor\x00",
    'Bearer token="editor"',
    "editor",
]


@pytest.mark.parametrize("value", MALFORMED)
async def test_b14_a_credential_that_cannot_be_read_is_malformed(api: Client, value: str) -> None:
    answer = await api.get("/v1/me", ("authorization", value))
    problem(answer, 400, "malformed-credential")
    assert answer.header("www-authenticate") == 'Bearer realm="cortex", error="invalid_request"'


@pytest.mark.parametrize("second", ["Bearer editor", "Bearer viewer", "Basic x", ""])
async def test_b14_two_headers_are_malformed_though_they_agree(api: Client, second: str) -> None:
    answer = await api.get("/v1/me", ("authorization", "Bearer editor"), ("authorization", second))
    problem(answer, 400, "malformed-credential")


async def test_b14_a_token_in_another_place_is_not_looked_at(api: Client) -> None:
    nobody = api.who("")
    for target in ("/v1/me?access_token=editor", "/v1/me?authorization=Bearer%20editor"):
        problem(await nobody.get(target), 401, "unauthenticated")
    cookie = ("cookie", "access_token=editor; authorization=Bearer editor")
    problem(await nobody.get("/v1/me", cookie), 401, "unauthenticated")
    form = (("content-type", "application/x-www-form-urlencoded"),)
    answer = await nobody.ask("POST", "/v1/workspaces", form, b"access_token=editor")
    problem(answer, 401, "unauthenticated")


async def test_b15_a_missing_permission_is_named(
    api: Client, scene: Scene, identity: MemoryIdentityProvider
) -> None:
    identity.add("less", without(scene.editor, "read:workspaces"))
    answer = await api.who("less").get("/v1/workspaces")
    found = problem(answer, 403, "permission-denied")
    assert "read:workspaces" in found["detail"]
    assert answer.header("www-authenticate") == (
        'Bearer realm="cortex", error="insufficient_scope", scope="read:workspaces"'
    )


async def test_a_role_or_a_status_is_not_cured_by_another_token(api: Client, scene: Scene) -> None:
    here = f"/v1/workspaces/{scene.workspace.id}"
    answer = await api.who("viewer").delete(here)
    problem(answer, 403, "permission-denied")
    assert answer.header("www-authenticate") is None
    await disable(scene, scene.viewer)
    answer = await api.who("viewer").get(here)
    problem(answer, 403, "user-disabled")
    assert answer.header("www-authenticate") is None


async def test_who_cannot_be_checked_is_not_refused(api: Client, ports: Ports) -> None:
    async def away(credential: Credential) -> Principal:
        raise IdentityUnavailableError(retry_after=6.1)

    ports.identity.authenticate = away  # type: ignore[method-assign]
    answer = await api.get("/v1/me")
    problem(answer, 503, "identity-unavailable")
    assert answer.header("www-authenticate") is None
    assert answer.header("retry-after") == "7"


@pytest.mark.parametrize("token", ["", "nobody"])
async def test_nobody_learns_what_exists(api: Client, scene: Scene, token: str) -> None:
    nobody = api.who(token)
    for target in (f"/v1/workspaces/{scene.workspace.id}", "/v1/workspaces/x"):
        problem(await nobody.get(target), 401, "unauthenticated")
        problem(await nobody.patch(target, "nonsense"), 401, "unauthenticated")


async def test_what_is_public_needs_no_credential(api: Client) -> None:
    for path in ("/health/live", "/health/ready", "/.well-known/oauth-protected-resource"):
        for who in (api.who(""), api.who("nobody")):
            assert (await who.get(path)).status == 200
    for path in ("/auth/dev/token", "/.well-known/jwks.json"):
        problem(await api.get(path), 404, "not-found")


@given(values=st.lists(st.binary(max_size=40) | st.text(max_size=40).map(str.encode), max_size=3))
def test_any_header_is_read_or_refused(values: list[bytes]) -> None:
    headers = [(b"host", b"x"), *((b"authorization", value) for value in values)]
    try:
        credential = credential_of(headers)
    except CortexError as error:
        assert isinstance(error, UnauthenticatedError | MalformedCredentialError)  # noqa: PT017
    else:
        assert len(values) == 1
        assert credential.token.encode() in values[0]

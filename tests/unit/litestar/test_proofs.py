"""Proofs that come with requests (RFC 9449): read in one way, and answered as the RFC says."""

from collections.abc import Iterator

import pytest
from litestar import Litestar
from msgspec.structs import replace

from cortex_adapters.litestar.app import Service
from cortex_adapters.litestar.challenges import Challenges
from cortex_core import Ports, Principal
from cortex_core.domain.errors import (
    CortexError,
    ProofNonceError,
    ProofRejectedError,
    UnauthenticatedError,
)
from cortex_core.ports import Credential, Proof
from tests.unit.litestar.asgi import Client
from tests.unit.litestar.problems import problem
from tests.unit.services.scene import Scene, without

TOKEN = ("authorization", "DPoP token")
PROOF = ("dpop", "a.b.c")
ALGORITHMS = 'algs="ES256"'


class Holder:
    """An identity provider that believes every proof, or raises *error*; keeps what it is shown."""

    def __init__(self, principal: Principal) -> None:
        self.principal = replace(principal, binding="A" * 43)
        self.shown: list[Credential] = []
        self.error: CortexError | None = None

    async def authenticate(self, credential: Credential) -> Principal:
        self.shown.append(credential)
        if self.error is not None:
            raise self.error
        return self.principal


@pytest.fixture
def holder(ports: Ports, scene: Scene) -> Holder:
    holder = Holder(scene.editor)
    ports.identity.authenticate = holder.authenticate  # type: ignore[method-assign]
    return holder


@pytest.fixture
def nobody(app: Litestar) -> Client:
    return Client(app)


async def test_a_proof_comes_with_what_it_must_be_for(nobody: Client, holder: Holder) -> None:
    """By the address that clients know, whatever the request says of its host."""
    headers = (TOKEN, PROOF, ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil"))
    answer = await nobody.get("/v1/workspaces?limit=1", *headers)
    assert answer.status == 200
    uri = "https://cortex.example/v1/workspaces"
    assert holder.shown == [
        Credential(scheme="DPoP", token="token", proof=Proof(text="a.b.c", method="GET", uri=uri))
    ]
    await nobody.ask("HEAD", "/v1/me", (TOKEN, PROOF))
    await nobody.post("/v1/workspaces", {"name": "Lab"}, ("authorization", "dpop token"), PROOF)
    proofs = [credential.proof for credential in holder.shown[1:]]
    assert [(proof.method, proof.uri) for proof in proofs if proof] == [
        ("HEAD", "https://cortex.example/v1/me"),
        ("POST", uri),
    ]


async def test_a_stream_takes_its_proof_when_it_opens(
    nobody: Client, holder: Holder, scene: Scene
) -> None:
    path = f"/v1/conversations/{scene.conversation.id}/events"
    async with nobody.stream(path, TOKEN, PROOF) as stream:
        assert stream.answer.status == 200
    assert len(holder.shown) == 1
    holder.error = ProofRejectedError("proof-replayed")
    answer = await nobody.get(path, TOKEN, PROOF, ("accept", "text/event-stream"))
    problem(answer, 401, "proof-rejected")


async def test_a_bearer_token_takes_no_proof_along(nobody: Client, holder: Holder) -> None:
    await nobody.get("/v1/me", ("authorization", "Bearer token"), PROOF, PROOF)
    assert holder.shown == [Credential(scheme="Bearer", token="token")]


async def test_without_a_proof_there_is_none(nobody: Client, holder: Holder) -> None:
    await nobody.get("/v1/me", TOKEN)
    assert holder.shown == [Credential(scheme="DPoP", token="token")]


@pytest.mark.parametrize("second", [PROOF, ("dpop", ""), ("dpop", "d.e.f")])
async def test_two_proofs_are_none(nobody: Client, holder: Holder, second: tuple[str, str]) -> None:
    answer = await nobody.get("/v1/me", TOKEN, PROOF, second)
    problem(answer, 401, "proof-rejected")
    assert answer.header("www-authenticate") == f'DPoP error="invalid_dpop_proof", {ALGORITHMS}'
    assert answer.header("cache-control") == "no-store"
    assert not holder.shown


def _refusals() -> Iterator[tuple[CortexError, str, str]]:
    yield ProofRejectedError("x"), "proof-rejected", 'error="invalid_dpop_proof"'
    yield ProofNonceError("n-1"), "proof-nonce", 'error="use_dpop_nonce"'


@pytest.mark.parametrize(("error", "code", "said"), [*_refusals()])
async def test_what_is_wrong_with_a_proof_is_said_in_the_rfcs_words(
    nobody: Client, holder: Holder, error: CortexError, code: str, said: str
) -> None:
    holder.error = error
    answer = await nobody.get("/v1/me", TOKEN, ("dpop", "secret.secret.secret"))
    found = problem(answer, 401, code)
    assert answer.header("www-authenticate") == f"DPoP {said}, {ALGORITHMS}"
    assert answer.header("dpop-nonce") == ("n-1" if code == "proof-nonce" else None)
    assert answer.header("cache-control") == "no-store"
    assert "secret" not in f"{answer.headers} {found}"


async def test_a_bad_token_is_told_by_the_scheme_it_came_with(
    nobody: Client, holder: Holder
) -> None:
    holder.error = UnauthenticatedError("expired")
    invalid = 'error="invalid_token", error_description="The access token is invalid or expired"'
    metadata = 'resource_metadata="https://cortex.example/.well-known/oauth-protected-resource"'
    answer = await nobody.get("/v1/me", TOKEN, PROOF)
    problem(answer, 401, "unauthenticated")
    assert answer.header("www-authenticate") == f"DPoP {invalid}, {metadata}, {ALGORITHMS}"


async def test_a_missing_permission_is_told_by_the_scheme_it_came_with(
    nobody: Client, holder: Holder, scene: Scene
) -> None:
    holder.principal = without(scene.editor, "read:workspaces")
    answer = await nobody.get("/v1/workspaces", TOKEN, PROOF)
    problem(answer, 403, "permission-denied")
    assert answer.header("www-authenticate") == (
        f'DPoP error="insufficient_scope", scope="read:workspaces", {ALGORITHMS}'
    )


def test_where_proofs_are_off_nobody_is_asked_for_one() -> None:
    off = Challenges(resource_metadata="https://cortex.example/x")
    for error in (UnauthenticatedError(missing=True), UnauthenticatedError()):
        for proving in (False, True):
            said = off.to(error, proving=proving)
            assert said is not None
            assert "DPoP" not in said


async def test_answers_give_the_nonce_for_the_next_proof(
    nobody: Client, holder: Holder, app: Litestar
) -> None:
    nonces = iter("abcdef")
    cortex = app.state.service.cortex
    app.state.service = Service(cortex=cortex, proof_nonce=lambda: next(nonces))
    assert (await nobody.get("/v1/me", TOKEN, PROOF)).header("dpop-nonce") == "a"
    missing = await nobody.get("/v1/workspaces/x", TOKEN, PROOF)
    assert (missing.status, missing.header("dpop-nonce")) == (404, "b")
    holder.principal = replace(holder.principal, binding=None)
    answer = await nobody.get("/v1/me", ("authorization", "Bearer token"))
    assert answer.header("dpop-nonce") is None


async def test_the_metadata_says_how_proofs_may_be_signed(nobody: Client) -> None:
    said = (await nobody.get("/.well-known/oauth-protected-resource")).json()
    assert said["dpop_signing_alg_values_supported"] == ["ES256"]

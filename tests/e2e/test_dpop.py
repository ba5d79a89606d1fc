"""Tokens that are bound to a key (RFC 9449): each proof counts once, on all servers together."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cortex_adapters.postgres import schema
from tests.e2e.application import ProofKey
from tests.e2e.server import ServerProcess
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Answer, Api, GoneError, Stream

PUBLIC_URL = "https://cortex.example"
ME = "/v1/me"


@dataclass
class Holder:
    """A client that holds *key*, and a token that is bound to it."""

    key: ProofKey
    token: str = field(default="")

    def proof(self, method: str, path: str, **members: object) -> str:
        return self.key.proof(method, f"{PUBLIC_URL}{path}", self.token, **members)

    async def get(self, server: ServerProcess, proof: str, path: str = ME) -> Answer:
        headers = {"Authorization": f"DPoP {self.token}", "DPoP": proof}
        return await Api(server.port).get(path, **headers)

    async def sign_in(self, server: ServerProcess) -> None:
        """Get a token of the local issuer for this key (RFC 9449 section 5)."""
        path = "/auth/dev/token"
        answer = await Api(server.port).post(
            path, {"email": "ada@example.com"}, DPoP=self.proof("POST", path)
        )
        assert answer.status == 200, answer.body
        assert answer.json()["token_type"] == "DPoP"
        self.token = answer.json()["access_token"]


class Following(Api):
    """Follows with a proof."""

    def __init__(self, port: int, holder: Holder, proof: str) -> None:
        super().__init__(port)
        self._shown = {"Authorization": f"DPoP {holder.token}", "DPoP": proof}

    async def _send(self, method, path, content, headers):
        return await super()._send(method, path, content, headers | self._shown)


@pytest.fixture
async def tenant(tmp_path: Path) -> AsyncIterator[Tenant]:
    tenant = Tenant(tmp_path)
    try:
        yield await tenant.start()
    finally:
        await tenant.stop()


@pytest.fixture
async def pair(fresh_database: str, tmp_path: Path) -> AsyncIterator[list[ServerProcess]]:
    """Two servers on one PostgreSQL that are not started yet; clients know both by one address."""
    await schema.upgrade(fresh_database)
    servers = [
        ServerProcess(fresh_database, tmp_path, CORTEX_PUBLIC_URL=PUBLIC_URL) for _ in range(2)
    ]
    yield servers
    for server in servers:
        await server.stop()


async def started(servers: list[ServerProcess], **settings: str) -> list[ServerProcess]:
    for server in servers:
        server.set(**settings)
        await server.start()
    return servers


def refused(answer: Answer, error: str = "invalid_dpop_proof") -> None:
    assert answer.status == 401, answer.body
    assert answer.headers["www-authenticate"] == f'DPoP error="{error}", algs="ES256"'
    assert answer.headers["cache-control"] == "no-store"


async def test_a_proof_that_one_server_has_seen_is_refused_by_the_other(pair):
    one, two = await started(pair)
    ada = Holder(ProofKey())
    await ada.sign_in(one)
    seen = ada.proof("GET", ME)
    assert (await ada.get(one, seen)).json()["user"]["email"] == "ada@example.com"
    for server in (two, one):
        refused(await ada.get(server, seen))
        assert (await ada.get(server, ada.proof("GET", ME))).status == 200
    assert "proof-replayed" in two.said()
    for server in (one, two):
        assert ada.token not in server.said()
        assert seen.rpartition(".")[2] not in server.said()


async def test_a_bound_token_is_its_holders_alone(pair):
    one, _ = await started(pair)
    ada, thief = Holder(ProofKey()), Holder(ProofKey())
    await ada.sign_in(one)
    thief.token = ada.token
    assert (await ada.get(one, ada.proof("GET", ME))).status == 200
    assert (await Api(one.port, ada.token).get(ME)).status == 401
    refused(await ada.get(one, thief.proof("GET", ME)))
    refused(await ada.get(one, ada.proof("POST", ME)))
    refused(await ada.get(one, ada.proof("GET", "/v1/workspaces")))
    refused(await ada.get(one, ada.key.proof("GET", f"{one.url}{ME}", ada.token)))
    refused(await ada.get(one, ada.proof("GET", ME, iat=1)))
    plain = Holder(ada.key, (await Api(one.port).sign_in()).token)
    answer = await plain.get(one, plain.proof("GET", ME))
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_a_stream_asks_for_a_proof_when_it_opens(pair):
    one, two = await started(pair)
    ada = Holder(ProofKey())
    await ada.sign_in(one)
    talk = await (await Api(one.port).sign_in()).conversation()
    path = f"{talk}/events"
    seen = ada.proof("GET", path)
    stream: Stream = await Following(one.port, ada, seen).follow(path)
    with pytest.raises(GoneError, match="proof-rejected"):
        await Following(two.port, ada, seen).follow(path)
    body = {"content": "hello"}
    posted = await Following(two.port, ada, ada.proof("POST", f"{talk}/messages")).post(
        f"{talk}/messages", body
    )
    assert posted.status == 201
    event = (await stream.until("message.created"))[-1]
    assert event.data["data"]["message"]["content"] == "hello"
    stream.close()


async def test_a_nonce_of_one_server_is_taken_by_the_other(pair):
    one, two = await started(pair, CORTEX_DPOP_NONCE="required")
    ada = Holder(ProofKey())
    path = "/auth/dev/token"
    asked = await Api(one.port).post(
        path, {"email": "ada@example.com"}, DPoP=ada.proof("POST", path)
    )
    refused(asked, "use_dpop_nonce")
    nonce = asked.headers["dpop-nonce"]
    given = await Api(two.port).post(
        path, {"email": "ada@example.com"}, DPoP=ada.proof("POST", path, nonce=nonce)
    )
    ada.token = given.json()["access_token"]
    for server in (one, two):
        bare = await ada.get(server, ada.proof("GET", ME))
        refused(bare, "use_dpop_nonce")
        assert bare.headers["dpop-nonce"]
        refused(await ada.get(server, ada.proof("GET", ME, nonce="x" * 24)), "use_dpop_nonce")
        answer = await ada.get(server, ada.proof("GET", ME, nonce=nonce))
        assert answer.status == 200
        assert answer.headers["dpop-nonce"]


async def test_a_tenants_bound_token_and_its_proof_on_two_servers(tenant, pair):
    one, two = await started(pair, **tenant.settings)
    machine = Holder(ProofKey())
    machine.token = await machine.key.machine_token(tenant, "read:workspaces")
    seen = machine.proof("GET", ME)
    assert (await machine.get(one, seen)).json()["kind"] == "machine"
    refused(await machine.get(two, seen))
    assert (await machine.get(two, machine.proof("GET", ME))).status == 200
    assert (await Api(two.port, machine.token).get(ME)).status == 401

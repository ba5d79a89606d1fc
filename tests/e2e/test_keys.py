"""How soon a server is back after its tenant was away, and what it wrote down meanwhile."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from cortex_adapters.local_identity.keys import SigningKey, jwks
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api

AUDIENCE = "https://cortex.example.com/api"
NAMESPACE = "https://cortex.example.com/"
SOON = 4.0
"""Seconds: tried again each second and a half, or a quarter later; and some for a busy machine."""
GONE, GARBAGE, FAULT, SLOW, WELL = "gone", "garbage", "fault", "slow", "well"


class Tenant:
    """An OpenID provider on loopback: metadata and keys, in the state it is told."""

    def __init__(self) -> None:
        self.key = SigningKey.generate()
        self.state = WELL
        self.issuer = ""
        self.asked = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        self.asked += 1
        status, body = 200, json.dumps(self._body(path)).encode()
        match self.state:
            case "gone":
                status, body = 0, b""
            case "garbage":
                body = b"<html>Please sign in to this network</html>"
            case "fault":
                status = 500
            case "slow":
                await asyncio.sleep(6)
        if status:
            head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
        writer.close()

    def _body(self, path: str) -> object:
        if path == "/keys":
            return jwks(self.key)
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}keys"}

    def token(self, **members: object) -> str:
        now = datetime.now(UTC)
        claims = {
            "iss": self.issuer,
            "sub": "auth0|ada",
            "aud": [AUDIENCE, f"{self.issuer}userinfo"],
            "iat": now,
            "exp": now + timedelta(hours=1),
            "azp": "web",
            "scope": "openid",
            "permissions": ["read:workspaces", "write:workspaces", "read:metrics"],
            f"{NAMESPACE}name": "Ada",
        }
        return jwt.encode(claims | members, self.key.private, "RS256", {"kid": self.key.kid})


@asynccontextmanager
async def opened() -> AsyncIterator[Tenant]:
    found = Tenant()
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    async with server:
        found.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        yield found


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with opened() as found:
        yield found


@pytest.fixture
async def server(tenant: Tenant, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    process = ServerProcess(
        f"sqlite:///{tmp_path}/cortex.db",
        tmp_path,
        CORTEX_AUTH0_DOMAIN=tenant.issuer,
        CORTEX_AUTH0_AUDIENCE=AUDIENCE,
        CORTEX_AUTH0_ROLES_CLAIM=f"{NAMESPACE}roles",
    )
    yield process
    await process.stop()


async def _served_again(api: Api) -> float:
    began = time.monotonic()
    for _ in range(500):
        if (await api.get("/v1/me")).status == 200:
            break
        await asyncio.sleep(0.02)
    return time.monotonic() - began


@pytest.mark.parametrize("state", [GONE, GARBAGE, FAULT, SLOW])
async def test_a_start_without_the_tenant_refuses_nobody_and_heals_itself(
    tenant: Tenant, server: ServerProcess, state: str
):
    tenant.state = state
    await server.start(until="live")
    api = Api(server.port, tenant.token())
    answers = await asyncio.gather(*(api.get("/v1/me") for _ in range(20)))
    assert {answer.status for answer in answers} == {503}
    assert {answer.json()["code"] for answer in answers} == {"identity-unavailable"}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
    assert tenant.asked == 1
    assert (await api.get("/health/ready")).status == 503
    tenant.state = WELL
    assert await _served_again(api) < SOON
    assert (await api.get("/health/ready")).status == 200


async def test_why_a_token_was_refused_is_written_down_and_nothing_of_the_token(
    tenant: Tenant, server: ServerProcess
):
    await server.start()
    good = tenant.token()
    assert (await Api(server.port, good).get("/v1/me")).status == 200
    head, payload, signature = good.split(".")
    other = tenant.token(jti="2").rpartition(".")[2]
    for bad in (f"{head}.{payload}.{other}", tenant.token(aud="x"), "opaque"):
        answer = await Api(server.port, bad).get("/v1/me")
        assert answer.status == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert await server.terminate() == 0
    said = server.said()
    refused = [line["reason"] for line in server.lines("identity.refused")]
    assert refused == ["signature", "audience", "opaque"]
    assert not [part for part in (payload, signature) if part[:20] in said]

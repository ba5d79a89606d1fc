"""A former user comes by a new identity: the command links it under two running servers."""

import asyncio
import sys
import time
from pathlib import Path

import jwt

from cortex_adapters.postgres import schema
from cortex_core.domain.policy import PERMISSIONS
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api

SECRET = "s" * 32
FORMER = {
    "CORTEX_LEGACY_ISSUER": "https://former.example/",
    "CORTEX_LEGACY_AUDIENCE": "former-api",
    "CORTEX_LEGACY_SECRET": SECRET,
    "CORTEX_LEGACY_UNTIL": "9999-12-30",
}


def former_token(subject: str) -> str:
    now = int(time.time())
    claims = {
        "iss": FORMER["CORTEX_LEGACY_ISSUER"],
        "aud": FORMER["CORTEX_LEGACY_AUDIENCE"],
        "sub": subject,
        "iat": now,
        "exp": now + 600,
        "permissions": sorted(PERMISSIONS),
    }
    return jwt.encode(claims, SECRET, "HS256")


async def test_a_link_and_its_end_reach_servers_that_run(fresh_database: str, tmp_path: Path):
    await schema.upgrade(fresh_database)
    servers = [ServerProcess(fresh_database, tmp_path, **FORMER) for _ in range(2)]
    try:
        for server in servers:
            await server.start()
        await _move(servers)
    finally:
        for server in servers:
            await server.stop()


async def _move(servers: list[ServerProcess]) -> None:
    one, two = servers
    before = Api(one.port, former_token("ada"))
    talk = await before.conversation()
    former = (await before.get("/v1/me")).json()["user"]
    ada = await Api(one.port).sign_in()
    ours = [ada.at(server.port) for server in servers]
    [own] = {(await api.get("/v1/me")).json()["user"]["id"] for api in ours}
    assert own != former["id"]
    me = (await ada.get("/v1/me")).json()["user"]
    identity = me["issuer"], me["subject"]
    source = former["issuer"], former["subject"]

    said = await _cortex(one, "users", "link", "--from", *source, "--to", *identity)
    assert said == f"{identity[0]} {identity[1]} is user {former['id']}\n"
    for api in ours:
        refused = await api.get("/v1/me")
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert (await api.get("/v1/me")).json()["user"]["id"] == former["id"]
        assert (await api.get(talk)).status == 200

    stream = await ours[1].follow(f"{talk}/events")
    await _cortex(two, "users", "unlink", "--identity", *identity)
    async with asyncio.timeout(5):
        assert [event.type async for event in stream.events()][-1] == "goodbye"
        while {(await api.get("/v1/me")).status for api in ours} != {401}:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await asyncio.sleep(1)  # a token of the very second of the unlinking is refused
    again = await Api(one.port).sign_in()
    fresh = (await again.get("/v1/me")).json()["user"]["id"]
    assert fresh not in {own, former["id"]}
    assert (await again.at(two.port).get("/v1/me")).json()["user"]["id"] == fresh
    assert (await again.get(talk)).status == 404
    assert (await before.get(talk)).status == 200


async def _cortex(server: ServerProcess, *arguments: str) -> str:
    """Run the command with the settings of *server*, and return what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cortex_adapters.cli.main", *arguments),
        env=server.environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode()

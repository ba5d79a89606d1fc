"""A server with a tenant: a certified OpenID provider, asked over real sockets."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cortex_adapters.litestar.cookies import SESSION
from cortex_adapters.postgres import schema
from tests.e2e.browser import Browser
from tests.e2e.server import ServerProcess
from tests.e2e.tenant import Tenant
from tests.e2e.wire import Api, Cookied


@pytest.fixture
async def tenant(tmp_path: Path) -> AsyncIterator[Tenant]:
    """A provider that is not started yet."""
    tenant = Tenant(tmp_path)
    try:
        yield tenant
    finally:
        await tenant.stop()


@pytest.fixture
async def server(tenant: Tenant, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    """A server that signs on at the tenant."""
    server = ServerProcess(f"sqlite:///{tmp_path}/cortex.db", tmp_path)
    server.set(**tenant.application("cortex", server.url))
    await tenant.start()
    try:
        yield await server.start()
    finally:
        await server.stop()


async def _says(api: Api, status: int) -> bool:
    return (await api.get("/v1/me")).status == status


async def _until(seconds: float, happened: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(seconds):
        while not await happened():  # noqa: ASYNC110 - another process decides
            await asyncio.sleep(0.05)


async def sign_on(browser: Browser, url: str, user: str = "ada") -> None:
    """Sign on at the server at *url*, as somebody whom the provider does not know yet."""
    asking = await browser.get(f"{url}/auth/login?return_to=/v1/me")
    me = await browser.submit(asking, "", user=user)
    assert me.json()["user"]["email"] == f"{user}@example.com", me.text


async def test_a_person_signs_on_calls_and_signs_off(server: ServerProcess, tenant: Tenant):
    browser = Browser()
    await sign_on(browser, server.url)
    me = (await browser.get(f"{server.url}/v1/me")).json()
    assert (me["kind"], me["user"]["name"]) == ("user", "ada")
    assert me["user"]["issuer"] == tenant.issuer
    assert "write:messages" in me["permissions"]
    asking = await browser.post(f"{server.url}/auth/logout", page=server.url)
    assert "Sign off" in asking.text
    assert SESSION not in browser.cookies(server.url)
    home = await browser.submit(asking, "/session/end/confirm", logout="yes")
    assert str(home.request.url) == f"{server.url}/"
    again = await browser.get(f"{server.url}/auth/login")
    assert "User" in again.text, "the provider asks anew: nobody is signed on there any more"


async def test_a_machine_calls_with_its_own_token(server: ServerProcess, tenant: Tenant):
    token = await tenant.machine_token("read:workspaces")
    machine = Api(server.port, token)
    me = (await machine.get("/v1/me")).json()
    assert (me["kind"], me["permissions"]) == ("machine", ["read:workspaces"])
    assert (await machine.post("/v1/workspaces", {"name": "Lab"})).status == 403


async def test_keys_that_were_announced_rotate_without_a_fetch_b07(
    server: ServerProcess, tenant: Tenant
):
    await tenant.rotate("add")
    await server.kill()
    await server.start()
    old = Api(server.port, await tenant.machine_token("read:workspaces"))
    await tenant.rotate("use")
    new = Api(server.port, await tenant.machine_token("read:workspaces"))
    await tenant.hits("/jwks")
    for api in (old, new, old):
        assert (await api.get("/v1/me")).status == 200
    assert await tenant.hits("/jwks") == 0


async def test_a_key_that_was_revoked_proves_nothing(server: ServerProcess, tenant: Tenant):
    old = Api(server.port, await tenant.machine_token("read:workspaces"))
    assert (await old.get("/v1/me")).status == 200
    for step in ("add", "use", "drop"):
        await tenant.rotate(step)
    new = Api(server.port, await tenant.machine_token("read:workspaces"))
    await server.kill()
    await server.start()
    assert (await new.get("/v1/me")).status == 200
    assert (await old.get("/v1/me")).status == 401


async def test_without_keys_nobody_is_refused_for_good(server: ServerProcess, tenant: Tenant):
    """B01: a cold start while the keys are away, and what comes after."""
    api = Api(server.port, await tenant.machine_token("read:workspaces"))
    for mode in ("down", "error"):
        await server.kill()
        await tenant.keys(mode)
        await server.start(until="live")
        answer = await api.get("/v1/me")
        assert (answer.status, answer.json()["code"]) == (503, "identity-unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        await tenant.keys("well")
        await _until(5, lambda: _says(api, 200))


async def test_keys_that_are_there_outlive_the_provider(server: ServerProcess, tenant: Tenant):
    api = Api(server.port, await tenant.machine_token("read:workspaces"))
    assert (await api.get("/v1/me")).status == 200
    await tenant.stop()
    for _ in range(20):
        assert (await api.get("/v1/me")).status == 200


async def test_many_callers_are_one_fetch_b02(server: ServerProcess, tenant: Tenant):
    token = await tenant.machine_token("read:workspaces")
    await server.kill()
    await tenant.hits("/jwks")
    await server.start(until="live")
    answers = await asyncio.gather(*(Api(server.port, token).get("/v1/me") for _ in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert await tenant.hits("/jwks") == 1


async def test_a_storm_of_unknown_keys_asks_the_tenant_once_at_the_most_b05(
    server: ServerProcess, tenant: Tenant
):
    """And nobody with a good token notices."""
    good = Api(server.port, await tenant.machine_token("read:workspaces"))
    assert await _says(good, 200)
    claims = jwt.decode(good.token, options={"verify_signature": False})
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    async def storm(wave: int) -> None:
        tokens = [
            jwt.encode(
                claims, key, algorithm="RS256", headers={"kid": f"{wave}-{number}", "typ": "at+jwt"}
            )
            for number in range(150)
        ]
        asked = asyncio.gather(*(Api(server.port, token).get("/v1/me") for token in tokens))
        for _ in range(10):
            assert await _says(good, 200)
        assert {answer.status for answer in await asked} == {401}

    await tenant.hits("/jwks")
    await storm(1)
    await storm(2)
    await tenant.keys("down")
    await storm(3)
    assert await tenant.hits("/jwks") <= 1
    assert "key-unknown" in {line["reason"] for line in server.lines("identity.refused")}


async def test_on_a_signal_keys_are_forgotten(server: ServerProcess, tenant: Tenant):
    api = Api(server.port, await tenant.machine_token("read:workspaces"))
    assert await _says(api, 200)
    await tenant.hits("/jwks")
    assert await _says(api, 200)
    assert await tenant.hits("/jwks") == 0
    os.kill(server.pid, signal.SIGUSR2)

    async def forgotten() -> bool:
        return bool(server.lines("identity.keys_forgotten"))

    await _until(5, forgotten)
    assert await _says(api, 200)
    assert await tenant.hits("/jwks") == 1


async def test_twenty_requests_at_expiry_are_one_refresh_b20(server: ServerProcess, tenant: Tenant):
    await tenant.lifetime(61)
    browser = Browser()
    await sign_on(browser, server.url)
    await asyncio.sleep(1.5)
    await tenant.hits("/token")
    answers = await asyncio.gather(*(browser.get(f"{server.url}/v1/me") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert await tenant.hits("/token") == 1
    assert (await browser.get(f"{server.url}/v1/me")).status_code == 200


async def test_a_session_that_the_tenant_ends_is_dead(server: ServerProcess, tenant: Tenant):
    browser = Browser()
    await sign_on(browser, server.url)
    here = Cookied(server.port, f"{SESSION}={browser.cookies(server.url)[SESSION]}")
    assert await _says(here, 200)
    await tenant.disable("ada")
    await tenant.end("ada")
    await _until(5, lambda: _says(here, 401))


@pytest.fixture
async def applications(
    tenant: Tenant, fresh_database: str, tmp_path: Path
) -> AsyncIterator[list[ServerProcess]]:
    """Two processes of one application, and a second application of the same tenant."""
    await schema.upgrade(fresh_database)
    first = ServerProcess(fresh_database, tmp_path)
    second = ServerProcess(fresh_database, tmp_path)
    other = ServerProcess(f"sqlite:///{tmp_path}/other.db", tmp_path)
    settings = tenant.application("cortex", first.url)
    first.set(**settings)
    second.set(**settings)
    other.set(**tenant.application("other", other.url))
    await tenant.start()
    started = [first, second, other]
    try:
        yield [await server.start() for server in started]
    finally:
        for server in started:
            await server.stop()


async def test_one_sign_on_for_all_and_one_sign_off(
    applications: list[ServerProcess], tenant: Tenant
):
    """A second application signs on without a prompt; its sign-off ends the first everywhere."""
    first, second, other = applications
    browser = Browser()
    await sign_on(browser, first.url)
    me = await browser.get(f"{other.url}/auth/login?return_to=/v1/me")
    assert me.json()["user"]["email"] == "ada@example.com", "the provider asked again"
    browser.cookies(second.url).update(browser.cookies(first.url))
    assert (await browser.get(f"{second.url}/v1/me")).status_code == 200

    asking = await browser.post(f"{other.url}/auth/logout", page=other.url)
    await browser.submit(asking, "/session/end/confirm", logout="yes")
    for server in (first, second):
        secret = browser.cookies(first.url)[SESSION]
        await _until(5, lambda: _says(Cookied(server.port, f"{SESSION}={secret}"), 401))  # noqa: B023

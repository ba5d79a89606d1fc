"""The provider of these tests on its own: what the tests of servers lean on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest

from tests.e2e.application import Application, ProofKey, listening
from tests.e2e.browser import Browser
from tests.e2e.server import ServerProcess
from tests.e2e.tenant import AUDIENCE, Tenant
from tests.e2e.wire import Api


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    """An application of a provider that runs."""
    tenant = Tenant(tmp_path)
    async with listening(tenant, "app") as application:
        try:
            await tenant.start()
            yield application
        finally:
            await tenant.stop()


async def _key_set(tenant: Tenant) -> jwt.PyJWKSet:
    async with httpx2.AsyncClient() as client:
        return jwt.PyJWKSet.from_dict((await client.get(f"{tenant.issuer}jwks")).json())


async def _claims(tenant: Tenant, token: str, audience: str) -> dict[str, Any]:
    """Return what *token* says, once a key that is published proves it."""
    key = (await _key_set(tenant))[jwt.get_unverified_header(token)["kid"]]
    found: dict[str, Any] = jwt.decode(
        token, key, ["RS256"], audience=audience, issuer=tenant.issuer
    )
    return found


async def test_a_person_gets_tokens_shaped_like_those_of_a_tenant(application: Application):
    tenant = application.tenant
    tokens = await application.sign_on(Browser(), "ada", "read:workspaces")
    access = await _claims(tenant, tokens["access_token"], AUDIENCE)
    assert (access["sub"], access["client_id"]) == ("ada", "app")
    assert "read:workspaces" in access["permissions"]
    assert access["https://cortex.example/email"] == "ada@example.com"
    assert jwt.get_unverified_header(tokens["access_token"])["typ"] == "at+jwt"
    assert (await _claims(tenant, tokens["id_token"], "app"))["sub"] == "ada"


async def test_a_refresh_token_used_twice_ends_its_family(application: Application):
    first = (await application.sign_on(Browser(), "ada"))["refresh_token"]
    second = (await application.refresh(first)).json()["refresh_token"]
    assert second != first
    for spent in (first, second):
        answer = await application.refresh(spent)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_who_is_disabled_gets_no_new_token(application: Application):
    tokens = await application.sign_on(Browser(), "ada")
    await application.tenant.disable("ada")
    answer = await application.refresh(tokens["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_an_ended_session_is_told_to_the_application(application: Application):
    browser = Browser()
    tokens = await application.sign_on(browser, "ada")
    await application.tenant.end("ada")
    async with asyncio.timeout(5):
        notice = await application.notices.get()
    said = await _claims(application.tenant, notice, "app")
    identity = await _claims(application.tenant, tokens["id_token"], "app")
    assert (said["sid"], "nonce" in said) == (identity["sid"], False)
    assert list(said["events"]) == ["http://schemas.openid.net/event/backchannel-logout"]


async def test_keys_are_announced_used_and_dropped(application: Application):
    tenant = application.tenant

    async def published() -> set[str | None]:
        return {key.key_id for key in (await _key_set(tenant)).keys}

    async def used() -> str:
        token = await tenant.machine_token("read:workspaces")
        return str(jwt.get_unverified_header(token)["kid"])

    old = await used()
    await tenant.rotate("add")
    assert (len(await published()), await used()) == (2, old)
    await tenant.rotate("use")
    new = await used()
    assert await published() == {old, new}
    await tenant.rotate("drop")
    assert await published() == {new} != {old}


async def test_a_bound_token_is_no_bearer_token(application: Application, tmp_path: Path):
    """N76's kin: what is bound to a key proves nothing without a proof (RFC 9449 section 7.1)."""
    tenant = application.tenant
    bound = await ProofKey().machine_token(tenant, "read:workspaces")
    assert (await _claims(tenant, bound, AUDIENCE))["cnf"]["jkt"]
    person = (await application.sign_on(Browser(), "ada"))["access_token"]
    server = ServerProcess(f"sqlite:///{tmp_path}/cortex.db", tmp_path, **tenant.settings)
    try:
        await server.start()
        assert (await Api(server.port, bound).get("/v1/me")).status == 401
        me = (await Api(server.port, person).get("/v1/me")).json()
        assert (me["kind"], me["user"]["email"]) == ("user", "ada@example.com")
    finally:
        await server.stop()

"""Browsers sign on with the local issuer, and are signed on at every process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from cortex_adapters.litestar.cookies import SESSION
from cortex_adapters.postgres import schema
from tests.e2e.browser import Browser
from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api, Cookied, Stream


@pytest.fixture
async def servers(fresh_database: str, tmp_path: Path) -> AsyncIterator[list[ServerProcess]]:
    """Two processes behind one public address, which is that of the first."""
    await schema.upgrade(fresh_database)
    first = ServerProcess(fresh_database, tmp_path)
    second = ServerProcess(fresh_database, tmp_path, CORTEX_PUBLIC_URL=first.url)
    try:
        yield [await process.start() for process in (first, second)]
    finally:
        for process in (first, second):
            await process.stop()


async def _sign_on(browser: Browser, server: ServerProcess, email: str = "ada@example.com") -> None:
    asking = await browser.get(f"{server.url}/auth/login?return_to=/v1/me")
    assert asking.status_code == 200, asking.text
    me = await browser.submit(asking, "/auth/dev/authorize", email=email)
    assert me.json()["user"]["email"] == email


async def _follow(browser: Browser, server: ServerProcess, talk: str) -> Stream:
    cookie = f"{SESSION}={browser.cookies(server.url)[SESSION]}"
    return await Cookied(server.port, cookie).follow(f"{talk}/events")


async def test_a_browser_signs_on_writes_and_signs_off(server: ServerProcess):
    browser = Browser()
    await _sign_on(browser, server)
    [secret] = browser.cookies(server.url).values()
    made = await Cookied(server.port, f"{SESSION}={secret}").ask(
        "POST", "/v1/workspaces", {"name": "Lab"}, {"Origin": server.url}
    )
    assert made.status == 201
    refused = await Cookied(server.port, f"{SESSION}={secret}").ask(
        "POST", "/v1/workspaces", {"name": "Other"}, {"Origin": "https://evil.example"}
    )
    assert refused.status == 403
    left = await browser.post(f"{server.url}/auth/logout", page=server.url)
    assert "Signed off" in left.text
    assert not browser.cookies(server.url)
    answer = await Cookied(server.port, f"{SESSION}={secret}").get("/v1/me")
    assert answer.status == 401


async def test_a_session_survives_a_restart(server: ServerProcess):
    browser = Browser()
    await _sign_on(browser, server)
    await server.kill()
    await server.start()
    assert (await browser.get(f"{server.url}/v1/me")).status_code == 200


async def test_signing_off_at_one_process_ends_all_at_the_other(servers: list[ServerProcess]):
    here, there = servers
    browser = Browser()
    await _sign_on(browser, here)
    session = dict(browser.cookies(here.url))
    browser.cookies(there.url).update(session)
    assert (await browser.get(f"{there.url}/v1/me")).status_code == 200
    ada = await Api(here.port).sign_in("ada@example.com")
    talk = await ada.conversation()
    stream = await _follow(browser, there, talk)
    await ada.post(f"{talk}/messages", {"content": "Hello"})
    await stream.until("message.created")
    await browser.post(f"{here.url}/auth/logout", page=here.url)
    async with asyncio.timeout(5):
        goodbye = (await stream.until("goodbye"))[-1]
    assert goodbye.data["data"]["code"] == "unauthenticated"
    assert (await browser.get(f"{there.url}/v1/me")).status_code == 401


async def test_a_disabled_user_is_out_everywhere_within_seconds(
    servers: list[ServerProcess], fresh_database: str
):
    here, there = servers
    browser = Browser()
    await _sign_on(browser, here)
    browser.cookies(there.url).update(browser.cookies(here.url))
    ada = await Api(here.port).sign_in("ada@example.com")
    talk = await ada.conversation()
    await ada.post(f"{talk}/messages", {"content": "Hello"})
    streams = [await _follow(browser, here, talk)]
    streams.append(await ada.at(there.port).follow(f"{talk}/events"))
    for stream in streams:
        await stream.until("message.created")
    async with await psycopg.AsyncConnection.connect(fresh_database, autocommit=True) as sql:
        await sql.execute("UPDATE users SET status = 'disabled' WHERE email = 'ada@example.com'")
    for server in servers:
        refused = await browser.get(f"{server.url}/v1/me")
        assert (refused.status_code, refused.json()["code"]) == (403, "user-disabled")
        assert (await ada.at(server.port).get("/v1/me")).status == 403
    async with asyncio.timeout(5):
        for stream in streams:
            await stream.until("goodbye")


async def test_a_cookie_planted_before_is_not_adopted(server: ServerProcess):
    planted = "p" * 43
    victim = Browser()
    victim.cookies(server.url)[SESSION] = planted
    await _sign_on(victim, server)
    assert victim.cookies(server.url)[SESSION] != planted
    attacker = Browser()
    attacker.cookies(server.url)[SESSION] = planted
    assert (await attacker.get(f"{server.url}/v1/me")).status_code == 401


async def test_a_page_whose_host_was_made_to_lead_here_gets_no_token(server: ServerProcess):
    """DNS rebinding: to a browser such a page and this server are of one origin."""
    api, asked = Api(server.port), {"email": "ada@example.com"}
    for said in ({"Origin": "http://evil.example:8000"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await api.ask("POST", "/auth/dev/token", asked, said)
        assert (answer.status, answer.json()["code"]) == (403, "cross-origin")
    own = await api.ask("POST", "/auth/dev/token", asked, {"Origin": server.url})
    assert own.status == 200

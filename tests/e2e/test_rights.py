"""What one caller has is not there for another; and a stream ends with the right to read it."""

import asyncio

import pytest

from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api, GoneError


async def test_strangers_find_nothing(server: ServerProcess):
    ada = await Api(server.port).sign_in("ada@example.com")
    eve = await Api(server.port).sign_in("eve@example.com")
    workspace = await ada.workspace()
    talk = await ada.conversation(workspace)
    message = (await ada.post(f"{talk}/messages", {"content": "secret"})).json()["id"]
    for path in (
        f"/v1/workspaces/{workspace}",
        f"/v1/workspaces/{workspace}/members",
        f"/v1/workspaces/{workspace}/conversations",
        talk,
        f"{talk}/messages",
        f"{talk}/messages/{message}",
        f"{talk}/participants",
    ):
        assert (await eve.get(path)).status == 404, path
    assert (await eve.post(f"{talk}/messages", {"content": "hi"})).status == 404
    assert (await eve.get("/v1/workspaces")).json()["items"] == []
    with pytest.raises(GoneError, match="not-found"):
        await eve.follow(f"{talk}/events")


async def test_a_stream_ends_soon_after_its_right_does(server: ServerProcess):
    ada = await Api(server.port).sign_in("ada@example.com")
    bob = await Api(server.port).sign_in("bob@example.com")
    bob_id = (await bob.get("/v1/me")).json()["user"]["id"]
    talk = await ada.conversation()
    assert (await ada.ask("PUT", f"{talk}/participants/{bob_id}")).status == 200
    stream = await bob.follow(f"{talk}/events")
    await stream.until("participant.added")
    assert (await ada.ask("DELETE", f"{talk}/participants/{bob_id}")).status == 204
    async with asyncio.timeout(5):
        goodbye = (await stream.until("goodbye"))[-1]
    assert goodbye.data["data"]["code"] == "not-found"
    await ada.post(f"{talk}/messages", {"content": "alone at last"})
    rest = [event async for event in stream.events()]
    assert rest == []
    assert stream.whole

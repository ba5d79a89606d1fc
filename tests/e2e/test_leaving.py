"""SIGTERM: what is in flight finishes, streams say goodbye, and the server exits with 0."""

import asyncio
import time

from tests.e2e.server import ServerProcess
from tests.e2e.wire import Answer, Api, GoneError

STREAMS = 200
POSTS = 50


async def test_fault_37_everybody_is_seen_out(server: ServerProcess):
    ada = await Api(server.port).sign_in()
    workspace = await ada.workspace()
    talk = await ada.conversation(workspace)
    busy = await ada.conversation(workspace)
    streams = [await ada.follow(f"{talk}/events") for _ in range(STREAMS)]
    ends = [asyncio.create_task(_to_the_end(stream)) for stream in streams]
    posts = [
        asyncio.create_task(_answer_or_none(ada, busy, f"{number}")) for number in range(POSTS)
    ]
    await asyncio.sleep(0.02)
    began = time.monotonic()
    assert await server.terminate() == 0
    assert time.monotonic() - began < 10

    for stream, last in zip(streams, await asyncio.gather(*ends), strict=True):
        assert stream.whole, "a stream ended without its last chunk"
        assert last is not None
        assert last.type == "goodbye"
        assert last.data["data"]["code"] == "dependency-unavailable"
    answers = [answer for answer in await asyncio.gather(*posts) if answer]
    assert all(answer.status in (201, 503) for answer in answers)
    acknowledged = {answer.json()["id"] for answer in answers if answer.status == 201}

    await server.start()
    stored = {message["id"] for message in await ada.pages(f"{busy}/messages")}
    assert acknowledged <= stored


async def test_a_turn_under_way_is_handed_back(server: ServerProcess):
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    question = " ".join(f"word{number}" for number in range(100))
    stream = await ada.follow(f"{talk}/events")
    await ada.post(f"{talk}/messages", {"content": question, "respond": True})
    async with asyncio.timeout(10):
        await stream.until("turn.delta")
    stream.close()
    assert await server.terminate() == 0
    await server.start()
    stream = await ada.follow(f"{talk}/events")
    async with asyncio.timeout(12):  # at once: there is no lease to wait for
        events = await stream.until("turn.completed")
    stream.close()
    started = [event.data["data"]["attempt"] for event in events if event.type == "turn.started"]
    assert started == [1, 1], "an attempt that was handed back does not count"


async def test_a_second_signal_stops_at_once(server: ServerProcess):
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    # A body that never comes keeps the server waiting for its request.
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(
        f"POST {talk}/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ada.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n".encode()
    )
    await writer.drain()
    await asyncio.sleep(0.2)
    server.signal_term()
    await asyncio.sleep(0.5)
    began = time.monotonic()
    assert await server.terminate() != 0
    assert time.monotonic() - began < 2
    writer.close()


async def _to_the_end(stream):
    last = None
    async for event in stream.events():
        last = event
    return last


async def _answer_or_none(ada: Api, talk: str, content: str) -> Answer | None:
    try:
        return await ada.post(f"{talk}/messages", {"content": content})
    except GoneError:
        return None

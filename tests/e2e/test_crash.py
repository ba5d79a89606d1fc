"""kill -9 in the middle of everything: what was acknowledged is there once, and nothing is half."""

import asyncio
import sqlite3

from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api, GoneError

POSTS = 500
TALKS = 5


async def test_fault_1_and_2_every_acknowledged_message_survives_a_kill(server: ServerProcess):
    ada = await Api(server.port).sign_in()
    workspace = await ada.workspace()
    talks = [await ada.conversation(workspace) for _ in range(TALKS)]
    acknowledged: set[str] = set()
    half_way = asyncio.Event()

    async def post(number: int) -> None:
        try:
            answer = await ada.post(
                f"{talks[number % TALKS]}/messages", {"content": f"{number}", "respond": False}
            )
        except GoneError:
            return
        if answer.status == 201:
            acknowledged.add(answer.json()["id"])
            if len(acknowledged) >= POSTS // 3:
                half_way.set()

    posting = [asyncio.create_task(post(number)) for number in range(POSTS)]
    async with asyncio.timeout(60):
        await half_way.wait()
    await server.kill()
    await asyncio.gather(*posting)
    assert POSTS // 3 <= len(acknowledged) < POSTS, "the kill did not come in the middle"

    await server.start()
    stored: list[str] = []
    for talk in talks:
        messages = await ada.pages(f"{talk}/messages")
        events = await ada.pages(f"{talk}/events")
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert [event["data"]["message"] for event in events] == messages
        stored += [message["id"] for message in messages]
    assert len(set(stored)) == len(stored)
    assert acknowledged <= set(stored)
    if server.sqlite_path:
        with sqlite3.connect(server.sqlite_path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()


async def test_an_answer_goes_on_after_a_kill(server: ServerProcess):
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    question = " ".join(f"word{number}" for number in range(60))
    stream = await ada.follow(f"{talk}/events")
    await ada.post(f"{talk}/messages", {"content": question, "respond": True})
    async with asyncio.timeout(10):
        await stream.until("turn.delta")
    stream.close()
    await server.kill()
    await server.start()
    stream = await ada.follow(f"{talk}/events")
    async with asyncio.timeout(40):  # the lease of the dead worker, then the answer
        events = await stream.until("turn.completed")
    stream.close()
    answers = [
        event.data["data"]["message"]
        for event in events
        if event.type == "message.created" and event.data["actor"]["kind"] == "assistant"
    ]
    assert [answer["content"] for answer in answers] == [question]
    started = [event.data["data"]["attempt"] for event in events if event.type == "turn.started"]
    assert started == [1, 2]

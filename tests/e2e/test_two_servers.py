"""Two servers on one PostgreSQL: what is posted to one is streamed by all, whatever is killed."""

import asyncio
import itertools
from contextlib import suppress

from tests.e2e.server import ServerProcess
from tests.e2e.wire import Api, Event, GoneError

MESSAGES = 1_000
READERS = 4


async def test_a_post_to_one_is_streamed_by_the_other(two_servers):
    one, two = two_servers
    ada = await Api(one.port).sign_in()
    talk = await ada.conversation()
    stream = await ada.at(two.port).follow(f"{talk}/events")
    for number in range(10):
        # The sweep would deliver it within two seconds too; the bell is far quicker.
        async with asyncio.timeout(1):
            await ada.post(f"{talk}/messages", {"content": f"{number}"})
            event = (await stream.until("message.created"))[-1]
        assert event.data["data"]["message"]["content"] == f"{number}"
        assert event.seq == number + 1
    stream.close()


async def test_pieces_of_an_answer_cross_processes(two_servers):
    one, two = two_servers
    ada = await Api(one.port).sign_in()
    talk = await ada.conversation()
    streams = [await ada.at(server.port).follow(f"{talk}/events") for server in (one, two)]
    await ada.post(f"{talk}/messages", {"content": "tell me about ships", "respond": True})
    for stream in streams:
        async with asyncio.timeout(10):
            events = await stream.until("turn.completed")
        pieces = [event for event in events if event.type == "turn.delta"]
        assert "".join(piece.data["data"]["text"] for piece in pieces) == "tell me about ships"
        assert all(piece.id is None for piece in pieces)
        stream.close()


async def test_fault_38_readers_see_each_event_once_while_servers_are_killed(two_servers):
    ada = await Api(two_servers[0].port).sign_in()
    talk = await ada.conversation()
    done, killed = asyncio.Event(), asyncio.Event()
    readers = [
        asyncio.create_task(_read_all(ada, two_servers, talk, number)) for number in range(READERS)
    ]
    writer = asyncio.create_task(_write(ada, two_servers, talk, done, killed))
    killer = asyncio.create_task(_kill_in_turn(two_servers, done, killed))
    async with asyncio.timeout(180):
        acknowledged = await writer
        await killer
        seen = await asyncio.gather(*readers)
    log = await ada.at(two_servers[0].port).pages(f"{talk}/events")
    assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
    for reader in seen:
        assert [event.seq for event in reader] == [event["seq"] for event in log]
        stored = [event.data["data"]["message"]["id"] for event in reader[:-1]]
        assert len(set(stored)) == len(stored)
        assert acknowledged <= set(stored)


async def _write(
    ada: Api,
    servers: list[ServerProcess],
    talk: str,
    done: asyncio.Event,
    killed: asyncio.Event,
):
    """Post to whichever server is there until all are acknowledged and each was *killed*.

    Return the ids.
    """
    acknowledged: set[str] = set()
    ports = itertools.cycle([server.port for server in servers])
    while len(acknowledged) < MESSAGES or not killed.is_set():
        try:
            answer = await ada.at(next(ports)).post(
                f"{talk}/messages", {"content": f"{len(acknowledged)}"}
            )
        except GoneError:
            await asyncio.sleep(0.05)
            continue
        assert answer.status == 201, answer.body
        acknowledged.add(answer.json()["id"])
    done.set()
    while True:  # The word that lets readers stop; it may be told twice if a server dies now.
        with suppress(GoneError):
            answer = await ada.at(next(ports)).ask("PATCH", talk, {"topic": "the end"})
            if answer.status == 200:
                return acknowledged
        await asyncio.sleep(0.05)


async def _kill_in_turn(
    servers: list[ServerProcess], done: asyncio.Event, killed: asyncio.Event
) -> None:
    for kills, server in enumerate(itertools.cycle(servers), start=1):
        with suppress(TimeoutError):
            async with asyncio.timeout(0.7):
                await done.wait()
        if done.is_set():
            break
        await server.kill()
        await server.start()
        if kills >= len(servers):
            killed.set()


async def _read_all(ada: Api, servers: list[ServerProcess], talk: str, number: int):
    """Follow to the end, going on at another server wherever a stream breaks."""
    seen: list[Event] = []
    for server in itertools.cycle([*servers[number % 2 :], *servers[: number % 2]]):
        try:
            stream = await ada.at(server.port).follow(
                f"{talk}/events", seen[-1].id if seen else None
            )
        except GoneError:
            await asyncio.sleep(0.05)
            continue
        async for event in stream.events():
            assert event.type in ("message.created", "conversation.updated", "goodbye")
            if event.type != "goodbye":
                seen.append(event)
            if event.type == "conversation.updated":
                stream.close()
                return seen
    raise AssertionError

"""The network between a server and its PostgreSQL breaks, stalls and swallows.

Each test is named after its row in the table of faults.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator

import pytest

from cortex_adapters.postgres import schema
from tests.e2e.server import ServerProcess
from tests.e2e.test_faults_of_the_database import assert_not_now, post, timed
from tests.e2e.wire import Answer, Api
from tests.proxy import FaultProxy, Moment, fault_proxy


@pytest.fixture
async def network(fresh_database: str) -> AsyncIterator[FaultProxy]:
    await schema.upgrade(fresh_database)
    async with fault_proxy(fresh_database) as network:
        yield network


@pytest.fixture
async def server(network: FaultProxy, tmp_path) -> AsyncIterator[ServerProcess]:
    process = ServerProcess(network.url, tmp_path)
    try:
        yield await process.start()
    finally:
        await process.stop()


async def contents(ada: Api, talk: str) -> list[str]:
    return [message["content"] for message in await ada.pages(f"{talk}/messages")]


async def events(ada: Api, talk: str) -> list[int]:
    return [event["seq"] for event in await ada.pages(f"{talk}/events")]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_fault_18_who_loses_the_commit_is_told_that_nobody_knows(
    server: ServerProcess, network: FaultProxy, moment: Moment
):
    """It is there as a whole or not at all, and what comes next goes on as ever."""
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    for n in range(10):
        strike = network.strike("^COMMIT", moment)
        answer = await ada.ask("PATCH", talk, {"topic": f"topic {n}"})
        assert strike.done.is_set()
        assert_not_now(answer, "outcome-unknown")
        found = (await ada.get(talk)).json()
        done = n + 1 if moment == "after" else 0
        assert (found["topic"] == f"topic {n}") is (moment == "after")
        assert await events(ada, talk) == list(range(1, done + 1))
    assert server.lines("incident") == []


async def test_fault_18_a_message_that_may_be_there_is_there_once_or_not_at_all(
    server: ServerProcess, network: FaultProxy
):
    """A message is one statement: the one that is lost is both the write and the commit."""
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    sent: dict[str, bool] = {}
    for n in range(20):
        moment: Moment = random.choice(["before", "after"])
        strike = network.strike("INSERT INTO messages", moment)
        answer = await ada.post(f"{talk}/messages", {"content": f"message {n}"})
        assert strike.done.is_set()
        assert_not_now(answer, "outcome-unknown")
        sent[f"message {n}"] = moment == "after"
    assert await contents(ada, talk) == [content for content, there in sent.items() if there]
    assert server.lines("incident") == []


async def test_fault_17_connections_that_break_all_the_time_never_give_a_wrong_answer(
    server: ServerProcess, network: FaultProxy
):
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    answers: dict[str, Answer] = {}
    leaving = asyncio.Event()

    async def write(who: int) -> None:
        while not leaving.is_set():
            content = f"{who} {len(answers)}"
            answers[content] = await ada.post(f"{talk}/messages", {"content": content})
            reading = await ada.get(talk)
            assert reading.status in {200, 503}, reading.body

    writers = [asyncio.create_task(write(who)) for who in range(6)]
    for n in range(30):
        await asyncio.sleep(0.1)
        if n % 3:
            network.cut()
        else:
            network.cut_after(random.randrange(2_000))
    leaving.set()
    await asyncio.gather(*writers)
    stored = await contents(ada, talk)
    assert len(stored) == len(set(stored))
    for content, answer in answers.items():
        if answer.status == 201:
            assert content in stored
        else:
            assert_not_now(answer, "dependency-unavailable", "outcome-unknown", "overloaded")
            if answer.json()["code"] != "outcome-unknown":
                assert content not in stored
    assert {201} < {answer.status for answer in answers.values()}
    assert await events(ada, talk) == list(range(1, len(stored) + 1))
    assert server.lines("incident") == []


@pytest.mark.parametrize("ways", [("out",), ("back",)])
async def test_fault_19_a_network_that_swallows_everything_is_left_in_time(
    server: ServerProcess, network: FaultProxy, ways
):
    """Who comes meanwhile is answered in time, too, and what needs no database at once."""
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    assert {answer.status for answer in await asyncio.gather(*(post(ada, talk) for _ in range(20)))}
    network.stall(*ways)
    asking = [asyncio.create_task(timed(ada, talk)) for _ in range(20)]
    for _ in range(10):
        began = time.monotonic()
        assert (await ada.get("/health/live")).status == 200
        assert time.monotonic() - began < 0.5
        await asyncio.sleep(0.1)
    for took, answer in await asyncio.gather(*asking):
        assert_not_now(answer, "dependency-unavailable", "outcome-unknown", "overloaded")
        assert took < 9
    took, answer = await timed(ada, talk)
    assert_not_now(answer, "dependency-unavailable", "overloaded")
    assert took < 5
    network.go_on()
    network.cut()
    back = time.monotonic()
    while (await post(ada, talk)).status != 201:
        assert time.monotonic() - back < 2
    stored = await events(ada, talk)
    assert stored == list(range(1, len(stored) + 1))
    assert server.lines("incident") == []


async def test_fault_7_who_is_refused_by_the_network_is_answered_in_time(
    server: ServerProcess, network: FaultProxy
):
    ada = await Api(server.port).sign_in()
    talk = await ada.conversation()
    network.refuse()
    network.cut()
    for took, answer in await asyncio.gather(*(timed(ada, talk) for _ in range(30))):
        assert_not_now(answer, "dependency-unavailable", "outcome-unknown", "overloaded")
        assert took < 2.5
    await network.accept()
    back = time.monotonic()
    while (await post(ada, talk)).status != 201:
        assert time.monotonic() - back < 2
    assert server.lines("incident") == []


async def test_fault_5_ten_idle_connections_that_broke_cost_one_request_nothing(
    server: ServerProcess, network: FaultProxy
):
    ada = await Api(server.port).sign_in()
    workspace = await ada.workspace()
    talks = [await ada.conversation(workspace, f"{n}") for n in range(10)]
    while network.lines < 12:  # two are for signals
        await asyncio.gather(*(post(ada, talk) for talk in talks * 4))
    network.cut()
    took, answer = await timed(ada, talks[0])
    assert (answer.status, took < 1) == (201, True), answer.body


async def test_fault_46_a_reader_misses_nothing_while_its_server_is_cut_off_again_and_again(
    server: ServerProcess, network: FaultProxy, fresh_database: str, tmp_path
):
    """Whoever writes is on another server, whose connections hold."""
    steady = ServerProcess(fresh_database, tmp_path)
    try:
        ada = await Api((await steady.start()).port).sign_in()
        talk = await ada.conversation()
        stream = await ada.at(server.port).follow(f"{talk}/events")
        seen: list[int] = []

        async def follow() -> None:
            async for event in stream.events():
                seen.append(event.seq)
                if len(seen) == 300:
                    return

        following = asyncio.create_task(follow())
        for n in range(300):
            assert (await post(ada, talk)).status == 201
            if n % 60 == 30:
                network.cut()
            if n == 200:
                network.stall("back")
        network.go_on()
        async with asyncio.timeout(10):
            await following
        assert seen == list(range(1, 301))
        stream.close()
        assert server.lines("incident") == []
    finally:
        await steady.stop()

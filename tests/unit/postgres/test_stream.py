"""Signals between processes, while connections come and go."""

import asyncio
import os
import signal
import time

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cortex_adapters.memory.stream import MemoryEventStream
from cortex_adapters.postgres.store import PostgresStore
from cortex_adapters.postgres.stream import open_stream
from cortex_adapters.signals.stream import SharedStream
from cortex_core.contract import make
from cortex_core.contract.store import stored_scene
from cortex_core.domain.errors import SettingsError
from cortex_core.domain.events import Bell

_TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE query = 'LISTEN cortex' AND datname = current_database()
    """
_SENDER = """
    SELECT pid FROM pg_stat_activity
    WHERE query LIKE 'SELECT pg_notify(%' AND datname = current_database()
    """


async def test_fault_46_a_follower_sees_all_while_its_listener_is_cut_off(
    store: PostgresStore, database: str
) -> None:
    """A thousand events; it reads the log at each bell and at nothing else."""
    scene = await stored_scene(store)
    here = scene.conversation.id
    seen: list[int] = []
    leaving = asyncio.Event()

    async def follow(stream: SharedStream) -> None:
        async with stream.subscribe(here) as live:
            while len(seen) < 1_000:
                async with store.begin(read_only=True) as work:
                    found = await work.events.since(here, seq=seen[-1] if seen else 0, limit=100)
                seen.extend(event.seq for event in found)
                if not found:
                    assert await live.next(timeout=10) is not None

    async def write(stream: SharedStream) -> None:
        for _ in range(1_000):
            async with store.begin(single=True) as work:
                recorded = await work.events.append(make.event(scene.conversation, scene.owner))
            await stream.publish(Bell(conversation_id=here, seq=recorded.seq))

    async def cut_off() -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            while not leaving.is_set():
                connection.execute(_TERMINATE)
                await asyncio.sleep(0.15)

    async with (
        open_stream(database, MemoryEventStream()) as near,
        open_stream(database, MemoryEventStream()) as far,
    ):
        cutting = asyncio.create_task(cut_off())
        await asyncio.gather(follow(far), write(near))
        leaving.set()
        await cutting
    assert seen == list(range(1, 1_001))


async def test_a_signal_crosses_in_a_moment(database: str) -> None:
    here = make.conversation_id()
    async with (
        open_stream(database, MemoryEventStream()) as near,
        open_stream(database, MemoryEventStream()) as far,
        far.subscribe(here) as live,
    ):
        took = []
        for index in range(50):
            began = time.monotonic()
            await near.publish(make.delta(here, index))
            assert await live.next(timeout=1) == make.delta(here, index)
            took.append(time.monotonic() - began)
    assert sorted(took)[25] < 0.05


async def test_publishing_waits_for_nothing_and_the_last_bell_comes_through(database: str) -> None:
    """While the server takes no signal: 10 000 deltas are more than there is room for."""
    here = make.conversation_id()
    async with (
        open_stream(database, MemoryEventStream()) as near,
        open_stream(database, MemoryEventStream()) as far,
        far.subscribe(here) as live,
    ):
        await near.publish(make.delta(here))
        assert await live.next(timeout=1) == make.delta(here)
        with psycopg.connect(database) as connection:
            [pid] = connection.execute(_SENDER).fetchone() or [0]
        os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            for index in range(10_000):
                await near.publish(make.delta(here, index), make.bell(here, index + 1))
            assert time.monotonic() - began < 2
        finally:
            os.kill(pid, signal.SIGCONT)
        async with asyncio.timeout(5):
            while await live.next(timeout=5) not in {make.bell(here, 10_000), make.bell(here, 0)}:
                pass


async def test_what_waits_is_sent_before_the_end(database: str) -> None:
    here = make.conversation_id()
    async with (
        open_stream(database, MemoryEventStream()) as far,
        far.subscribe(here) as live,
    ):
        async with open_stream(database, MemoryEventStream()) as near:
            await near.publish(*(make.delta(here, index) for index in range(200)))
        heard = [await live.next(timeout=1) for _ in range(200)]
    assert heard == [make.delta(here, index) for index in range(200)]


async def test_other_databases_and_other_words_are_not_heard(
    database: str, postgres_server: str
) -> None:
    here = make.conversation_id()
    async with (
        open_stream(postgres_server, MemoryEventStream()) as elsewhere,
        open_stream(database, MemoryEventStream()) as stream,
        stream.subscribe(here) as live,
    ):
        assert isinstance(await live.next(timeout=0), Bell | None)
        await elsewhere.publish(make.bell(here))
        with psycopg.connect(database, autocommit=True) as connection:
            for word in (
                "",
                "{}",
                "nonsense",
                '["bell","x"]',
                '["later","x",1]',
                "\N{PILE OF POO}",
            ):
                connection.execute("SELECT pg_notify('cortex', %s)", [word])
        assert await live.next(timeout=0.3) is None
        assert stream.connected


async def test_a_stream_that_cannot_be_is_a_fault_of_the_settings() -> None:
    with pytest.raises(SettingsError):
        await open_stream("nonsense", MemoryEventStream()).__aenter__()


async def test_a_stream_without_a_server_carries_signals_in_this_process(database: str) -> None:
    nowhere = make_conninfo(database, host="/nowhere")
    here = make.conversation_id()
    async with (
        open_stream(nowhere, MemoryEventStream()) as stream,
        stream.subscribe(here) as live,
    ):
        assert not stream.connected
        await stream.publish(make.delta(here))
        assert await live.next(timeout=1) == make.delta(here)
        began = time.monotonic()
    assert time.monotonic() - began < 0.5

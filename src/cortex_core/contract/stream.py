"""What an `EventStream` must do, in one process and between several."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from typing import Final

import pytest

from cortex_core.contract import make
from cortex_core.domain.events import Bell, Signal, TurnDelta
from cortex_core.ports import EventStream, Subscription

PATIENCE: Final = 10.0
ODD: Final = {
    "astral": "\N{PILE OF POO}",
    "null": "a\x00b",
    "surrogate": "a\ud800b",
    "quotes": "'\"\\\r\n\u2028",
    "empty": "",
    "long": "x" * 32_000,
    "long in bytes": "\N{PILE OF POO}" * 32_000,
}


class EventStreamContract:
    """Give it a fixture `stream`: an event stream, ready to use."""

    pytestmark = pytest.mark.anyio

    @pytest.fixture(scope="session")
    @classmethod
    def anyio_backend(cls) -> str:
        return "asyncio"

    @pytest.fixture
    def stream(self) -> EventStream:
        """Give an event stream, ready to use."""
        raise NotImplementedError

    async def test_a_listener_hears_what_is_published(self, stream: EventStream) -> None:
        here = make.conversation_id()
        async with stream.subscribe(here) as live:
            for signal in (make.bell(here), make.delta(here)):
                await stream.publish(signal)
                assert await live.next(timeout=PATIENCE) == signal

    async def test_a_listener_hears_its_conversation_only(self, stream: EventStream) -> None:
        here, there = make.conversation_id(), make.conversation_id()
        async with stream.subscribe(here) as live:
            await stream.publish(make.bell(there), make.delta(there), make.delta(here))
            assert await live.next(timeout=PATIENCE) == make.delta(here)

    async def test_every_listener_hears(self, stream: EventStream) -> None:
        here = make.conversation_id()
        async with (
            stream.subscribe(here) as one,
            stream.subscribe(here) as two,
            stream.subscribe(here) as three,
        ):
            await stream.publish(make.bell(here, 7))
            for live in (one, two, three):
                assert await live.next(timeout=PATIENCE) == make.bell(here, 7)

    async def test_listening_begins_with_the_context(self, stream: EventStream) -> None:
        here = make.conversation_id()
        async with stream.subscribe(here) as early:
            await stream.publish(make.delta(here, 0))
            assert await early.next(timeout=PATIENCE) == make.delta(here, 0)
            async with stream.subscribe(here) as late:
                await stream.publish(make.delta(here, 1))
                assert await late.next(timeout=PATIENCE) == make.delta(here, 1)

    async def test_a_listener_who_left_disturbs_nobody(self, stream: EventStream) -> None:
        here = make.conversation_id()
        async with stream.subscribe(here) as stays:
            async with stream.subscribe(here) as leaves:
                await stream.publish(make.delta(here, 0))
                await leaves.next(timeout=PATIENCE)
            await stream.publish(make.delta(here, 1))
            assert await _heard(stays, 2) == [make.delta(here, 0), make.delta(here, 1)]
        await stream.publish(make.delta(here, 2))
        async with stream.subscribe(here) as again:
            await stream.publish(make.delta(here, 3))
            assert await again.next(timeout=PATIENCE) == make.delta(here, 3)

    async def test_publishing_needs_no_listener(self, stream: EventStream) -> None:
        here = make.conversation_id()
        await stream.publish()
        await stream.publish(make.bell(here), make.delta(here))

    async def test_signals_come_in_the_order_of_publishing(self, stream: EventStream) -> None:
        here = make.conversation_id()
        signals: list[Signal] = []
        for n in range(50):
            signals += [
                make.delta(here, 2 * n),
                make.delta(here, 2 * n + 1),
                make.bell(here, n + 1),
            ]
        async with stream.subscribe(here) as live:
            await stream.publish(*signals[:75])
            for signal in signals[75:]:
                await stream.publish(signal)
            assert await _heard(live, len(signals)) == signals

    async def test_bells_may_merge_and_the_last_is_heard(self, stream: EventStream) -> None:
        here = make.conversation_id()
        async with stream.subscribe(here) as live:
            for seq in range(1, 1_001):
                await stream.publish(make.bell(here, seq))
            seqs = [0]
            while seqs[-1] < 1_000:
                signal = await live.next(timeout=PATIENCE)
                assert isinstance(signal, Bell)
                seqs.append(signal.seq)
        assert all(one < other for one, other in pairwise(seqs))

    async def test_quiet_is_none_after_the_timeout(self, stream: EventStream) -> None:
        loop = asyncio.get_running_loop()
        async with stream.subscribe(make.conversation_id()) as live:
            for timeout in (0.0, 0.001, 0.2):
                began = loop.time()
                assert await live.next(timeout=timeout) is None
                assert timeout - 0.02 <= loop.time() - began < timeout + 5

    async def test_what_is_there_needs_no_time(self, stream: EventStream) -> None:
        here = make.conversation_id()
        async with stream.subscribe(here) as live:
            live.ring(make.delta(here))
            assert await live.next(timeout=0) == make.delta(here)

    async def test_a_signal_ends_the_wait(self, stream: EventStream) -> None:
        here = make.conversation_id()
        async with stream.subscribe(here) as live:
            waiting = asyncio.create_task(live.next(timeout=60))
            await asyncio.sleep(0.05)
            await stream.publish(make.bell(here))
            async with asyncio.timeout(PATIENCE):
                assert await waiting == make.bell(here)

    async def test_short_timeouts_lose_nothing(self, stream: EventStream) -> None:
        here = make.conversation_id()

        async def publish() -> None:
            for index in range(50):
                await stream.publish(make.delta(here, index))
                await asyncio.sleep(0.001)

        async with stream.subscribe(here) as live:
            publishing = asyncio.create_task(publish())
            heard: list[Signal] = []
            async with asyncio.timeout(PATIENCE):
                while len(heard) < 50:
                    signal = await live.next(timeout=0.0005)
                    heard += [signal] if signal else []
            await publishing
        assert heard == [make.delta(here, index) for index in range(50)]

    async def test_a_cancelled_wait_loses_nothing(self, stream: EventStream) -> None:
        here = make.conversation_id()
        async with stream.subscribe(here) as live:
            for index in range(20):
                waiting = asyncio.create_task(live.next(timeout=60))
                await asyncio.sleep(0)
                live.ring(make.delta(here, index))
                for _ in range(index % 4):
                    await asyncio.sleep(0)
                waiting.cancel()
                [outcome] = await asyncio.gather(waiting, return_exceptions=True)
                if isinstance(outcome, asyncio.CancelledError):
                    outcome = await live.next(timeout=PATIENCE)
                assert outcome == make.delta(here, index)

    async def test_ringing_reaches_one_listener(self, stream: EventStream) -> None:
        here = make.conversation_id()
        async with stream.subscribe(here) as one, stream.subscribe(here) as other:
            one.ring(make.delta(here, 0))
            await stream.publish(make.delta(here, 1))
            assert await _heard(one, 2) == [make.delta(here, 0), make.delta(here, 1)]
            assert await other.next(timeout=PATIENCE) == make.delta(here, 1)

    async def test_a_slow_listener_loses_what_passed_first(self, stream: EventStream) -> None:
        """Never the last bell, and not what passed last."""
        here = make.conversation_id()
        async with stream.subscribe(here) as live:
            for index in range(10_000):
                live.ring(make.delta(here, index))
                if index % 1_000 == 0:
                    live.ring(make.bell(here, index // 1_000 + 1))
            heard: list[Signal] = []
            while signal := await live.next(timeout=0.01):
                heard.append(signal)
        bells = [signal.seq for signal in heard if isinstance(signal, Bell)]
        passed = [signal.index for signal in heard if isinstance(signal, TurnDelta)]
        assert bells[-1] == 10
        assert bells == sorted(bells)
        assert 0 < len(passed) < 10_000
        assert passed == list(range(10_000 - len(passed), 10_000))

    async def test_a_slow_listener_slows_nobody_down(self, stream: EventStream) -> None:
        here = make.conversation_id()
        async with stream.subscribe(here), stream.subscribe(here) as quick:
            async with asyncio.timeout(PATIENCE):
                for index in range(2_000):
                    await stream.publish(make.delta(here, index))
            heard = 0
            while signal := await quick.next(timeout=1):
                heard += 1
                if signal == make.delta(here, 1_999):
                    break
            assert signal == make.delta(here, 1_999)
            assert heard <= 2_000

    @pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
    async def test_odd_text_passes_or_is_lost_and_harms_nothing(
        self, stream: EventStream, text: str
    ) -> None:
        here = make.conversation_id()
        async with stream.subscribe(here) as live:
            await stream.publish(make.delta(here, 0, text))
            await stream.publish(make.bell(here, 9))
            heard = await live.next(timeout=PATIENCE)
            if isinstance(heard, TurnDelta):
                assert heard == make.delta(here, 0, text)
                heard = await live.next(timeout=PATIENCE)
            assert heard == make.bell(here, 9)


class SharedEventStreamContract(EventStreamContract):
    """Give it `streams`: two streams that stand for two processes on one store.

    And `interrupt`, which cuts both off from one another and returns once they are back.
    """

    @pytest.fixture
    def streams(self) -> Sequence[EventStream]:
        """Give two streams on one store, as two processes have them."""
        raise NotImplementedError

    @pytest.fixture
    def stream(self, streams: Sequence[EventStream]) -> EventStream:
        return streams[0]

    @pytest.fixture
    def interrupt(self) -> Callable[[], Awaitable[None]]:
        """Give a function that breaks the connection of both streams."""
        raise NotImplementedError

    async def test_signals_reach_the_other_process(self, streams: Sequence[EventStream]) -> None:
        here = make.conversation_id()
        for near, far in (streams, streams[::-1]):
            async with far.subscribe(here) as live:
                for signal in (make.bell(here, 3), make.delta(here)):
                    await near.publish(signal)
                    assert await live.next(timeout=PATIENCE) == signal

    async def test_each_signal_is_heard_once_in_each_process(
        self, streams: Sequence[EventStream]
    ) -> None:
        here = make.conversation_id()
        near, far = streams
        async with near.subscribe(here) as inside, far.subscribe(here) as outside:
            for index in range(20):
                await near.publish(make.delta(here, index))
            expected = [make.delta(here, index) for index in range(20)]
            assert await _heard(outside, 20) == expected
            assert await _heard(inside, 20) == expected
            await far.publish(make.delta(here, 99))
            for live in (inside, outside):
                assert await live.next(timeout=PATIENCE) == make.delta(here, 99)
                assert await live.next(timeout=0.2) is None

    async def test_order_holds_in_the_other_process(self, streams: Sequence[EventStream]) -> None:
        here = make.conversation_id()
        near, far = streams
        signals: list[Signal] = []
        for n in range(50):
            signals += [make.delta(here, n), make.bell(here, n + 1)]
        async with far.subscribe(here) as live:
            for signal in signals:
                await near.publish(signal)
            assert await _heard(live, len(signals)) == signals

    async def test_the_last_bell_reaches_the_other_process(
        self, streams: Sequence[EventStream]
    ) -> None:
        here = make.conversation_id()
        near, far = streams
        async with far.subscribe(here) as live:
            for seq in range(1, 1_001):
                await near.publish(make.bell(here, seq))
            last: Signal | None = None
            while last != make.bell(here, 1_000):
                last = await live.next(timeout=PATIENCE)
                assert last is not None

    @pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
    async def test_odd_text_crosses_or_is_lost_and_harms_nothing(
        self, streams: Sequence[EventStream], text: str
    ) -> None:
        here = make.conversation_id()
        near, far = streams
        async with far.subscribe(here) as live:
            await near.publish(make.delta(here, 0, text), make.bell(here, 9))
            heard = await live.next(timeout=PATIENCE)
            if isinstance(heard, TurnDelta):
                assert heard == make.delta(here, 0, text)
                heard = await live.next(timeout=PATIENCE)
            assert heard == make.bell(here, 9)

    async def test_after_an_interruption_every_listener_gets_a_bell(
        self, streams: Sequence[EventStream], interrupt: Callable[[], Awaitable[None]]
    ) -> None:
        here, there = make.conversation_id(), make.conversation_id()
        near, far = streams
        async with (
            near.subscribe(here) as one,
            far.subscribe(here) as two,
            far.subscribe(there) as three,
        ):
            await interrupt()
            for live, where in ((one, here), (two, here), (three, there)):
                signal = await live.next(timeout=PATIENCE)
                assert isinstance(signal, Bell)
                assert signal.conversation_id == where
            await near.publish(make.delta(there, 1))
            heard: Signal | None = make.bell(there)
            while isinstance(heard, Bell):
                heard = await three.next(timeout=PATIENCE)
            assert heard == make.delta(there, 1)


async def _heard(live: Subscription, count: int) -> list[Signal]:
    heard: list[Signal] = []
    for _ in range(count):
        signal = await live.next(timeout=PATIENCE)
        assert signal is not None
        heard.append(signal)
    return heard

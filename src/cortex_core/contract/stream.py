"""What an `EventStream` must do."""

from __future__ import annotations

import asyncio
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
            assert await next_signals(stays, 2) == [make.delta(here, 0), make.delta(here, 1)]
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
            assert await next_signals(live, len(signals)) == signals

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
            assert await next_signals(one, 2) == [make.delta(here, 0), make.delta(here, 1)]
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


async def next_signals(live: Subscription, count: int) -> list[Signal]:
    """Return the next *count* signals."""
    signals: list[Signal] = []
    for _ in range(count):
        signal = await live.next(timeout=PATIENCE)
        assert signal is not None
        signals.append(signal)
    return signals

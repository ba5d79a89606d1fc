"""What an `EventStream` must do between several processes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest

from cortex_core.contract import make
from cortex_core.contract.stream import ODD, PATIENCE, EventStreamContract, next_signals
from cortex_core.domain.events import Bell, Signal, TurnDelta
from cortex_core.ports import EventStream


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
            assert await next_signals(outside, 20) == expected
            assert await next_signals(inside, 20) == expected
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
            assert await next_signals(live, len(signals)) == signals

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

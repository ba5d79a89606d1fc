from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cortex_adapters.memory.stream import MemoryEventStream
from cortex_core.contract import make
from cortex_core.domain.events import Bell, Signal
from cortex_core.ports import Subscription

HERE, THERE = make.conversation_id(), make.conversation_id()


async def heard(live: Subscription) -> list[Signal]:
    signals: list[Signal] = []
    while signal := await live.next(timeout=0):
        signals.append(signal)
    return signals


async def test_bells_right_behind_one_another_are_one() -> None:
    async with MemoryEventStream().subscribe(HERE) as live:
        for signal in (make.bell(HERE, 1), make.bell(HERE, 3), make.bell(HERE, 2)):
            live.ring(signal)
        live.ring(make.delta(HERE))
        live.ring(make.bell(HERE, 4))
        assert await heard(live) == [make.bell(HERE, 3), make.delta(HERE), make.bell(HERE, 4)]


async def test_bells_of_two_conversations_stay_two() -> None:
    async with MemoryEventStream().subscribe(HERE) as live:
        live.ring(make.bell(HERE, 1))
        live.ring(make.bell(THERE, 2))
        assert await heard(live) == [make.bell(HERE, 1), make.bell(THERE, 2)]


async def test_a_bell_for_any_place_stays_one() -> None:
    """Whoever has read further than the other bells say must look all the same."""
    async with MemoryEventStream().subscribe(HERE) as live:
        for signal in (make.bell(HERE, 5), make.bell(HERE, 0), make.bell(HERE, 6)):
            live.ring(signal)
        assert await heard(live) == [make.bell(HERE, 0)]


async def test_a_full_place_drops_the_oldest_passing_signal() -> None:
    async with MemoryEventStream(capacity=4).subscribe(HERE) as live:
        live.ring(make.bell(HERE, 1))
        for index in range(6):
            live.ring(make.delta(HERE, index))
        assert await heard(live) == [
            make.bell(HERE, 1),
            make.delta(HERE, 3),
            make.delta(HERE, 4),
            make.delta(HERE, 5),
        ]


async def test_bells_that_meet_over_a_gap_become_one() -> None:
    async with MemoryEventStream(capacity=4).subscribe(HERE) as live:
        for n in range(20):
            live.ring(make.delta(HERE, n))
            live.ring(make.bell(HERE, n + 1))
        assert await heard(live) == [
            make.bell(HERE, 19),
            make.delta(HERE, 19),
            make.bell(HERE, 20),
        ]


async def test_the_smallest_place_keeps_the_bell() -> None:
    async with MemoryEventStream(capacity=1).subscribe(HERE) as live:
        for n in range(5):
            live.ring(make.delta(HERE, n))
            live.ring(make.bell(HERE, n + 1))
            live.ring(make.delta(HERE, n))
        assert await heard(live) == [make.bell(HERE, 5)]


@given(plan=st.lists(st.booleans(), max_size=40), capacity=st.integers(1, 6))
async def test_whatever_comes_the_place_holds_and_the_last_bell_is_kept(
    plan: list[bool], capacity: int
) -> None:
    async with MemoryEventStream(capacity).subscribe(HERE) as live:
        rung: list[Signal] = []
        for n, is_bell in enumerate(plan):
            rung.append(make.bell(HERE, n + 1) if is_bell else make.delta(HERE, n))
            live.ring(rung[-1])
        found = await heard(live)
    assert len(found) <= capacity
    assert [signal for signal in rung if signal in found] == found
    for one, other in pairwise(found):
        assert not (isinstance(one, Bell) and isinstance(other, Bell))
    assert [s for s in found if isinstance(s, Bell)][-1:] == [
        s for s in rung if isinstance(s, Bell)
    ][-1:]


async def test_waking_rings_for_every_listener() -> None:
    stream = MemoryEventStream()
    stream.wake()
    async with stream.subscribe(HERE) as one, stream.subscribe(HERE) as two:
        async with stream.subscribe(THERE) as three:
            stream.wake()
            assert await heard(one) == await heard(two) == [make.bell(HERE, 0)]
            assert await heard(three) == [make.bell(THERE, 0)]
        stream.wake()
        assert await heard(three) == []


async def test_nothing_is_kept_of_those_who_left() -> None:
    stream = MemoryEventStream()
    for _ in range(3):
        async with stream.subscribe(HERE), stream.subscribe(HERE), stream.subscribe(THERE):
            assert len(stream._listeners) == 2
        assert not stream._listeners

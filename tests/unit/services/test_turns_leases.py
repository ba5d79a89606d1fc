"""Crashes and lost leases: a turn goes on elsewhere, never twice, never forgotten."""

import asyncio
from collections.abc import AsyncGenerator

from cortex_adapters.memory.telemetry import RecordedSpan
from cortex_core.contract import make
from cortex_core.domain.errors import NotAcceptableError
from cortex_core.domain.models import TurnStatus
from cortex_core.ports import Prompt
from tests.unit.services.assistants import Gated, echo
from tests.unit.services.scene import Link, until
from tests.unit.services.workers import House, working

LEASE = 30.0


class Stumbling:
    """Speaks until it is let go on; then the first attempt stumbles, and the second ends."""

    def __init__(self) -> None:
        self.gates = {1: asyncio.Event(), 2: asyncio.Event()}
        self.begun: list[int] = []

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        attempt = prompt.turn.attempts
        self.begun.append(attempt)
        await self.gates[attempt].wait()
        if attempt == 1:
            raise RuntimeError
        yield "At last."


async def _crash(house: House, assistant: Gated, **how: float) -> None:
    """Have a worker begin whatever is due, and die: nothing it does reaches the store any more."""
    link = Link(house.store)
    begun = len([kind for kind in await house.types() if kind == "turn.started"])
    task = asyncio.create_task(house.worker(assistant, link=link, lease=LEASE).run())
    await assistant.begun()
    link.away = True
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len([kind for kind in await house.types() if kind == "turn.started"]) > begun


async def test_after_a_crash_another_worker_answers_when_the_lease_has_ended(house: House) -> None:
    turn_id = await house.ask("Hello.")
    await _crash(house, Gated())
    assert (await house.turn(turn_id)).status is TurnStatus.RUNNING
    assistant = echo()
    async with working(house.worker(assistant)):
        house.clock.advance(LEASE - 0.001)
        await house.looked()
        assert not assistant.asked
        house.clock.advance(0.001)
        await house.ended()
    assert assistant.asked == [("Hello.", 2)]
    assert await house.types() == [
        "message.created",
        "turn.started",
        "turn.started",
        "message.created",
        "turn.completed",
    ]
    assert (await house.turn(turn_id)).attempts == 2
    assert not house.errors.reports


async def test_fault_45_three_crashes_end_in_a_failure_for_all_to_see(house: House) -> None:
    turn_id = await house.ask()
    for _ in range(3):
        await _crash(house, Gated())
        house.clock.advance(LEASE)
    assistant = echo()
    async with working(house.worker(assistant)):
        await house.ended()
        house.clock.advance(10 * LEASE)
        await house.looked()
    assert not assistant.asked
    [(code, message)] = await house.failures()
    assert code == "turn-abandoned"
    assert message
    assert (await house.turn(turn_id)).status is TurnStatus.FAILED
    assert not await house.answers()


async def test_who_finishes_too_late_changes_nothing(house: House) -> None:
    """A worker that slept through its lease wakes up behind the one that took over."""
    sleeper = Gated()
    await house.ask("Hello.")
    async with working(house.worker(sleeper, slots=1, lease=LEASE)):
        await sleeper.begun()
        house.clock.advance(LEASE)
        async with working(house.worker(echo())):
            await house.ended()
        sleeper.gate.set()
        await until(lambda: sleeper.closed == 1)
        await house.looked()
    assert await house.answers() == ["Hello."]
    assert (await house.types()).count("turn.completed") == 1
    assert not await house.failures()
    assert not house.errors.reports


async def test_who_fails_too_late_changes_nothing(house: House) -> None:
    late = Gated(NotAcceptableError())
    await house.ask("Hello.")
    async with working(house.worker(late, slots=1, lease=LEASE)):
        await late.begun()
        house.clock.advance(LEASE)
        async with working(house.worker(echo())):
            await house.ended()
        late.gate.set()
        await until(lambda: late.closed == 1)
        await house.looked()
    assert await house.answers() == ["Hello."]
    assert not await house.failures()


async def test_while_it_finishes_late_the_other_may_still_be_speaking(house: House) -> None:
    """The fence is the attempt and the worker, not the turn's status."""
    sleeper, other = Gated(), Gated()
    await house.ask("Hello.")
    async with working(house.worker(sleeper, slots=1, lease=LEASE)):
        await sleeper.begun()
        house.clock.advance(LEASE)
        async with working(house.worker(other)):
            await other.begun()
            sleeper.gate.set()
            await until(lambda: sleeper.closed == 1)
            await house.looked()
            assert not await house.answers()
            other.gate.set()
            await house.ended()
    assert await house.answers() == ["Well, Hello."]


async def test_who_has_taken_its_own_lost_turn_again_is_not_disturbed_by_itself(
    house: House,
) -> None:
    """As after an outage longer than a lease: what the first attempt says is void."""
    assistant = Stumbling()
    turn_id = await house.ask()
    async with working(house.worker(assistant, lease=LEASE, back_off=0)):
        await until(lambda: assistant.begun == [1])
        house.clock.advance(LEASE)
        await until(lambda: assistant.begun == [1, 2])
        assistant.gates[1].set()
        await until(lambda: len(house.errors.reports) == 1)
        await house.looked()
        assert (await house.turn(turn_id)).attempts == 2
        assistant.gates[2].set()
        await house.ended()
    assert assistant.begun == [1, 2]
    assert await house.answers() == ["At last."]


async def test_a_lease_is_renewed_for_as_long_as_it_takes(house: House) -> None:
    """The keeper renews each third of a lease by the real clock; ours jumps a whole one."""
    assistant, other = Gated(), echo()
    await house.ask("Hello.")
    async with working(house.worker(assistant, lease=0.03)):
        await assistant.begun()
        async with working(house.worker(other)):
            for _ in range(5):
                await _renewed(house)
                house.clock.advance(0.029)
                await house.looked()
            assert not other.asked
        assistant.gate.set()
        await house.ended()
    assert await house.answers() == ["Well, Hello."]


async def _renewed(house: House) -> None:
    spans = house.telemetry.spans
    spans.clear()
    await until(lambda: any(each.attributes.get("outcome") for each in spans if _renews(each)))


def _renews(span: RecordedSpan) -> bool:
    return span.attributes.get("operation") == "turns.renew"


async def test_who_has_lost_its_lease_stops_speaking(house: House) -> None:
    sleeper = Gated()
    await house.ask("Hello.")
    async with working(house.worker(sleeper, lease=0.03)):
        await sleeper.begun()
        # Without a turn of the loop in between, so that it cannot renew first.
        house.clock.advance(1)
        async with house.store.begin() as work:
            [taken] = await work.turns.lease(
                worker="another",
                now=house.clock(),
                until=make.at(9_999),
                limit=1,
            )
        await until(lambda: sleeper.closed == 1)
        await house.looked()
    assert taken.attempts == 2
    assert not await house.answers()
    assert not house.errors.reports
    turn = await house.turn(taken.id)
    assert (turn.status, turn.attempts) == (TurnStatus.RUNNING, 2)


class Reluctant(Gated):
    """Takes its time to stop."""

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        try:
            self.waiting += 1
            await asyncio.Event().wait()
            yield "Never."
        finally:
            self.closed += 1
            await self.gate.wait()


async def test_a_lease_that_is_lost_while_a_slow_assistant_stops_is_no_incident(
    house: House,
) -> None:
    assistant = Reluctant()
    unheard: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    await house.ask()
    async with working(house.worker(assistant, slots=1, lease=0.03, patience=0.01)):
        await until(lambda: assistant.closed == 1)
        house.clock.advance(1)
        async with house.store.begin() as work:
            await work.turns.lease(
                worker="another", now=house.clock(), until=make.at(9_999), limit=1
            )
        await _renewed(house)
        await asyncio.sleep(0.02)
        assistant.gate.set()
        await house.looked()
    assert not unheard
    assert not house.errors.reports
    assert not await house.failures()


async def test_an_outage_does_not_stop_who_is_speaking(house: House) -> None:
    link, assistant = Link(house.store), Gated()
    await house.ask("Hello.")
    async with working(house.worker(assistant, link=link, lease=0.03)):
        await assistant.begun()
        link.away = True
        for _ in range(3):
            await _renewed(house)
        link.away = False
        assistant.gate.set()
        await house.ended()
    assert await house.answers() == ["Well, Hello."]
    assert assistant.closed == 1

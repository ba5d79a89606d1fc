"""Answers that go wrong: tried again where that may help, and failed for all to see."""

import pytest

from cortex_core.domain.errors import (
    BusyError,
    NotAcceptableError,
    NotFoundError,
    OutcomeUnknownError,
    StorageForbiddenError,
    UnavailableError,
)
from cortex_core.domain.events import TurnDelta
from cortex_core.domain.models import TurnStatus
from tests.unit.services.assistants import Endless, Gated, Scripted, echo, fails, says
from tests.unit.services.scene import Link, until
from tests.unit.services.workers import House, working


async def test_what_raises_is_tried_again_later_and_later_and_then_fails(house: House) -> None:
    assistant = fails(ZeroDivisionError("secret"))
    turn_id = await house.ask()
    async with working(house.worker(assistant, back_off=10)):
        for attempt, pause in ((1, 10), (2, 20)):
            await assistant.asked_times(attempt)
            await house.looked()
            assert (await house.turn(turn_id)).status is TurnStatus.QUEUED
            house.clock.advance(pause - 0.001)
            await house.looked()
            assert len(assistant.asked) == attempt
            house.clock.advance(0.001)
        await house.ended()
        await house.looked()
    assert [attempt for _, attempt in assistant.asked] == [1, 2, 3]
    assert await house.types() == [
        "message.created",
        *["turn.started"] * 3,
        "turn.failed",
    ]
    reports = list(house.errors.reports)
    assert [type(report.error) for report in reports] == [ZeroDivisionError] * 3
    [(code, message)] = await house.failures()
    assert code == "internal"
    assert reports[-1].incident in message
    assert "secret" not in message
    turn = await house.turn(turn_id)
    assert (turn.status, turn.attempts) == (TurnStatus.FAILED, 3)
    assert turn.error is not None
    assert (turn.error.code, turn.error.message) == (code, message)


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError(),
        BusyError(),
        UnavailableError(),
        OutcomeUnknownError(),
        StorageForbiddenError(),
    ],
    ids=repr,
)
async def test_one_more_attempt_may_be_enough(house: House, error: Exception) -> None:
    await house.ask("Please.")
    async with working(house.worker(fails(error, times=2), back_off=0)):
        await house.ended()
    assert await house.answers() == ["Please."]
    assert not await house.failures()


async def test_an_error_that_stays_is_not_tried_again(house: House) -> None:
    assistant = fails(NotAcceptableError("Not in this language."))
    await house.ask()
    async with working(house.worker(assistant, back_off=0)):
        await house.ended()
    assert len(assistant.asked) == 1
    assert await house.failures() == [("not-acceptable", "Not in this language.")]
    assert not house.errors.reports


async def test_what_the_assistant_cannot_find_is_its_own_failure(house: House) -> None:
    await house.ask()
    async with working(house.worker(fails(NotFoundError("No such model.")), back_off=0)):
        await house.ended()
    assert await house.failures() == [("not-found", "No such model.")]


async def test_too_slow_is_a_timeout_and_the_assistant_is_told_to_stop(house: House) -> None:
    assistant = Gated()
    await house.ask()
    async with working(house.worker(assistant, patience=0.01, attempts=2, back_off=0)):
        await house.ended()
    assert assistant.closed == 2
    assert await house.failures() == [("timeout", "The assistant took too long to answer.")]
    assert not await house.answers()


async def test_a_timeout_of_the_assistants_own_is_a_timeout_too(house: House) -> None:
    await house.ask()
    async with working(house.worker(fails(TimeoutError()), attempts=1)):
        await house.ended()
    assert [code for code, _ in await house.failures()] == ["timeout"]


@pytest.mark.parametrize(
    "pieces",
    [[], [""], [" ", "\n"], ["x" * 32_000, "y"], ["a\x00b"], ["fine", "\ud83d"], ["\ud83d\ude00"]],
    ids=ascii,
)
async def test_an_answer_that_is_no_message_fails_at_once(house: House, pieces: list[str]) -> None:
    await house.ask()
    async with (
        house.stream.subscribe(house.scene.conversation.id) as live,
        working(house.worker(says(*pieces))),
    ):
        await house.ended()
        while signal := await live.next(timeout=0):
            if isinstance(signal, TurnDelta):
                signal.text.encode()
    [(code, message)] = await house.failures()
    assert code == "invalid-input"
    assert message.startswith("/content: ")
    assert not await house.answers()
    assert (await house.types()).count("turn.started") == 1


async def test_an_answer_without_end_is_cut_off_long_before_memory_is(house: House) -> None:
    assistant = Endless("x" * 1_000)
    await house.ask()
    async with working(house.worker(assistant)):
        await house.ended()
    assert assistant.said <= 33
    assert [code for code, _ in await house.failures()] == ["invalid-input"]


async def test_the_longest_answer_passes(house: House) -> None:
    await house.ask()
    pieces = ["\N{PILE OF POO}" * 16_000] * 2
    async with working(house.worker(says(*pieces))):
        await house.ended()
    assert await house.answers() == ["".join(pieces)]


async def test_an_assistant_that_says_no_text_is_an_incident(house: House) -> None:
    await house.ask()
    strange: list[str] = [b"bytes"]  # type: ignore[list-item]
    async with working(house.worker(says(*strange), attempts=1)):
        await house.ended()
    assert [code for code, _ in await house.failures()] == ["internal"]
    assert len(house.errors.reports) == 1


async def test_fault_45_a_poisoned_question_holds_nobody_else_up(house: House) -> None:
    def script(content: str, attempt: int) -> list[str] | Exception:
        return RuntimeError() if content == "poison" else [content]

    assistant = Scripted(script)
    for _ in range(3):
        await house.ask("poison")
    for n in range(5):
        await house.ask(f"{n}")
    async with working(house.worker(assistant, slots=1, back_off=60)):
        await house.ended(5)
        assert sorted(await house.answers()) == [f"{n}" for n in range(5)]
        while len(await house.failures()) < 3:
            house.clock.advance(120)
            await house.looked()
    assert [code for code, _ in await house.failures()] == ["internal"] * 3


async def test_a_store_that_is_away_for_a_while_costs_time_only(house: House) -> None:
    link, assistant = Link(house.store), Gated()
    await house.ask("first")
    async with working(house.worker(assistant, link=link, lease=30, back_off=0)):
        await assistant.begun()
        link.away = True
        await house.ask("second")
        assistant.gate.set()
        await until(lambda: assistant.closed == 1)
        await house.looked(5)
        assert await house.answers() == []
        link.away = False
        house.clock.advance(31)
        await house.ended(2)
    assert sorted(await house.answers()) == ["Well, first", "Well, second"]
    assert not await house.failures()
    assert not house.errors.reports


async def test_a_failure_that_could_not_be_stored_is_not_forgotten(house: House) -> None:
    link = Link(house.store)

    def script(content: str, attempt: int) -> list[str] | Exception:
        link.away = True
        return NotAcceptableError()

    assistant = Scripted(script)
    turn_id = await house.ask()
    async with working(house.worker(assistant, link=link, lease=30)):
        for attempt in (1, 2, 3):
            await assistant.asked_times(attempt)
            await house.looked()
            link.away = False
            house.clock.advance(31)
        await house.ended()
    assert (await house.turn(turn_id)).status is TurnStatus.FAILED
    assert [code for code, _ in await house.failures()] == ["turn-abandoned"]


async def test_an_error_in_the_worker_itself_stops_no_worker(house: House) -> None:
    """Whatever the store raises: it is an incident, and work goes on."""
    link = Link(house.store)
    begin = link.begin

    def broken(**how):
        raise ZeroDivisionError

    link.begin = broken  # type: ignore[method-assign]
    await house.ask("Still there?")
    async with working(house.worker(echo(), link=link)):
        await house.looked()
        link.begin = begin  # type: ignore[method-assign]
        await house.ended()
    assert await house.answers() == ["Still there?"]
    assert house.errors.reports

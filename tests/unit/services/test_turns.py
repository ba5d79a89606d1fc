"""The worker answers: once, with what it was told, a piece at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

from cortex_adapters.memory.assistant import EchoAssistant
from cortex_adapters.memory.ports import ports_around
from cortex_adapters.memory.repositories.messages import MemoryMessages
from cortex_adapters.memory.store import MemoryUnitOfWork
from cortex_core import Cortex
from cortex_core.domain.commands import PostMessage
from cortex_core.domain.events import (
    Bell,
    MessageCreated,
    TurnCompleted,
    TurnDelta,
    TurnStarted,
)
from cortex_core.domain.ids import UserId
from cortex_core.domain.models import ASSISTANT, Message, MessageRole, TurnStatus
from cortex_core.services.exchange import Exchange
from cortex_core.services.reception import Reception
from cortex_core.services.turns import HISTORY
from tests.unit.services.assistants import Gated, echo
from tests.unit.services.scene import Link, Scene, until
from tests.unit.services.streams import following, untraced
from tests.unit.services.workers import FAR, House, working


async def test_an_answer_is_a_message_in_reply_and_the_turn_is_complete(house: House) -> None:
    asked = await house.scene.say("Hello, you.", respond=True)
    assert asked.turn_id is not None
    async with working(house.worker(EchoAssistant(delay=0))):
        await house.ended()
    _, started, said, completed = (await house.log())[1:]
    assert started.data == TurnStarted(turn_id=asked.turn_id, message_id=asked.id, attempt=1)
    assert isinstance(said.data, MessageCreated)
    answer = said.data.message
    assert (answer.content, answer.role) == ("Hello, you.", MessageRole.ASSISTANT)
    assert (answer.author, answer.in_reply_to) == (ASSISTANT, asked.id)
    assert answer.seq == said.seq
    assert completed.data == TurnCompleted(
        turn_id=asked.turn_id, message_id=asked.id, answer_id=answer.id
    )
    assert {event.actor for event in (started, said, completed)} == {ASSISTANT}
    turn = await house.turn(asked.turn_id)
    assert (turn.status, turn.attempts, turn.error) == (TurnStatus.COMPLETED, 1, None)
    assert not house.errors.reports


async def test_the_pieces_are_told_in_passing_between_beginning_and_end(house: House) -> None:
    here = house.scene.conversation.id
    async with house.stream.subscribe(here) as live:
        turn_id = await house.ask("one two three")
        async with working(house.worker(EchoAssistant(delay=0))):
            await house.ended()
        heard = []
        while signal := await live.next(timeout=0):
            heard.append(untraced(signal))
    deltas = [
        TurnDelta(conversation_id=here, turn_id=turn_id, attempt=1, index=index, text=text)
        for index, text in enumerate(["one", " two", " three"])
    ]
    bells = [Bell(conversation_id=here, seq=seq) for seq in (3, 5)]
    assert heard == [bells[0], *deltas, bells[1]]


async def test_the_assistant_is_told_what_was_said_before_and_nothing_later(house: House) -> None:
    assistant = echo()
    for n in range(HISTORY + 10):
        await house.scene.say(f"{n}")
    first = await house.ask("First?")
    async with working(house.worker(assistant)):
        await house.ended()
        await house.scene.say("Thanks.")
        await house.ask("Second?")
        await house.ended(2)
    one, two = assistant.prompts
    assert one.turn.id == first
    assert one.conversation.id == house.scene.conversation.id
    said = [message.content for message in one.history]
    assert said == [*(f"{n}" for n in range(11, HISTORY + 10)), "First?"]
    assert [message.content for message in two.history][-4:] == [
        "First?",
        "First?",
        "Thanks.",
        "Second?",
    ]
    assert two.history[-3].role is MessageRole.ASSISTANT


async def test_a_later_message_is_no_part_of_an_earlier_question(house: House) -> None:
    assistant = echo()
    await house.ask("First?")
    await house.scene.say("By the way,")
    await house.ask("Second?")
    async with working(house.worker(assistant, slots=1)):
        await house.ended(2)
    assert [message.content for message in assistant.prompts[0].history] == ["First?"]


async def test_posting_wakes_the_worker_of_this_process(house: House) -> None:
    """Its own look at the queue would come an hour later."""
    worker = house.worker(echo(), poll=FAR)
    ports = house.scene.cortex.ports
    exchange = Exchange(ports, Reception(ports), on_turn=worker.wake)
    async with working(worker):
        await asyncio.sleep(0)
        for count in (1, 2):
            await exchange.post(
                house.scene.editor,
                house.scene.conversation.id,
                PostMessage(content="Hello.", respond=True),
            )
            await house.ended(count)


async def test_the_core_works_while_it_is_asked_to(scene: Scene) -> None:
    ports = ports_around(scene.cortex.ports.store, assistant=EchoAssistant(delay=0))
    cortex = Cortex(ports)
    async with cortex.working(), following(scene.at(cortex), after=1) as follower:
        await scene.at(cortex).say("Hello.", respond=True)
        assert await follower.seqs(4) == [2, 3, 4, 5]
        cortex.leave()
        await follower.goodbye()


async def test_only_so_many_are_answered_at_a_time(house: House) -> None:
    assistant = Gated()
    for n in range(7):
        await house.ask(f"{n}")
    async with working(house.worker(assistant, slots=3)):
        await until(lambda: assistant.waiting == 3)
        await asyncio.sleep(0.02)
        assert (await house.types()).count("turn.started") == 3
        assistant.gate.set()
        await house.ended(7)
    assert assistant.most == 3
    assert sorted(await house.answers()) == [f"Well, {n}" for n in range(7)]


async def test_questions_are_taken_in_the_order_they_were_asked(house: House) -> None:
    assistant = echo()
    for n in range(6):
        await house.ask(f"{n}")
        house.clock.advance(1)
    async with working(house.worker(assistant, slots=1)):
        await house.ended(6)
    assert [content for content, _ in assistant.asked] == [f"{n}" for n in range(6)]


async def test_workers_that_race_answer_each_question_once(house: House) -> None:
    assistants = [echo() for _ in range(4)]
    questions = [f"{n}" for n in range(30)]
    for question in questions:
        await house.ask(question)
    async with working(*(house.worker(assistant, slots=2) for assistant in assistants)):
        await house.ended(30)
    asked = [content for assistant in assistants for content, _ in assistant.asked]
    assert sorted(asked) == sorted(questions)
    assert sorted(await house.answers()) == sorted(questions)


async def test_a_conversation_deleted_meanwhile_is_no_incident(house: House) -> None:
    assistant = Gated()
    await house.ask()
    async with working(house.worker(assistant)):
        await assistant.begun()
        await house.scene.cortex.conversations.delete(
            house.scene.owner, house.scene.conversation.id
        )
        assistant.gate.set()
        await until(lambda: assistant.closed == 1)
        await house.looked()
    assert not house.errors.reports
    assert not await house.log()


async def test_nothing_to_do_is_no_trouble(house: House) -> None:
    await house.scene.say("No question.")
    async with working(house.worker(Gated())):
        await house.looked()
    assert "turn.started" not in await house.types()


class _NoHistory:
    """Messages of a conversation that is deleted before its history is read."""

    def __init__(self, messages: MemoryMessages) -> None:
        self._messages = messages

    def __getattr__(self, name: str) -> object:
        return getattr(self._messages, name)

    async def in_conversation(self, *_: object, **__: object) -> list[Message]:
        return []


class _DeletedBetweenReads(Link):
    @asynccontextmanager
    async def begin(
        self, *, read_only: bool = False, single: bool = False, caller: UserId | None = None
    ) -> AsyncIterator[MemoryUnitOfWork]:
        async with super().begin(read_only=read_only, single=single, caller=caller) as work:
            yield replace(work, messages=cast("MemoryMessages", _NoHistory(work.messages)))


async def test_a_conversation_deleted_between_two_reads_is_no_incident(house: House) -> None:
    await house.ask()
    assistant = Gated()
    async with working(house.worker(assistant, link=_DeletedBetweenReads(house.store))):
        await house.ended(1)
    assert assistant.closed == 0
    assert not house.errors.reports

"""What an `EventLog` must do."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.store import StoreContract, same, stored_conversation, stored_scene
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.events import (
    ConversationUpdated,
    Event,
    Loggable,
    ParticipantAdded,
    ParticipantRemoved,
    Recorded,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from cortex_core.domain.ids import ConversationId
from cortex_core.domain.models import ASSISTANT, Actor, ActorKind, TurnError
from cortex_core.ports import Store

EVERY_KIND: list[Loggable] = [
    TurnStarted(turn_id=make.turn_id(), message_id=make.message_id(), attempt=2),
    TurnCompleted(
        turn_id=make.turn_id(), message_id=make.message_id(), answer_id=make.message_id()
    ),
    TurnFailed(
        turn_id=make.turn_id(),
        message_id=make.message_id(),
        error=TurnError(code="timeout", message='Too "long" \N{PILE OF POO}'),
    ),
    ConversationUpdated(topic="\N{HEBREW LETTER ALEF}", metadata={"a": 1, "b": [None]}, version=2),
    ConversationUpdated(topic="-", metadata={}, version=2**31),
    ParticipantAdded(user_id=make.user_id()),
    ParticipantRemoved(user_id=make.user_id()),
]


class EventsContract(StoreContract):
    """The log of each conversation: what happened, in the order of the commits."""

    @pytest.mark.parametrize(
        "data", EVERY_KIND, ids=lambda data: f"{data.type}-{EVERY_KIND.index(data)}"
    )
    async def test_every_kind_of_event_comes_back(self, store: Store, data: Loggable) -> None:
        scene = await stored_scene(store)
        machine = Actor(kind=ActorKind.MACHINE, id=scene.owner.id)
        actors = (make.actor(scene.owner), machine, ASSISTANT)
        expected = []
        for seq, actor in enumerate(actors, start=1):
            at = make.at(seq)
            event = Event(conversation_id=scene.conversation.id, at=at, actor=actor, data=data)
            expected.append(
                Recorded(
                    conversation_id=event.conversation_id, seq=seq, at=at, actor=actor, data=data
                )
            )
            assert same(await _append(store, event), expected[-1])
        found = await _since(store, scene.conversation.id)
        assert same(found, expected)
        assert {type(recorded.data) for recorded in found} == {type(data)}

    @pytest.mark.parametrize("word", ["", "a", "A-b_c.9" * 9])
    async def test_an_event_keeps_the_correlation_id_of_what_led_to_it(
        self, store: Store, word: str
    ) -> None:
        scene = await stored_scene(store)
        event = replace(make.event(scene.conversation, scene.owner), correlation_id=word)
        assert (await _append(store, event)).correlation_id == word
        [found] = await _since(store, scene.conversation.id)
        assert found.correlation_id == word

    async def test_each_conversation_counts_from_one(self, store: Store) -> None:
        scene = await stored_scene(store)
        other = await stored_conversation(store, scene.workspace)
        seqs = [
            (await _append(store, make.event(talk, scene.owner))).seq
            for talk in (scene.conversation, scene.conversation, other, scene.conversation, other)
        ]
        assert seqs == [1, 2, 1, 3, 2]
        assert [recorded.seq for recorded in await _since(store, other.id)] == [1, 2]

    async def test_the_conversation_knows_its_last_place(self, store: Store) -> None:
        """And an event alone is no activity: version and times stay."""
        scene = await stored_scene(store)
        for place in (1, 2, 3):
            await _append(store, make.event(scene.conversation, scene.owner, at=make.at(place)))
            async with store.begin(read_only=True) as work:
                talk = await work.conversations.get(scene.conversation.id)
            assert talk.last_seq == place
            assert (talk.version, talk.updated_at) == (1, make.NOON)

    async def test_one_unit_may_append_several(self, store: Store) -> None:
        scene = await stored_scene(store)
        async with store.begin() as work:
            seqs = [
                (await work.events.append(make.event(scene.conversation, scene.owner))).seq
                for _ in range(3)
            ]
            inside = await work.events.since(scene.conversation.id, seq=0, limit=9)
        assert seqs == [recorded.seq for recorded in inside] == [1, 2, 3]

    async def test_order_is_that_of_the_places_not_of_the_clock(self, store: Store) -> None:
        scene = await stored_scene(store)
        for at in (5, 1, 3):
            await _append(store, make.event(scene.conversation, scene.owner, at=make.at(at)))
        found = await _since(store, scene.conversation.id)
        assert [recorded.at for recorded in found] == [make.at(5), make.at(1), make.at(3)]

    async def test_reading_begins_after_a_place(self, store: Store) -> None:
        scene = await stored_scene(store)
        for _ in range(5):
            await _append(store, make.event(scene.conversation, scene.owner))
        for seq in range(7):
            for limit in (1, 2, 9):
                found = await _since(store, scene.conversation.id, seq=seq, limit=limit)
                expected = list(range(seq + 1, 6))[:limit]
                assert [recorded.seq for recorded in found] == expected

    async def test_a_conversation_must_exist_to_be_written_in(self, store: Store) -> None:
        scene = await stored_scene(store)
        ghost = make.conversation(scene.workspace)
        with pytest.raises(NotFoundError):
            await _append(store, make.event(ghost, scene.owner))

    async def test_where_there_is_no_conversation_there_is_no_event(self, store: Store) -> None:
        assert await _since(store, make.conversation_id()) == []

    async def test_twenty_events_at_once_leave_no_gap_and_no_double(self, store: Store) -> None:
        scene = await stored_scene(store)
        events = [
            make.event(scene.conversation, scene.owner, ParticipantAdded(user_id=make.user_id()))
            for _ in range(20)
        ]
        recorded = await asyncio.gather(*(_append(store, event) for event in events))
        assert sorted(place.seq for place in recorded) == list(range(1, 21))
        log = await _since(store, scene.conversation.id)
        assert same(log, sorted(recorded, key=lambda place: place.seq))
        assert {place.data for place in log} == {event.data for event in events}

    async def test_a_reader_beside_writers_never_skips_a_place(self, store: Store) -> None:
        """Whoever has seen a place has seen all before it."""
        scene = await stored_scene(store)
        inside = scene.conversation.id

        async def write() -> None:
            async with store.begin() as work:
                await work.events.append(make.event(scene.conversation, scene.owner))
                await asyncio.sleep(0)

        async def read() -> list[int]:
            seen: list[int] = []
            while len(seen) < 20:
                after = seen[-1] if seen else 0
                seen += [event.seq for event in await _since(store, inside, seq=after)]
                await asyncio.sleep(0)
            return seen

        reader = asyncio.create_task(read())
        await asyncio.gather(*(write() for _ in range(20)))
        async with asyncio.timeout(30):
            assert await reader == list(range(1, 21))


async def _append(store: Store, event: Event) -> Recorded:
    async with store.begin() as work:
        return await work.events.append(event)


async def _since(
    store: Store, conversation_id: ConversationId, *, seq: int = 0, limit: int = 99
) -> list[Recorded]:
    async with store.begin(read_only=True, single=True) as work:
        return list(await work.events.since(conversation_id, seq=seq, limit=limit))

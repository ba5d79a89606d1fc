"""What a `MessageRepository` must do."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.store import (
    StoreContract,
    same,
    stored_conversation,
    stored_scene,
)
from cortex_core.domain.errors import ConflictError, NotFoundError
from cortex_core.domain.events import MessageCreated, Recorded
from cortex_core.domain.ids import ConversationId
from cortex_core.domain.models import ASSISTANT, ActorKind, Conversation, Message, MessageRole, Role
from cortex_core.ports import Store


class MessagesContract(StoreContract):
    """Messages, each in its place in the conversation's log."""

    async def test_a_message_comes_back_with_its_place(self, store: Store) -> None:
        scene = await stored_scene(store)
        note = make.message(scene.conversation, scene.owner, metadata={"b": 1, "a": [None]})
        placed = await _add(store, note)
        assert same(placed, replace(note, seq=1))
        async with store.begin(read_only=True) as work:
            assert same(await work.messages.get(scene.conversation.id, note.id), placed)

    async def test_authors_of_every_kind_come_back(self, store: Store) -> None:
        scene = await stored_scene(store)
        question = make.message(scene.conversation, scene.owner)
        machine = make.actor(scene.owner, ActorKind.MACHINE)
        answer = make.message(
            scene.conversation, ASSISTANT, role=MessageRole.ASSISTANT, in_reply_to=question.id
        )
        notice = make.message(scene.conversation, machine, role=MessageRole.SYSTEM)
        placed = [await _add(store, message) for message in (question, answer, notice)]
        assert same(
            placed,
            [
                replace(message, seq=place)
                for place, message in enumerate((question, answer, notice), start=1)
            ],
        )
        assert same(await _messages(store, scene.conversation), placed)

    async def test_a_message_is_written_in_the_log_in_its_place(self, store: Store) -> None:
        scene = await stored_scene(store)
        note = make.message(
            scene.conversation, scene.owner, metadata={"a": 1}, created_at=make.at(3)
        )
        placed = await _add(store, note)
        assert same(
            await _log(store, scene.conversation),
            [
                Recorded(
                    conversation_id=scene.conversation.id,
                    seq=1,
                    at=make.at(3),
                    actor=note.author,
                    data=MessageCreated(message=placed),
                )
            ],
        )

    async def test_the_event_of_a_message_keeps_the_correlation_id(self, store: Store) -> None:
        scene = await stored_scene(store)
        note, other = (make.message(scene.conversation, scene.owner) for _ in range(2))
        async with store.begin() as work:
            await work.messages.add(note, correlation_id="one")
            posted = await work.messages.post(
                other, turn=None, roles=frozenset(Role), correlation_id="two"
            )
        assert posted is not None
        log = await _log(store, scene.conversation)
        assert [recorded.correlation_id for recorded in log] == ["one", "two"]

    async def test_messages_and_events_share_one_row_of_places(self, store: Store) -> None:
        scene = await stored_scene(store)
        first = await _add(store, make.message(scene.conversation, scene.owner))
        async with store.begin() as work:
            second = await work.events.append(make.event(scene.conversation, scene.owner))
        third = await _add(store, make.message(scene.conversation, scene.owner))
        assert [first.seq, second.seq, third.seq] == [1, 2, 3]
        assert same(await _messages(store, scene.conversation), [first, third])
        assert (await _stored(store, scene.conversation.id)).last_seq == 3

    async def test_each_conversation_counts_for_itself(self, store: Store) -> None:
        scene = await stored_scene(store)
        other = await stored_conversation(store, scene.workspace)
        seqs = [
            (await _add(store, make.message(talk, scene.owner))).seq
            for talk in (scene.conversation, other, scene.conversation, other)
        ]
        assert seqs == [1, 1, 2, 2]
        assert len(await _messages(store, other)) == 2

    async def test_a_message_moves_the_conversation_forward_in_time(self, store: Store) -> None:
        scene = await stored_scene(store)
        for created, expected in ((3, 3), (2, 3), (3, 3), (5, 5), (-9, 5)):
            note = make.message(scene.conversation, scene.owner, created_at=make.at(created))
            await _add(store, note)
            found = await _stored(store, scene.conversation.id)
            assert found.updated_at == make.at(expected)
        found = await _stored(store, scene.conversation.id)
        assert same(found, replace(scene.conversation, last_seq=5, updated_at=make.at(5)))

    async def test_places_follow_the_commits_not_the_clock(self, store: Store) -> None:
        scene = await stored_scene(store)
        for created in (5, 1, 3):
            note = make.message(scene.conversation, scene.owner, created_at=make.at(created))
            await _add(store, note)
        found = await _messages(store, scene.conversation)
        assert [message.created_at for message in found] == [make.at(5), make.at(1), make.at(3)]

    async def test_its_conversation_must_exist(self, store: Store) -> None:
        scene = await stored_scene(store)
        ghost = make.conversation(scene.workspace)
        note = make.message(ghost, scene.owner)
        with pytest.raises(NotFoundError):
            await _add(store, note)
        assert await _messages(store, ghost) == []

    async def test_a_message_id_is_taken_once(self, store: Store) -> None:
        scene = await stored_scene(store)
        other = await stored_conversation(store, scene.workspace)
        placed = await _add(store, make.message(scene.conversation, scene.owner))
        for talk in (scene.conversation, other):
            rival = replace(make.message(talk, scene.owner, "Rival"), id=placed.id)
            with pytest.raises(ConflictError):
                await _add(store, rival)
            assert (await _stored(store, talk.id)).last_seq == int(talk is scene.conversation)
        assert same(await _messages(store, scene.conversation), [placed])
        assert await _log(store, other) == []

    async def test_a_message_is_found_in_its_own_conversation_only(self, store: Store) -> None:
        scene, other = await stored_scene(store), await stored_scene(store)
        note = await _add(store, make.message(scene.conversation, scene.owner))
        for talk in (other.conversation.id, make.conversation_id()):
            async with store.begin(read_only=True) as work:
                with pytest.raises(NotFoundError):
                    await work.messages.get(talk, note.id)
        async with store.begin(read_only=True) as work:
            with pytest.raises(NotFoundError):
                await work.messages.get(scene.conversation.id, make.message_id())

    async def test_twenty_messages_at_once_leave_no_gap_and_no_double(self, store: Store) -> None:
        scene = await stored_scene(store)
        notes = [make.message(scene.conversation, scene.owner, f"Note {n}") for n in range(20)]
        placed = await asyncio.gather(*(_add(store, note) for note in notes))
        assert sorted(message.seq for message in placed) == list(range(1, 21))
        in_order = sorted(placed, key=lambda message: message.seq)
        assert same(await _messages(store, scene.conversation), in_order)
        log = await _log(store, scene.conversation)
        assert [recorded.seq for recorded in log] == list(range(1, 21))
        assert same(
            [recorded.data for recorded in log],
            [MessageCreated(message=message) for message in in_order],
        )
        assert (await _stored(store, scene.conversation.id)).last_seq == 20

    async def test_writers_who_fail_leave_no_gap(self, store: Store) -> None:
        """Some give up after their message had its place."""
        scene = await stored_scene(store)

        async def write(n: int) -> int | None:
            try:
                async with store.begin() as work:
                    note = make.message(scene.conversation, scene.owner, f"Note {n}")
                    placed = await work.messages.add(note)
                    await asyncio.sleep(0)
                    if n % 3 == 0:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                return None
            return placed.seq

        seqs = await asyncio.gather(*(write(n) for n in range(21)))
        assert sorted(seq for seq in seqs if seq) == list(range(1, 15))
        log = await _log(store, scene.conversation)
        assert [recorded.seq for recorded in log] == list(range(1, 15))


async def _add(store: Store, message: Message) -> Message:
    async with store.begin() as work:
        return await work.messages.add(message)


async def _messages(store: Store, conversation: Conversation) -> list[Message]:
    async with store.begin(read_only=True) as work:
        found = await work.messages.in_conversation(conversation.id, after=None, limit=99)
        return list(found)


async def _log(store: Store, conversation: Conversation) -> list[Recorded]:
    async with store.begin(read_only=True) as work:
        return list(await work.events.since(conversation.id, seq=0, limit=99))


async def _stored(store: Store, conversation_id: ConversationId) -> Conversation:
    async with store.begin(read_only=True) as work:
        return await work.conversations.get(conversation_id)

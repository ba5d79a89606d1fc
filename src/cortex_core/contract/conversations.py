"""What a `ConversationRepository` must do with conversations."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.store import (
    Scene,
    StoreContract,
    same,
    stored_conversation,
    stored_scene,
)
from cortex_core.domain.errors import ConflictError, NotFoundError, StaleVersionError
from cortex_core.domain.ids import ConversationId
from cortex_core.domain.models import Conversation, Role
from cortex_core.ports import Store


class ConversationsContract(StoreContract):
    """Conversations: adding, reading, changing, deleting."""

    async def test_a_conversation_is_stored(self, store: Store) -> None:
        scene = await stored_scene(store)
        talk = make.conversation(
            scene.workspace,
            "Lunch?",
            metadata={"b": [1], "a": {}},
            version=3,
            updated_at=make.at(1),
        )
        await stored_conversation(store, scene.workspace, talk)
        assert same(await _get(store, talk.id), talk)

    async def test_its_workspace_must_exist(self, store: Store) -> None:
        talk = make.conversation(make.workspace())
        with pytest.raises(NotFoundError):
            await stored_conversation(store, make.workspace(), talk)
        with pytest.raises(NotFoundError):
            await _get(store, talk.id)

    async def test_a_conversation_id_is_taken_once(self, store: Store) -> None:
        one, two = await stored_scene(store), await stored_scene(store)
        for workspace in (one.workspace, two.workspace):
            rival = replace(make.conversation(workspace, "Rival"), id=one.conversation.id)
            with pytest.raises(ConflictError):
                await stored_conversation(store, workspace, rival)
        assert same(await _get(store, one.conversation.id), one.conversation)

    async def test_topics_may_repeat(self, store: Store) -> None:
        scene = await stored_scene(store)
        await stored_conversation(
            store, scene.workspace, make.conversation(scene.workspace, scene.conversation.topic)
        )

    async def test_a_changed_conversation_is_stored(self, store: Store) -> None:
        scene = await stored_scene(store)
        changed = replace(
            scene.conversation,
            topic="Supper?",
            metadata={"z": 1, "a": None},
            version=5,
            updated_at=make.at(1),
        )
        await _update(store, changed, version=1)
        assert same(await _get(store, changed.id), changed)

    async def test_a_change_leaves_place_birth_and_log_alone(self, store: Store) -> None:
        scene, other = await stored_scene(store), await stored_scene(store)
        async with store.begin() as work:
            await work.events.append(make.event(scene.conversation, scene.owner))
        changed = replace(
            scene.conversation,
            workspace_id=other.workspace.id,
            created_at=make.at(9),
            last_seq=7,
            topic="Supper?",
            version=2,
        )
        await _update(store, changed, version=1)
        expected = replace(scene.conversation, topic="Supper?", version=2, last_seq=1)
        assert same(await _get(store, changed.id), expected)

    @pytest.mark.parametrize("stale", [0, 2, 99, -1, 2**63, 10**30])
    async def test_a_stale_change_of_a_conversation_is_refused(
        self, store: Store, stale: int
    ) -> None:
        scene = await stored_scene(store)
        with pytest.raises(StaleVersionError):
            await _update(
                store, replace(scene.conversation, topic="Other", version=2), version=stale
            )
        assert same(await _get(store, scene.conversation.id), scene.conversation)

    async def test_of_rival_changes_of_a_conversation_one_wins(self, store: Store) -> None:
        talk = (await stored_scene(store)).conversation
        rivals = [replace(talk, topic=f"Rival {n}", version=2) for n in range(8)]
        outcomes = await asyncio.gather(
            *(_update(store, rival, version=1) for rival in rivals), return_exceptions=True
        )
        assert outcomes.count(None) == 1
        assert [type(o) for o in outcomes if o is not None] == [StaleVersionError] * 7
        assert same(await _get(store, talk.id), rivals[outcomes.index(None)])

    async def test_a_conversation_read_under_a_lock_may_be_changed(self, store: Store) -> None:
        """Ten units read, add one and write, while others post; none is lost, none is stale."""
        scene = await stored_scene(store)

        async def count() -> None:
            async with store.begin() as work:
                access = await work.conversations.access(
                    scene.owner.id, scene.conversation.id, lock=True
                )
                assert access is not None
                talk = access.conversation
                assert talk is not None
                await asyncio.sleep(0)
                changed = replace(talk, version=talk.version + 1, topic=talk.topic + "|")
                await work.conversations.update(changed, version=talk.version)

        async def post() -> None:
            async with store.begin() as work:
                await work.messages.add(make.message(scene.conversation, scene.owner))

        await asyncio.gather(*(step() for _ in range(10) for step in (count, post)))
        found = await _get(store, scene.conversation.id)
        assert (found.version, found.topic, found.last_seq) == (11, "Hello" + "|" * 10, 10)

    async def test_what_is_not_there_is_not_found(self, store: Store) -> None:
        scene = await stored_scene(store)
        ghost = make.conversation(scene.workspace)
        with pytest.raises(NotFoundError):
            await _get(store, ghost.id)
        with pytest.raises(NotFoundError):
            await _update(store, ghost, version=1)
        for version in (None, 1):
            with pytest.raises(NotFoundError):
                await _delete(store, ghost.id, version=version)
        assert same(await _get(store, scene.conversation.id), scene.conversation)

    @pytest.mark.parametrize("stale", [0, 2, -1, 2**63, 10**30])
    async def test_a_stale_delete_of_a_conversation_is_refused(
        self, store: Store, stale: int
    ) -> None:
        talk = (await stored_scene(store)).conversation
        with pytest.raises(StaleVersionError):
            await _delete(store, talk.id, version=stale)
        assert same(await _get(store, talk.id), talk)

    @pytest.mark.parametrize("version", [None, 1])
    async def test_a_deleted_conversation_takes_what_is_inside_and_no_more(
        self, store: Store, version: int | None
    ) -> None:
        gone = await stored_scene(store)
        kept = Scene(
            owner=gone.owner,
            workspace=gone.workspace,
            conversation=await stored_conversation(store, gone.workspace),
        )
        notes = {
            scene.conversation.id: make.message(scene.conversation, scene.owner)
            for scene in (gone, kept)
        }
        turns = {inside: make.turn(note) for inside, note in notes.items()}
        for scene in (gone, kept):
            inside = scene.conversation.id
            async with store.begin() as work:
                await work.conversations.add_participant(
                    make.participant(scene.conversation, scene.owner)
                )
                await work.messages.post(notes[inside], turn=turns[inside], roles=frozenset(Role))
        await _delete(store, gone.conversation.id, version=version)
        async with store.begin() as work:
            leased = await work.turns.lease(worker="w", now=make.at(9), until=make.at(19), limit=9)
            assert [turn.id for turn in leased] == [turns[kept.conversation.id].id]
        async with store.begin(read_only=True) as work:
            found = await work.conversations.in_workspace(kept.workspace.id, after=None, limit=9)
            assert [talk.id for talk in found] == [kept.conversation.id]
            for scene, count in ((gone, 0), (kept, 1)):
                inside = scene.conversation.id
                lists = [
                    await work.conversations.participants(inside, after=None, limit=9),
                    await work.messages.in_conversation(inside, after=None, limit=9),
                    await work.events.since(inside, seq=0, limit=9),
                ]
                assert [len(items) for items in lists] == [count] * 3
        async with store.begin(read_only=True) as work:
            with pytest.raises(NotFoundError):
                await work.messages.get(gone.conversation.id, notes[gone.conversation.id].id)
        async with store.begin(read_only=True) as work:
            with pytest.raises(NotFoundError):
                await work.turns.get(turns[gone.conversation.id].id)

    async def test_a_conversation_with_answers_can_be_deleted(self, store: Store) -> None:
        scene = await stored_scene(store)
        question = make.message(scene.conversation, scene.owner)
        answer = make.message(scene.conversation, scene.owner, in_reply_to=question.id)
        async with store.begin() as work:
            await work.messages.add(question)
            await work.messages.add(answer)
        await _delete(store, scene.conversation.id, version=None)
        with pytest.raises(NotFoundError):
            await _get(store, scene.conversation.id)


async def _get(store: Store, conversation_id: ConversationId) -> Conversation:
    async with store.begin(read_only=True, single=True) as work:
        return await work.conversations.get(conversation_id)


async def _update(store: Store, conversation: Conversation, *, version: int) -> None:
    async with store.begin() as work:
        await work.conversations.update(conversation, version=version)


async def _delete(store: Store, conversation_id: ConversationId, *, version: int | None) -> None:
    async with store.begin() as work:
        await work.conversations.delete(conversation_id, version=version)

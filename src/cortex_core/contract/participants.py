"""What a `ConversationRepository` must know of who takes part."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.store import (
    StoreContract,
    same,
    stored_guest,
    stored_member,
    stored_scene,
    stored_user,
)
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.ids import ConversationId, UserId
from cortex_core.domain.models import Conversation, Participant, Role, User, UserStatus
from cortex_core.domain.policy import ConversationAccess
from cortex_core.ports import Store


class ParticipantsContract(StoreContract):
    """Those who were added by name, and what everybody is to a conversation."""

    async def test_a_user_is_added_by_name_once(self, store: Store) -> None:
        talk = (await stored_scene(store)).conversation
        guest = make.participant(talk, await stored_user(store))
        assert await _add(store, guest) is True
        assert await _add(store, guest) is False
        assert same(await _named(store, talk), [guest])

    async def test_a_member_may_be_added_by_name_too(self, store: Store) -> None:
        scene = await stored_scene(store)
        assert await _add(store, make.participant(scene.conversation, scene.owner))
        access = await _access(store, scene.owner.id, scene.conversation.id)
        assert access is not None
        assert (access.role, access.participant) == (Role.OWNER, True)

    async def test_of_rivals_who_add_a_user_one_did(self, store: Store) -> None:
        talk = (await stored_scene(store)).conversation
        guest = make.participant(talk, await stored_user(store))
        outcomes = await asyncio.gather(*(_add(store, guest) for _ in range(8)))
        assert sorted(outcomes) == [False] * 7 + [True]
        assert same(await _named(store, talk), [guest])

    async def test_user_and_conversation_must_exist(self, store: Store) -> None:
        scene = await stored_scene(store)
        ghost = make.conversation(scene.workspace)
        for talk, user in (
            (scene.conversation, make.user()),
            (ghost, scene.owner),
            (ghost, make.user()),
        ):
            with pytest.raises(NotFoundError):
                await _add(store, make.participant(talk, user))
        assert await _named(store, scene.conversation) == []

    async def test_a_participant_is_removed(self, store: Store) -> None:
        talk = (await stored_scene(store)).conversation
        ada, bob = await stored_guest(store, talk), await stored_guest(store, talk)
        await _remove(store, make.participant(talk, ada))
        assert same(await _named(store, talk), [make.participant(talk, bob)])
        access = await _access(store, ada.id, talk.id)
        assert same(
            access, ConversationAccess(user=ada, conversation=talk, role=None, participant=False)
        )
        assert await _add(store, make.participant(talk, ada)) is True

    async def test_only_who_was_added_by_name_can_be_removed(self, store: Store) -> None:
        scene, other = await stored_scene(store), await stored_scene(store)
        guest = await stored_guest(store, other.conversation)
        for talk, user in (
            (scene.conversation, scene.owner),
            (scene.conversation, guest),
            (scene.conversation, make.user()),
            (make.conversation(scene.workspace), guest),
        ):
            with pytest.raises(NotFoundError):
                await _remove(store, make.participant(talk, user))
        assert len(await _named(store, other.conversation)) == 1

    @pytest.mark.parametrize("role", Role)
    async def test_access_tells_the_role_in_the_workspace(self, store: Store, role: Role) -> None:
        scene = await stored_scene(store)
        bob = await stored_member(store, scene.workspace, role)
        access = await _access(store, bob.id, scene.conversation.id)
        assert same(
            access,
            ConversationAccess(
                user=bob, conversation=scene.conversation, role=role, participant=False
            ),
        )

    async def test_access_tells_who_was_added_by_name(self, store: Store) -> None:
        talk = (await stored_scene(store)).conversation
        guest = await stored_guest(store, talk)
        access = await _access(store, guest.id, talk.id)
        assert same(
            access, ConversationAccess(user=guest, conversation=talk, role=None, participant=True)
        )

    async def test_access_of_a_stranger_tells_nothing(self, store: Store) -> None:
        scene, other = await stored_scene(store), await stored_scene(store)
        await _add(store, make.participant(other.conversation, other.owner))
        access = await _access(store, other.owner.id, scene.conversation.id)
        assert same(
            access,
            ConversationAccess(
                user=other.owner, conversation=scene.conversation, role=None, participant=False
            ),
        )

    async def test_access_to_no_conversation_tells_the_user_alone(self, store: Store) -> None:
        scene = await stored_scene(store)
        access = await _access(store, scene.owner.id, make.conversation_id())
        assert same(
            access,
            ConversationAccess(user=scene.owner, conversation=None, role=None, participant=False),
        )

    async def test_there_is_no_access_to_a_conversation_without_a_user(self, store: Store) -> None:
        scene = await stored_scene(store)
        assert await _access(store, make.user_id(), scene.conversation.id) is None
        assert await _access(store, make.user_id(), make.conversation_id()) is None

    async def test_a_locked_conversation_reads_the_same(self, store: Store) -> None:
        scene = await stored_scene(store)
        async with store.begin() as work:
            access = work.conversations.access
            assert same(
                await access(scene.owner.id, scene.conversation.id, lock=True),
                ConversationAccess(
                    user=scene.owner,
                    conversation=scene.conversation,
                    role=Role.OWNER,
                    participant=False,
                ),
            )
            assert await access(make.user_id(), scene.conversation.id, lock=True) is None

    async def test_visible_gives_the_last_place_to_those_who_may_read(self, store: Store) -> None:
        scene, other = await stored_scene(store), await stored_scene(store)
        talk = scene.conversation
        guest = await stored_guest(store, talk)
        viewer = await stored_member(store, scene.workspace, Role.VIEWER)
        gone = await stored_guest(store, talk)
        await _remove(store, make.participant(talk, gone))
        for disabled in (
            sleeper := await stored_guest(store, talk),
            idler := await stored_member(store, scene.workspace, Role.OWNER),
        ):
            await _disable(store, disabled)
        async with store.begin() as work:
            await work.messages.add(make.message(talk, scene.owner))
            await work.events.append(make.event(talk, scene.owner))
        users = [guest, other.owner, viewer, gone, scene.owner, sleeper, idler, make.user(), guest]
        pairs = [(user.id, talk.id) for user in users]
        pairs += [(other.owner.id, other.conversation.id), (guest.id, make.conversation_id())]
        expected = [2, None, 2, None, 2, None, None, None, 2, 0, None]
        assert await _visible(store, pairs) == expected
        assert await _visible(store, pairs[::-1]) == expected[::-1]

    async def test_visible_takes_any_number_of_pairs_to_a_thousand(self, store: Store) -> None:
        scene = await stored_scene(store)
        seen = (scene.owner.id, scene.conversation.id)
        unseen = (scene.owner.id, make.conversation_id())
        assert await _visible(store, []) == []
        assert await _visible(store, [seen, unseen] * 500) == [0, None] * 500


async def _disable(store: Store, user: User) -> None:
    async with store.begin() as work:
        await work.users.update(replace(user, status=UserStatus.DISABLED))


async def _add(store: Store, participant: Participant) -> bool:
    async with store.begin() as work:
        return await work.conversations.add_participant(participant)


async def _remove(store: Store, participant: Participant) -> None:
    async with store.begin() as work:
        await work.conversations.remove_participant(participant)


async def _named(store: Store, conversation: Conversation) -> list[Participant]:
    async with store.begin(read_only=True) as work:
        return list(await work.conversations.participants(conversation.id, after=None, limit=99))


async def _access(
    store: Store, user_id: UserId, conversation_id: ConversationId
) -> ConversationAccess | None:
    async with store.begin(read_only=True, single=True) as work:
        return await work.conversations.access(user_id, conversation_id)


async def _visible(store: Store, pairs: list[tuple[UserId, ConversationId]]) -> list[int | None]:
    async with store.begin(read_only=True, single=True) as work:
        return list(await work.conversations.visible(pairs))

"""What `MessageRepository.post` must do: say something if the author may."""

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
from cortex_core.domain.errors import ConflictError, NotFoundError
from cortex_core.domain.events import MessageCreated, Recorded
from cortex_core.domain.models import (
    ASSISTANT,
    ActorKind,
    Conversation,
    Message,
    Role,
    Turn,
    UserStatus,
)
from cortex_core.domain.policy import OWNERS, READERS, WRITERS
from cortex_core.ports import Store


class PostsContract(StoreContract):
    """Posting: the check and the message are one."""

    @pytest.mark.parametrize("roles", [WRITERS, READERS, OWNERS, frozenset[Role]()])
    @pytest.mark.parametrize("role", Role)
    async def test_a_member_may_post_with_one_of_the_roles(
        self, store: Store, role: Role, roles: frozenset[Role]
    ) -> None:
        scene = await stored_scene(store)
        bob = await stored_member(store, scene.workspace, role)
        note = make.message(scene.conversation, bob)
        placed = await _post(store, note, roles=roles)
        if role in roles:
            assert same(placed, replace(note, seq=1))
        else:
            assert placed is None
            await _assert_untouched(store, scene.conversation, note)

    @pytest.mark.parametrize("roles", [WRITERS, frozenset[Role]()])
    async def test_whoever_was_added_by_name_may_post(
        self, store: Store, roles: frozenset[Role]
    ) -> None:
        scene = await stored_scene(store)
        guest = await stored_guest(store, scene.conversation)
        note = make.message(scene.conversation, guest)
        assert same(await _post(store, note, roles=roles), replace(note, seq=1))

    async def test_a_viewer_who_was_added_by_name_may_post(self, store: Store) -> None:
        scene = await stored_scene(store)
        bob = await stored_member(store, scene.workspace, Role.VIEWER)
        async with store.begin() as work:
            await work.conversations.add_participant(make.participant(scene.conversation, bob))
        assert await _post(store, make.message(scene.conversation, bob))

    async def test_a_stranger_may_not_post(self, store: Store) -> None:
        scene, other = await stored_scene(store), await stored_scene(store)
        strangers = [
            other.owner,
            await stored_guest(store, other.conversation),
            await stored_user(store),
            make.user(),
        ]
        for stranger in strangers:
            note = make.message(scene.conversation, stranger)
            assert await _post(store, note, turn=make.turn(note), roles=READERS) is None
            await _assert_untouched(store, scene.conversation, note)

    async def test_whoever_left_may_not_post(self, store: Store) -> None:
        scene = await stored_scene(store)
        guest = await stored_guest(store, scene.conversation)
        member = await stored_member(store, scene.workspace, Role.EDITOR)
        async with store.begin() as work:
            await work.conversations.remove_participant(make.participant(scene.conversation, guest))
            await work.workspaces.remove_member(scene.workspace.id, member.id)
        for gone in (guest, member):
            note = make.message(scene.conversation, gone)
            assert await _post(store, note) is None
            await _assert_untouched(store, scene.conversation, note)

    async def test_a_disabled_user_may_not_post(self, store: Store) -> None:
        scene = await stored_scene(store)
        for user in (scene.owner, await stored_guest(store, scene.conversation)):
            async with store.begin() as work:
                await work.users.update(replace(user, status=UserStatus.DISABLED))
            note = make.message(scene.conversation, user)
            assert await _post(store, note, turn=make.turn(note)) is None
            await _assert_untouched(store, scene.conversation, note)

    async def test_nobody_may_post_where_there_is_no_conversation(self, store: Store) -> None:
        scene = await stored_scene(store)
        note = make.message(make.conversation(scene.workspace), scene.owner)
        assert await _post(store, note, turn=make.turn(note)) is None

    async def test_an_author_without_a_user_may_not_post(self, store: Store) -> None:
        scene = await stored_scene(store)
        note = make.message(scene.conversation, ASSISTANT)
        assert await _post(store, note, roles=READERS) is None
        await _assert_untouched(store, scene.conversation, note)

    async def test_a_machine_posts_as_its_user_may(self, store: Store) -> None:
        scene = await stored_scene(store)
        machine = make.actor(scene.owner, ActorKind.MACHINE)
        note = make.message(scene.conversation, machine)
        assert same(await _post(store, note), replace(note, seq=1))

    async def test_a_post_is_logged_and_moves_the_conversation(self, store: Store) -> None:
        scene = await stored_scene(store)
        first = make.message(
            scene.conversation, scene.owner, metadata={"b": 1, "a": 2}, created_at=make.at(3)
        )
        second = make.message(
            scene.conversation, scene.owner, in_reply_to=first.id, created_at=make.at(2)
        )
        placed = [await _post(store, first), await _post(store, second)]
        assert same(placed, [replace(first, seq=1), replace(second, seq=2)])
        async with store.begin(read_only=True) as work:
            inside = scene.conversation.id
            messages = await work.messages.in_conversation(inside, after=None, limit=9)
            log = await work.events.since(inside, seq=0, limit=9)
            talk = await work.conversations.get(inside)
        assert same(list(messages), placed)
        assert same(
            list(log),
            [
                Recorded(
                    conversation_id=inside,
                    seq=message.seq,
                    at=message.created_at,
                    actor=message.author,
                    data=MessageCreated(message=message),
                )
                for message in messages
            ],
        )
        assert same(talk, replace(scene.conversation, last_seq=2, updated_at=make.at(3)))

    async def test_a_turn_is_stored_with_its_message(self, store: Store) -> None:
        scene = await stored_scene(store)
        note = make.message(scene.conversation, scene.owner)
        turn = make.turn(note, created_at=make.at(1))
        assert await _post(store, note, turn=turn)
        async with store.begin(read_only=True) as work:
            assert same(await work.turns.get(turn.id), turn)

    async def test_a_refused_post_stores_no_turn(self, store: Store) -> None:
        scene = await stored_scene(store)
        note = make.message(scene.conversation, await stored_user(store))
        turn = make.turn(note)
        assert await _post(store, note, turn=turn) is None
        async with store.begin(read_only=True) as work:
            with pytest.raises(NotFoundError):
                await work.turns.get(turn.id)

    async def test_a_posted_id_is_taken_once(self, store: Store) -> None:
        scene = await stored_scene(store)
        note = make.message(scene.conversation, scene.owner)
        placed = await _post(store, note)
        rival = replace(note, content="Rival")
        turn = make.turn(rival)
        with pytest.raises(ConflictError):
            await _post(store, rival, turn=turn)
        async with store.begin(read_only=True) as work:
            assert same(await work.messages.get(scene.conversation.id, note.id), placed)
            assert len(await work.events.since(scene.conversation.id, seq=0, limit=9)) == 1
            with pytest.raises(NotFoundError):
                await work.turns.get(turn.id)

    async def test_thirty_posts_at_once_leave_no_gap_and_no_double(self, store: Store) -> None:
        """From members, guests and strangers, in single units, as the server sends them."""
        scene = await stored_scene(store)
        guest = await stored_guest(store, scene.conversation)
        stranger = await stored_user(store)
        authors = [scene.owner, guest, stranger] * 10
        placed = await asyncio.gather(
            *(_post(store, make.message(scene.conversation, author)) for author in authors)
        )
        assert [message is None for message in placed] == [user is stranger for user in authors]
        assert sorted(message.seq for message in placed if message) == list(range(1, 21))
        async with store.begin(read_only=True) as work:
            log = await work.events.since(scene.conversation.id, seq=0, limit=99)
            talk = await work.conversations.get(scene.conversation.id)
        assert [recorded.seq for recorded in log] == list(range(1, 21))
        assert talk.last_seq == 20


async def _post(
    store: Store,
    message: Message,
    *,
    turn: Turn | None = None,
    roles: frozenset[Role] = WRITERS,
) -> Message | None:
    async with store.begin(single=True) as work:
        return await work.messages.post(message, turn=turn, roles=roles)


async def _assert_untouched(store: Store, conversation: Conversation, note: Message) -> None:
    async with store.begin(read_only=True) as work:
        assert same(await work.conversations.get(conversation.id), conversation)
        assert list(await work.events.since(conversation.id, seq=0, limit=9)) == []
        with pytest.raises(NotFoundError):
            await work.messages.get(conversation.id, note.id)

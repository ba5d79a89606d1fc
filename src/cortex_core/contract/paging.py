"""What every list must do when it is read page by page."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeVar

import pytest

from cortex_core.contract import make
from cortex_core.contract.store import (
    StoreContract,
    same,
    stored_conversation,
    stored_guest,
    stored_member,
    stored_scene,
    stored_user,
    stored_workspace,
)
from cortex_core.domain.ids import WorkspaceId
from cortex_core.domain.models import Conversation, Role
from cortex_core.ports import Activity, Store

T = TypeVar("T")
K = TypeVar("K")

LIMITS = [1, 2, 3, 5, 200]
each_limit = pytest.mark.parametrize("limit", LIMITS)


class PagingContract(StoreContract):
    """Lists in order, page after page: nothing twice, nothing left out."""

    @each_limit
    async def test_workspaces_of_a_user_come_by_id(self, store: Store, limit: int) -> None:
        ada = await stored_user(store)
        other = await stored_user(store)
        labs = [make.workspace(created_at=make.at(-n)) for n in range(7)]
        for lab in _shuffled(labs):
            owner = ada if lab in labs[:4] else other
            await stored_workspace(store, owner, lab)
            if owner is other and lab is not labs[6]:
                async with store.begin() as work:
                    await work.workspaces.put_member(make.membership(lab, ada, Role.VIEWER))
        async with store.begin(read_only=True) as work:
            found = await _walked(
                lambda after, most: work.workspaces.of_user(ada.id, after=after, limit=most),
                lambda lab: lab.id,
                limit,
            )
            assert list(await work.workspaces.of_user(make.user_id(), after=None, limit=9)) == []
        assert same(found, labs[:6])

    @each_limit
    async def test_members_come_by_user_id(self, store: Store, limit: int) -> None:
        scene, other = await stored_scene(store), await stored_scene(store)
        users = [make.user() for _ in range(6)]
        for user in _shuffled(users):
            await stored_user(store, user)
        roles = [*Role, *Role]
        members = [make.membership(scene.workspace, scene.owner, Role.OWNER)]
        members += [
            make.membership(scene.workspace, user, role)
            for user, role in zip(users, roles, strict=True)
        ]
        for member in _shuffled(members[1:]):
            async with store.begin() as work:
                await work.workspaces.put_member(member)
        await stored_member(store, other.workspace, Role.EDITOR)
        async with store.begin(read_only=True) as work:
            found = await _walked(
                lambda after, most: work.workspaces.members(
                    scene.workspace.id, after=after, limit=most
                ),
                lambda member: member.user_id,
                limit,
            )
            nowhere = make.workspace_id()
            assert list(await work.workspaces.members(nowhere, after=None, limit=9)) == []
        assert same(found, members)

    @each_limit
    async def test_participants_come_by_user_id(self, store: Store, limit: int) -> None:
        scene, other = await stored_scene(store), await stored_scene(store)
        users = [make.user() for _ in range(6)]
        for user in users:
            await stored_user(store, user)
        for user in _shuffled(users):
            async with store.begin() as work:
                await work.conversations.add_participant(make.participant(scene.conversation, user))
        await stored_guest(store, other.conversation)
        async with store.begin(read_only=True) as work:
            found = await _walked(
                lambda after, most: work.conversations.participants(
                    scene.conversation.id, after=after, limit=most
                ),
                lambda participant: participant.user_id,
                limit,
            )
            nowhere = make.conversation_id()
            assert list(await work.conversations.participants(nowhere, after=None, limit=9)) == []
        assert same(found, [make.participant(scene.conversation, user) for user in users])

    @each_limit
    async def test_conversations_of_a_workspace_come_newest_first(
        self, store: Store, limit: int
    ) -> None:
        """Those of one moment by id, against its order as well."""
        ada = await stored_user(store)
        lab = await stored_workspace(store, ada)
        await stored_scene(store)
        talks = [
            make.conversation(lab, updated_at=make.at(moment))
            for moment in (1, 0.000001, 1, 0, 0.000001, 0, 1)
        ]
        for talk in _shuffled(talks):
            await stored_conversation(store, lab, talk)
        async with store.begin(read_only=True) as work:
            found = await _walked(
                lambda after, most: work.conversations.in_workspace(
                    lab.id, after=after, limit=most
                ),
                _activity,
                limit,
            )
            nowhere = make.workspace_id()
            assert list(await work.conversations.in_workspace(nowhere, after=None, limit=9)) == []
        assert same(found, sorted(talks, key=_activity, reverse=True))

    @each_limit
    async def test_conversations_of_a_user_come_newest_first(
        self, store: Store, limit: int
    ) -> None:
        """From every workspace, by membership or by name, each one once."""
        ada = await stored_user(store)
        own = await stored_workspace(store, ada)
        shared, foreign = (await stored_scene(store)).workspace, await stored_scene(store)
        async with store.begin() as work:
            await work.workspaces.put_member(make.membership(shared, ada, Role.VIEWER))
        async with store.begin(read_only=True) as work:
            talks = list(await work.conversations.in_workspace(shared.id, after=None, limit=9))
        for moment in (0, 1, 0, 2, 1):
            for workspace in (own, shared, foreign.workspace):
                talk = make.conversation(workspace, updated_at=make.at(moment))
                await stored_conversation(store, workspace, talk)
                talks.append(talk)
        readable = [talk for talk in talks if talk.workspace_id != foreign.workspace.id]
        by_name = [talk for talk in talks if talk.workspace_id == foreign.workspace.id][1:4]
        async with store.begin() as work:
            for talk in [*by_name, readable[0], readable[-1]]:
                await work.conversations.add_participant(make.participant(talk, ada))
        async with store.begin(read_only=True) as work:
            found = await _walked(
                lambda after, most: work.conversations.of_user(ada.id, after=after, limit=most),
                _activity,
                limit,
            )
            nobody = make.user_id()
            assert list(await work.conversations.of_user(nobody, after=None, limit=9)) == []
        assert same(found, sorted(readable + by_name, key=_activity, reverse=True))

    async def test_what_is_new_moves_to_the_front(self, store: Store) -> None:
        ada = await stored_user(store)
        lab = await stored_workspace(store, ada)
        talks = [await stored_conversation(store, lab) for _ in range(3)]
        async with store.begin() as work:
            await work.messages.add(make.message(talks[1], ada, created_at=make.at(1)))
            await work.events.append(make.event(talks[0], ada, at=make.at(2)))
        async with store.begin(read_only=True) as work:
            for found in (
                await work.conversations.in_workspace(lab.id, after=None, limit=9),
                await work.conversations.of_user(ada.id, after=None, limit=9),
            ):
                assert [talk.id for talk in found] == [talks[1].id, talks[2].id, talks[0].id]

    async def test_a_place_need_not_be_taken(self, store: Store) -> None:
        """A page begins after its place even if what stood there is gone."""
        ada = await stored_user(store)
        lab = await stored_workspace(store, ada)
        talks = [await stored_conversation(store, lab) for _ in range(5)]
        async with store.begin() as work:
            await work.conversations.delete(talks[2].id, version=None)
        async with store.begin(read_only=True) as work:
            for found in (
                await work.conversations.in_workspace(lab.id, after=_activity(talks[2]), limit=9),
                await work.conversations.of_user(ada.id, after=_activity(talks[2]), limit=9),
            ):
                assert same(list(found), [talks[1], talks[0]])
            after_all = make.workspace_id()
            before_all = WorkspaceId("00000000-0000-7000-8000-000000000000")
            for place, expected in ((before_all, [lab]), (after_all, [])):
                labs = await work.workspaces.of_user(ada.id, after=place, limit=9)
                assert same(list(labs), expected)

    @each_limit
    @pytest.mark.parametrize("order", ["asc", "desc"])
    async def test_messages_come_in_their_places(
        self, store: Store, limit: int, order: Literal["asc", "desc"]
    ) -> None:
        """Forwards and backwards, with other events between them."""
        scene, other = await stored_scene(store), await stored_scene(store)
        messages = []
        async with store.begin() as work:
            for n in range(9):
                await work.messages.add(make.message(other.conversation, other.owner))
                if n % 3 == 0:
                    await work.events.append(make.event(scene.conversation, scene.owner))
                note = make.message(scene.conversation, scene.owner, f"Note {n}")
                messages.append(await work.messages.add(note))
            await work.events.append(make.event(scene.conversation, scene.owner))
        async with store.begin(read_only=True) as work:
            found = await _walked(
                lambda after, most: work.messages.in_conversation(
                    scene.conversation.id, after=after, limit=most, order=order
                ),
                lambda message: message.seq,
                limit,
            )
        assert same(found, messages if order == "asc" else messages[::-1])

    async def test_messages_begin_beyond_any_number(self, store: Store) -> None:
        scene = await stored_scene(store)
        async with store.begin() as work:
            messages = [
                await work.messages.add(make.message(scene.conversation, scene.owner))
                for _ in range(3)
            ]
        low, high = [-(10**30), -(2**63), -1, 0], [4, 2**63 - 1, 2**63, 10**30]
        async with store.begin(read_only=True) as work:
            for after in low + high:
                page = work.messages.in_conversation
                upwards = await page(scene.conversation.id, after=after, limit=9)
                downwards = await page(scene.conversation.id, after=after, limit=9, order="desc")
                events = await work.events.since(scene.conversation.id, seq=after, limit=9)
                assert same(list(upwards), messages if after in low else [])
                assert same(list(downwards), messages[::-1] if after in high else [])
                assert [event.seq for event in events] == ([1, 2, 3] if after in low else [])
            nowhere = make.conversation_id()
            assert list(await work.messages.in_conversation(nowhere, after=None, limit=9)) == []


async def _walked(
    page: Callable[[K | None, int], Awaitable[Sequence[T]]],
    position: Callable[[T], K],
    limit: int,
) -> list[T]:
    """Read page after page; every page but the last is full."""
    found: list[T] = []
    after: K | None = None
    while items := await page(after, limit):
        assert len(items) <= limit
        assert len(found) % limit == 0
        found += items
        after = position(items[-1])
    return found


def _shuffled(items: list[T]) -> list[T]:
    return random.Random(len(items)).sample(items, len(items))  # noqa: S311 - an order, no secret


def _activity(conversation: Conversation) -> Activity:
    return conversation.updated_at, conversation.id

"""Who was added to a conversation by name."""

import asyncio

import pytest

from cortex_core.contract import make
from cortex_core.domain.errors import (
    CortexError,
    InvalidCursorError,
    NotFoundError,
    PermissionDeniedError,
)
from cortex_core.domain.events import Bell, ParticipantAdded, ParticipantRemoved
from cortex_core.domain.models import Participant
from cortex_core.domain.paging import PageRequest, encode_cursor
from tests.unit.services.pages import all_of
from tests.unit.services.rights import Ask, Right, cases, check, check_disabled
from tests.unit.services.scene import Scene, disable, log_of, someone
from tests.unit.services.streams import untraced


async def _put(scene: Scene, who) -> Participant:
    stranger = await scene.id_of(scene.stranger)
    return await scene.cortex.participants.put(who, scene.conversation.id, stranger)


async def _remove(scene: Scene, who) -> None:
    guest = await scene.id_of(scene.guest)
    await scene.cortex.participants.remove(who, scene.conversation.id, guest)


RIGHTS = [
    Right(
        "page",
        lambda s, p: s.cortex.participants.page(p, s.conversation.id, PageRequest()),
        "read:conversations",
        "oevg",
    ),
    Right("put", _put, "write:conversations", "oe"),
    Right("remove", _remove, "write:conversations", "oeg"),
]


@pytest.mark.parametrize(("ask", "permission", "person", "expected"), cases(RIGHTS, blind="s"))
async def test_who_may(
    scene: Scene, ask: Ask, permission: str, person: str, expected: type[CortexError] | None
) -> None:
    await check(scene, ask, permission, person, expected)


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: right.name)
async def test_who_is_disabled_may_do_nothing(scene: Scene, right: Right) -> None:
    await check_disabled(scene, right.ask)


async def test_a_disabled_guest_cannot_even_leave(scene: Scene) -> None:
    guest = await scene.id_of(scene.guest)
    await disable(scene, scene.guest)
    with pytest.raises(PermissionDeniedError):
        await scene.cortex.participants.remove(scene.guest, scene.conversation.id, guest)


async def test_coming_and_going_is_logged_and_told(scene: Scene) -> None:
    here, stranger = scene.conversation.id, await scene.id_of(scene.stranger)
    editor = scene.editor.actor(await scene.id_of(scene.editor))
    async with scene.cortex.ports.events.subscribe(here) as live:
        assert await _put(scene, scene.editor) == Participant(
            conversation_id=here, user_id=stranger
        )
        assert untraced(await live.next(timeout=0)) == Bell(conversation_id=here, seq=2)
        await scene.say(who=scene.stranger)
        await live.next(timeout=0)
        await scene.cortex.participants.remove(scene.editor, here, stranger)
        assert untraced(await live.next(timeout=0)) == Bell(conversation_id=here, seq=4)
    came, _, went = (await log_of(scene.cortex.ports.store, here))[1:]
    assert (came.data, came.actor) == (ParticipantAdded(user_id=stranger), editor)
    assert (went.data, went.actor) == (ParticipantRemoved(user_id=stranger), editor)
    with pytest.raises(NotFoundError):
        await scene.say(who=scene.stranger)


async def test_adding_again_changes_nothing_and_rings_for_nobody(scene: Scene) -> None:
    here, guest = scene.conversation.id, await scene.id_of(scene.guest)
    before = await log_of(scene.cortex.ports.store, here)
    async with scene.cortex.ports.events.subscribe(here) as live:
        await asyncio.gather(
            *(scene.cortex.participants.put(scene.owner, here, guest) for _ in range(5))
        )
        assert await live.next(timeout=0) is None
    assert await log_of(scene.cortex.ports.store, here) == before


async def test_removing_somebody_who_was_not_added_leaves_no_event(scene: Scene) -> None:
    here = scene.conversation.id
    before = await log_of(scene.cortex.ports.store, here)
    for who in (await scene.id_of(scene.stranger), await scene.id_of(scene.viewer), make.user_id()):
        with pytest.raises(NotFoundError):
            await scene.cortex.participants.remove(scene.owner, here, who)
    with pytest.raises(NotFoundError):
        await scene.cortex.participants.put(scene.owner, here, make.user_id())
    assert await log_of(scene.cortex.ports.store, here) == before


async def test_a_guest_cannot_bring_or_remove_others(scene: Scene) -> None:
    stranger = await scene.id_of(scene.stranger)
    with pytest.raises(PermissionDeniedError):
        await scene.cortex.participants.put(scene.guest, scene.conversation.id, stranger)
    await _put(scene, scene.owner)
    with pytest.raises(PermissionDeniedError):
        await scene.cortex.participants.remove(scene.guest, scene.conversation.id, stranger)


async def test_a_member_who_is_added_by_name_may_write_and_stays_after_leaving(
    scene: Scene,
) -> None:
    here, viewer = scene.conversation.id, await scene.id_of(scene.viewer)
    with pytest.raises(PermissionDeniedError):
        await scene.say(who=scene.viewer)
    await scene.cortex.participants.put(scene.owner, here, viewer)
    await scene.say(who=scene.viewer)
    await scene.cortex.members.remove(scene.viewer, scene.workspace.id, viewer)
    await scene.say(who=scene.viewer)


@pytest.mark.parametrize("limit", range(1, 8))
async def test_pages_of_any_size_give_each_once_by_id(scene: Scene, limit: int) -> None:
    here = scene.conversation.id
    for n in range(5):
        user_id = await scene.id_of(someone(f"guest {n}"))
        await scene.cortex.participants.put(scene.owner, here, user_id)
    found = await all_of(
        lambda page: scene.cortex.participants.page(scene.guest, here, page), limit
    )
    ids = [participant.user_id for participant in found]
    assert len(ids) == 6
    assert ids == sorted(set(ids))


async def test_a_cursor_of_another_list_is_no_cursor(scene: Scene) -> None:
    here = scene.conversation.id
    for cursor in (
        encode_cursor(f"members:{scene.workspace.id}", make.new_id()),
        encode_cursor(f"participants:{here}", "x"),
        encode_cursor(f"participants:{here}", 1),
    ):
        with pytest.raises(InvalidCursorError):
            await scene.cortex.participants.page(scene.owner, here, PageRequest(cursor=cursor))

"""Conversations: starting, reading, changing, deleting."""

from datetime import datetime

import pytest

from cortex_core.contract import make
from cortex_core.domain.commands import ChangeConversation, CreateWorkspace, StartConversation
from cortex_core.domain.errors import (
    CortexError,
    InvalidCursorError,
    InvalidInputError,
    NotFoundError,
    StaleVersionError,
)
from cortex_core.domain.events import Bell, ConversationUpdated
from cortex_core.domain.models import Conversation
from cortex_core.domain.paging import PageRequest, encode_cursor
from tests.unit.services.pages import all_of
from tests.unit.services.rights import Ask, Right, cases, check, check_disabled
from tests.unit.services.scene import Clock, Scene, log_of
from tests.unit.services.streams import untraced

START = StartConversation(topic="Plans")
CHANGE = ChangeConversation(topic="Changed")
RIGHTS = [
    Right(
        "start",
        lambda s, p: s.cortex.conversations.start(p, s.workspace.id, START),
        "write:conversations",
        "oe",
    ),
    Right(
        "in_workspace",
        lambda s, p: s.cortex.conversations.in_workspace(p, s.workspace.id, PageRequest()),
        "read:conversations",
        "oev",
    ),
]
INSIDE = [
    Right(
        "get",
        lambda s, p: s.cortex.conversations.get(p, s.conversation.id),
        "read:conversations",
        "oevg",
    ),
    Right(
        "change",
        lambda s, p: s.cortex.conversations.change(p, s.conversation.id, CHANGE),
        "write:conversations",
        "oe",
    ),
    Right(
        "delete",
        lambda s, p: s.cortex.conversations.delete(p, s.conversation.id),
        "write:conversations",
        "oe",
    ),
    Right(
        "mine",
        lambda s, p: s.cortex.conversations.mine(p, PageRequest()),
        "read:conversations",
        "oevgs",
    ),
]


@pytest.mark.parametrize(
    ("ask", "permission", "person", "expected"),
    [*cases(RIGHTS, blind="gs"), *cases(INSIDE, blind="s")],
)
async def test_who_may(
    scene: Scene, ask: Ask, permission: str, person: str, expected: type[CortexError] | None
) -> None:
    await check(scene, ask, permission, person, expected)


@pytest.mark.parametrize("right", [*RIGHTS, *INSIDE], ids=lambda right: right.name)
async def test_who_is_disabled_may_do_nothing(scene: Scene, right: Right) -> None:
    await check_disabled(scene, right.ask)


async def test_what_was_never_there_is_not_found(scene: Scene) -> None:
    conversations, nowhere = scene.cortex.conversations, make.conversation_id()
    with pytest.raises(NotFoundError):
        await conversations.get(scene.owner, nowhere)
    with pytest.raises(NotFoundError):
        await conversations.change(scene.owner, nowhere, CHANGE)
    with pytest.raises(NotFoundError):
        await conversations.delete(scene.owner, nowhere, version=1)
    with pytest.raises(NotFoundError):
        await conversations.start(scene.owner, make.workspace_id(), START)
    with pytest.raises(NotFoundError):
        await conversations.in_workspace(scene.owner, make.workspace_id(), PageRequest())


async def test_what_is_started_is_what_is_read(scene: Scene) -> None:
    command = StartConversation(topic="Plans", metadata={"a": [1]})
    made = await scene.cortex.conversations.start(scene.editor, scene.workspace.id, command)
    assert (made.topic, made.metadata, made.version, made.last_seq) == ("Plans", {"a": [1]}, 1, 0)
    assert await scene.cortex.conversations.get(scene.viewer, made.id) == made
    assert not await log_of(scene.cortex.ports.store, made.id)


async def test_a_change_is_logged_in_the_same_unit_and_told(scene: Scene, clock: Clock) -> None:
    here = scene.conversation.id
    await scene.cortex.conversations.change(
        scene.editor, here, ChangeConversation(metadata={"a": {"b": 1, "c": 2}})
    )
    clock.advance(5)
    async with scene.cortex.ports.events.subscribe(here) as live:
        changed = await scene.cortex.conversations.change(
            scene.editor, here, ChangeConversation(topic="New", metadata={"a": {"b": None}})
        )
        assert untraced(await live.next(timeout=0)) == Bell(
            conversation_id=here, seq=changed.last_seq
        )
    assert (changed.topic, changed.metadata, changed.version) == ("New", {"a": {"c": 2}}, 3)
    assert await scene.cortex.conversations.get(scene.viewer, here) == changed
    event = (await log_of(scene.cortex.ports.store, here))[-1]
    assert (event.seq, event.at) == (changed.last_seq, make.at(5))
    assert event.actor == scene.editor.actor(await scene.id_of(scene.editor))
    assert event.data == ConversationUpdated(topic="New", metadata={"a": {"c": 2}}, version=3)


async def test_a_change_that_changes_nothing_is_not_logged(scene: Scene, clock: Clock) -> None:
    here, before = (
        scene.conversation.id,
        await log_of(scene.cortex.ports.store, scene.conversation.id),
    )
    clock.advance(5)
    same = ChangeConversation(topic=scene.conversation.topic)
    for nothing in (ChangeConversation(), same):
        unchanged = await scene.cortex.conversations.change(scene.editor, here, nothing)
        assert (unchanged.version, unchanged.updated_at) == (1, scene.conversation.updated_at)
    assert await log_of(scene.cortex.ports.store, here) == before


async def test_a_change_that_fails_leaves_no_event(scene: Scene) -> None:
    here, change = scene.conversation.id, scene.cortex.conversations.change
    before = await log_of(scene.cortex.ports.store, here)
    with pytest.raises(StaleVersionError):
        await change(scene.editor, here, CHANGE, version=9)
    with pytest.raises(InvalidInputError) as caught:
        await change(scene.editor, here, ChangeConversation(topic="", metadata={"a": "\x00"}))
    assert [fault.pointer for fault in caught.value.faults] == ["/topic", "/metadata/a"]
    with pytest.raises(StaleVersionError):
        await scene.cortex.conversations.delete(scene.editor, here, version=9)
    assert await log_of(scene.cortex.ports.store, here) == before
    await scene.cortex.conversations.delete(scene.editor, here, version=1)


async def test_a_clock_that_steps_back_takes_no_activity_back(scene: Scene, clock: Clock) -> None:
    clock.advance(60)
    await scene.say()
    clock.advance(-3600)
    changed = await scene.cortex.conversations.change(scene.editor, scene.conversation.id, CHANGE)
    assert changed.updated_at == make.at(60)
    await scene.say()
    again = await scene.cortex.conversations.get(scene.editor, scene.conversation.id)
    assert again.updated_at == make.at(60)


async def test_mine_is_what_i_may_read_and_nothing_else(scene: Scene) -> None:
    mine = scene.cortex.conversations.mine
    other = await scene.cortex.workspaces.create(scene.stranger, CreateWorkspace(name="Lab"))
    hidden = await scene.cortex.conversations.start(scene.stranger, other.id, START)
    second = await scene.cortex.conversations.start(scene.owner, scene.workspace.id, START)
    both = [second.id, scene.conversation.id]
    expected = {
        "owner": both,
        "viewer": both,
        "guest": [scene.conversation.id],
        "stranger": [hidden.id],
    }
    for person, ids in expected.items():
        page = await mine(getattr(scene, person), PageRequest())
        assert [conversation.id for conversation in page.items] == ids, person


@pytest.mark.parametrize("limit", range(1, 8))
async def test_pages_of_any_size_give_each_once_newest_first(
    scene: Scene, clock: Clock, limit: int
) -> None:
    """Those of one moment too."""
    for n in range(5):
        clock.advance(n % 2)
        await scene.cortex.conversations.start(scene.owner, scene.workspace.id, START)
    clock.advance(1)
    await scene.say()

    def place(conversation: Conversation) -> tuple[datetime, str]:
        return conversation.updated_at, conversation.id

    mine = await all_of(lambda page: scene.cortex.conversations.mine(scene.viewer, page), limit)
    assert len({conversation.id for conversation in mine}) == 6
    assert mine == sorted(mine, key=place, reverse=True)
    assert mine[0].id == scene.conversation.id
    inside = await all_of(
        lambda page: scene.cortex.conversations.in_workspace(
            scene.viewer, scene.workspace.id, page
        ),
        limit,
    )
    assert inside == mine


@pytest.mark.parametrize(
    "place",
    [
        ["2026-01-01T00:00:00", make.new_id()],
        ["0001-01-01T00:00:00+14:00", make.new_id()],
        ["2026-01-01T00:00:00Z", "x"],
        ["2026-01-01T00:00:00Z"],
        "2026-01-01T00:00:00Z",
        [5, make.new_id()],
    ],
    ids=repr,
)
async def test_a_forged_cursor_is_no_cursor(scene: Scene, place: object) -> None:
    mine = PageRequest(
        cursor=encode_cursor(f"conversations:{await scene.id_of(scene.owner)}", place)
    )
    with pytest.raises(InvalidCursorError):
        await scene.cortex.conversations.mine(scene.owner, mine)
    inside = PageRequest(cursor=encode_cursor(f"conversations:{scene.workspace.id}", place))
    with pytest.raises(InvalidCursorError):
        await scene.cortex.conversations.in_workspace(scene.owner, scene.workspace.id, inside)

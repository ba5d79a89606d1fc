"""Workspaces: opening, reading, changing, deleting."""

import asyncio

import pytest
from msgspec import UNSET

from cortex_core.contract import make
from cortex_core.domain.commands import ChangeWorkspace, CreateWorkspace
from cortex_core.domain.errors import (
    ConflictError,
    CortexError,
    InvalidCursorError,
    InvalidInputError,
    NotFoundError,
    StaleVersionError,
)
from cortex_core.domain.paging import PageRequest, encode_cursor
from cortex_core.domain.policy import PERMISSIONS
from tests.unit.services.rights import Ask, Right, cases, check, check_disabled
from tests.unit.services.scene import Clock, Scene, someone

CHANGE = ChangeWorkspace(description="Changed")
RIGHTS = [
    Right("get", lambda s, p: s.cortex.workspaces.get(p, s.workspace.id), "read:workspaces", "oev"),
    Right(
        "change",
        lambda s, p: s.cortex.workspaces.change(p, s.workspace.id, CHANGE),
        "write:workspaces",
        "o",
    ),
    Right(
        "delete",
        lambda s, p: s.cortex.workspaces.delete(p, s.workspace.id),
        "write:workspaces",
        "o",
    ),
    Right(
        "create",
        lambda s, p: s.cortex.workspaces.create(p, CreateWorkspace(name="Another")),
        "write:workspaces",
        "oevgs",
    ),
    Right(
        "mine",
        lambda s, p: s.cortex.workspaces.mine(p, PageRequest()),
        "read:workspaces",
        "oevgs",
    ),
]


@pytest.mark.parametrize(("ask", "permission", "person", "expected"), cases(RIGHTS, blind="gs"))
async def test_who_may(
    scene: Scene, ask: Ask, permission: str, person: str, expected: type[CortexError] | None
) -> None:
    await check(scene, ask, permission, person, expected)


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: right.name)
async def test_who_is_disabled_may_do_nothing(scene: Scene, right: Right) -> None:
    await check_disabled(scene, right.ask)


async def test_one_that_was_never_there_is_not_found(scene: Scene) -> None:
    nowhere = make.workspace_id()
    with pytest.raises(NotFoundError):
        await scene.cortex.workspaces.get(scene.owner, nowhere)
    with pytest.raises(NotFoundError):
        await scene.cortex.workspaces.change(scene.owner, nowhere, CHANGE, version=1)
    with pytest.raises(NotFoundError):
        await scene.cortex.workspaces.delete(scene.owner, nowhere)


async def test_what_is_made_is_what_is_read(scene: Scene, clock: Clock) -> None:
    clock.advance(3)
    command = CreateWorkspace(name="Study", description="Quiet.", metadata={"b": 1.0, "a": None})
    made = await scene.cortex.workspaces.create(scene.stranger, command)
    assert (made.version, made.created_at, made.updated_at) == (1, make.at(3), make.at(3))
    assert made.metadata == {"a": None, "b": 1}
    assert await scene.cortex.workspaces.get(scene.stranger, made.id) == made


async def test_a_name_is_one_owners_once(scene: Scene) -> None:
    create = scene.cortex.workspaces.create
    with pytest.raises(ConflictError):
        await create(scene.owner, CreateWorkspace(name=" LAB "))
    another = await create(scene.owner, CreateWorkspace(name="Study"))
    with pytest.raises(ConflictError):
        await scene.cortex.workspaces.change(scene.owner, another.id, ChangeWorkspace(name="lab"))
    await create(scene.stranger, CreateWorkspace(name="Lab"))


async def test_what_is_unset_stays_and_null_empties(scene: Scene, clock: Clock) -> None:
    change = scene.cortex.workspaces.change
    first = await change(
        scene.owner,
        scene.workspace.id,
        ChangeWorkspace(description="Quiet.", metadata={"a": {"b": 1, "c": 2}, "d": [1], "e": 5}),
    )
    assert (first.name, first.description, first.version) == ("Lab", "Quiet.", 2)
    clock.advance(1)
    patch: dict[str, object] = {"a": {"b": None, "x": {"y": None}}, "d": {"z": 1}, "e": None}
    second = await change(scene.owner, first.id, ChangeWorkspace(name="Study", metadata=patch))
    assert second.metadata == {"a": {"c": 2, "x": {}}, "d": {"z": 1}}
    assert (second.name, second.description) == ("Study", "Quiet.")
    assert (second.version, second.created_at, second.updated_at) == (3, make.NOON, make.at(1))
    third = await change(
        scene.owner, first.id, ChangeWorkspace(description=None, metadata=None, name=UNSET)
    )
    assert (third.name, third.description, third.metadata) == ("Study", "", {})
    assert await scene.cortex.workspaces.get(scene.owner, first.id) == third


async def test_a_change_that_changes_nothing_makes_no_version(scene: Scene, clock: Clock) -> None:
    change, here = scene.cortex.workspaces.change, scene.workspace.id
    before = await change(scene.owner, here, ChangeWorkspace(metadata={"a": 1}))
    clock.advance(1)
    for nothing in (ChangeWorkspace(), ChangeWorkspace(name=before.name, metadata={"a": 1})):
        assert await change(scene.owner, here, nothing) == before
    with pytest.raises(StaleVersionError):
        await change(scene.owner, here, ChangeWorkspace(), version=before.version - 1)
    for something in (True, 1.0):
        after = await change(scene.owner, here, ChangeWorkspace(metadata={"a": something}))
        assert after.version == before.version + 1
        before = after


async def test_what_breaks_a_rule_after_merging_changes_nothing(scene: Scene) -> None:
    change = scene.cortex.workspaces.change
    half: dict[str, object] = {"a": "x" * 10_000}
    kept = await change(scene.owner, scene.workspace.id, ChangeWorkspace(metadata=half))
    with pytest.raises(InvalidInputError) as caught:
        await change(
            scene.owner, kept.id, ChangeWorkspace(name=" ", metadata={"b": half["a"], "c": "\x00"})
        )
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [
        ("/name", "blank"),
        ("/metadata/c", "characters"),
    ]
    with pytest.raises(InvalidInputError) as caught:
        await change(scene.owner, kept.id, ChangeWorkspace(metadata={"b": half["a"]}))
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/metadata", "size")]
    assert await scene.cortex.workspaces.get(scene.owner, kept.id) == kept


async def test_a_stale_version_changes_and_deletes_nothing(scene: Scene) -> None:
    workspaces, here = scene.cortex.workspaces, scene.workspace.id
    await workspaces.change(scene.owner, here, CHANGE, version=1)
    for stale in (1, 3, 0, -1):
        with pytest.raises(StaleVersionError):
            await workspaces.change(scene.owner, here, CHANGE, version=stale)
        with pytest.raises(StaleVersionError):
            await workspaces.delete(scene.owner, here, version=stale)
    await workspaces.delete(scene.owner, here, version=2)
    with pytest.raises(NotFoundError):
        await workspaces.get(scene.owner, here)
    with pytest.raises(NotFoundError):
        await scene.cortex.conversations.get(scene.guest, scene.conversation.id)


async def test_of_changes_that_race_on_one_version_one_wins(scene: Scene) -> None:
    outcomes = await asyncio.gather(
        *(
            scene.cortex.workspaces.change(
                scene.owner, scene.workspace.id, ChangeWorkspace(description=f"{n}"), version=1
            )
            for n in range(10)
        ),
        return_exceptions=True,
    )
    lost = [outcome for outcome in outcomes if isinstance(outcome, StaleVersionError)]
    assert len(lost) == 9
    assert (await scene.cortex.workspaces.get(scene.owner, scene.workspace.id)).version == 2


@pytest.mark.parametrize("limit", range(1, 9))
async def test_pages_of_any_size_give_each_once_oldest_first(scene: Scene, limit: int) -> None:
    made = [
        (await scene.cortex.workspaces.create(scene.stranger, CreateWorkspace(name=f"{n}"))).id
        for n in range(7)
    ]
    seen, cursor = [], None
    for _ in range(7 // limit + 1):
        page = await scene.cortex.workspaces.mine(
            scene.stranger, PageRequest(limit=limit, cursor=cursor)
        )
        assert len(page.items) <= limit
        seen += [workspace.id for workspace in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert cursor is None
    assert seen == made


async def test_a_cursor_is_good_for_its_own_list_only(scene: Scene) -> None:
    await scene.cortex.workspaces.create(scene.owner, CreateWorkspace(name="Another"))
    page = await scene.cortex.workspaces.mine(scene.owner, PageRequest(limit=1))
    for who, cursor in [
        (scene.editor, page.next_cursor),
        (scene.owner, f"{page.next_cursor}="),
        (scene.owner, ""),
        (scene.owner, "\u00e9"),
    ]:
        with pytest.raises(InvalidCursorError):
            await scene.cortex.workspaces.mine(who, PageRequest(cursor=cursor))


@pytest.mark.parametrize(
    "place", [1, None, "", "x", "\x00", "\ud800", ["a"], make.new_id().upper()]
)
async def test_a_forged_cursor_is_no_cursor(scene: Scene, place: object) -> None:
    """The digest keeps no secret: whoever reads our source can make one that holds anything."""
    scope = f"workspaces:{await scene.id_of(scene.owner)}"
    try:
        forged = encode_cursor(scope, place)
    except UnicodeEncodeError:
        return
    with pytest.raises(InvalidCursorError):
        await scene.cortex.workspaces.mine(scene.owner, PageRequest(cursor=forged))


async def test_nobody_lists_the_workspaces_of_others(scene: Scene) -> None:
    assert not (await scene.cortex.workspaces.mine(scene.stranger, PageRequest())).items
    ada = someone("ada", *sorted(PERMISSIONS))
    assert not (await scene.cortex.workspaces.mine(ada, PageRequest())).items

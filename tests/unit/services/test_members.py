"""Who belongs to a workspace, and as what."""

import asyncio

import pytest

from cortex_core.contract import make
from cortex_core.domain.commands import CreateWorkspace, PutMember
from cortex_core.domain.errors import (
    ConflictError,
    CortexError,
    InvalidCursorError,
    LastOwnerError,
    NotFoundError,
    PermissionDeniedError,
)
from cortex_core.domain.models import Membership, Role
from cortex_core.domain.paging import PageRequest, encode_cursor
from tests.unit.services.pages import all_of
from tests.unit.services.rights import Ask, Right, cases, check, check_disabled
from tests.unit.services.scene import Scene, someone, without

EDITOR = PutMember(role=Role.EDITOR)
OWNER = PutMember(role=Role.OWNER)


async def _put_stranger(scene: Scene, who) -> Membership:
    stranger = await scene.id_of(scene.stranger)
    return await scene.cortex.members.put(who, scene.workspace.id, stranger, EDITOR)


async def _remove_viewer(scene: Scene, who) -> None:
    viewer = await scene.id_of(scene.viewer)
    await scene.cortex.members.remove(who, scene.workspace.id, viewer)


RIGHTS = [
    Right(
        "page",
        lambda s, p: s.cortex.members.page(p, s.workspace.id, PageRequest()),
        "read:workspaces",
        "oev",
    ),
    Right("put", _put_stranger, "write:workspaces", "o"),
    Right("remove", _remove_viewer, "write:workspaces", "ov"),
]


@pytest.mark.parametrize(("ask", "permission", "person", "expected"), cases(RIGHTS, blind="gs"))
async def test_who_may(
    scene: Scene, ask: Ask, permission: str, person: str, expected: type[CortexError] | None
) -> None:
    await check(scene, ask, permission, person, expected)


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: right.name)
async def test_who_is_disabled_may_do_nothing(scene: Scene, right: Right) -> None:
    await check_disabled(scene, right.ask)


async def test_a_role_holds_at_once_and_until_it_is_taken(scene: Scene) -> None:
    await _put_stranger(scene, scene.owner)
    await scene.say(who=scene.stranger)
    await scene.cortex.members.remove(
        scene.owner, scene.workspace.id, await scene.id_of(scene.stranger)
    )
    with pytest.raises(NotFoundError):
        await scene.say(who=scene.stranger)


async def test_putting_again_changes_the_role(scene: Scene) -> None:
    members, viewer = scene.cortex.members, await scene.id_of(scene.viewer)
    for role in (Role.EDITOR, Role.OWNER, Role.OWNER, Role.VIEWER):
        membership = Membership(workspace_id=scene.workspace.id, user_id=viewer, role=role)
        put = await members.put(scene.owner, scene.workspace.id, viewer, PutMember(role=role))
        assert put == membership
        page = await members.page(scene.owner, scene.workspace.id, PageRequest())
        assert [each for each in page.items if each.user_id == viewer] == [membership]


async def test_everybody_may_leave(scene: Scene) -> None:
    for who in (scene.viewer, scene.editor):
        await scene.cortex.members.remove(who, scene.workspace.id, await scene.id_of(who))
        with pytest.raises(NotFoundError):
            await scene.cortex.workspaces.get(who, scene.workspace.id)
        with pytest.raises(NotFoundError):
            await scene.cortex.members.remove(who, scene.workspace.id, await scene.id_of(who))


async def test_leaving_needs_the_permission_to_write(scene: Scene) -> None:
    viewer = without(scene.viewer, "write:workspaces")
    with pytest.raises(PermissionDeniedError):
        await _remove_viewer(scene, viewer)


async def test_the_last_owner_can_neither_leave_nor_step_down(scene: Scene) -> None:
    members, here = scene.cortex.members, scene.workspace.id
    owner, editor = await scene.id_of(scene.owner), await scene.id_of(scene.editor)
    with pytest.raises(LastOwnerError):
        await members.remove(scene.owner, here, owner)
    with pytest.raises(LastOwnerError):
        await members.put(scene.owner, here, owner, EDITOR)
    await members.put(scene.owner, here, owner, OWNER)
    await members.put(scene.owner, here, editor, OWNER)
    await members.remove(scene.owner, here, owner)
    with pytest.raises(LastOwnerError):
        await members.remove(scene.editor, here, editor)


async def test_owners_that_leave_together_leave_one_behind(scene: Scene) -> None:
    members, here = scene.cortex.members, scene.workspace.id
    owners = [scene.owner, scene.editor, scene.viewer]
    ids = [await scene.id_of(who) for who in owners]
    for user_id in ids:
        await members.put(scene.owner, here, user_id, OWNER)
    outcomes = await asyncio.gather(
        *(members.remove(who, here, mine) for who, mine in zip(owners, ids, strict=True)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "LastOwnerError",
        "NoneType",
        "NoneType",
    ]


async def test_only_what_exists_can_be_named(scene: Scene) -> None:
    members, nobody = scene.cortex.members, make.user_id()
    with pytest.raises(NotFoundError):
        await members.put(scene.owner, scene.workspace.id, nobody, EDITOR)
    with pytest.raises(NotFoundError):
        await members.remove(scene.owner, scene.workspace.id, nobody)
    with pytest.raises(NotFoundError):
        await members.put(scene.owner, make.workspace_id(), nobody, EDITOR)
    with pytest.raises(NotFoundError):
        await members.page(scene.owner, make.workspace_id(), PageRequest())


async def test_a_new_owner_may_have_one_of_that_name_already(scene: Scene) -> None:
    await scene.cortex.workspaces.create(scene.editor, CreateWorkspace(name="lab"))
    editor = await scene.id_of(scene.editor)
    with pytest.raises(ConflictError):
        await scene.cortex.members.put(scene.owner, scene.workspace.id, editor, OWNER)
    page = await scene.cortex.members.page(scene.owner, scene.workspace.id, PageRequest())
    assert {each.user_id: each.role for each in page.items}[editor] is Role.EDITOR


@pytest.mark.parametrize("limit", range(1, 9))
async def test_pages_of_any_size_give_each_once_by_id(scene: Scene, limit: int) -> None:
    for n in range(4):
        user_id = await scene.id_of(someone(f"member {n}"))
        await scene.cortex.members.put(scene.owner, scene.workspace.id, user_id, EDITOR)
    found = await all_of(
        lambda page: scene.cortex.members.page(scene.viewer, scene.workspace.id, page), limit
    )
    ids = [each.user_id for each in found]
    assert len(ids) == 7
    assert ids == sorted(set(ids))


async def test_a_forged_cursor_is_no_cursor(scene: Scene) -> None:
    scope = f"members:{scene.workspace.id}"
    for place in ("x", 5, ["a"], make.new_id().upper()):
        request = PageRequest(cursor=encode_cursor(scope, place))
        with pytest.raises(InvalidCursorError):
            await scene.cortex.members.page(scene.owner, scene.workspace.id, request)

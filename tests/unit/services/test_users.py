"""The caller's own user."""

import pytest

from cortex_core import Cortex, Principal
from cortex_core.contract import make
from cortex_core.domain.commands import ChangeMe
from cortex_core.domain.errors import InvalidInputError, UserDisabledError
from tests.unit.services.scene import Clock, Scene, disable, someone, stored_user


async def test_me_is_the_user_and_what_the_credential_allows(cortex: Cortex) -> None:
    me = await cortex.users.me(someone("ada", "write:messages", "read:messages"))
    assert (me.user.issuer, me.user.subject, me.user.name) == (make.ISSUER, "ada", "Ada")
    assert me.kind == "user"
    assert me.permissions == ("read:messages", "write:messages")


async def test_me_needs_no_permission(cortex: Cortex) -> None:
    nobody = Principal(kind="machine", issuer=make.ISSUER, subject="cli@clients")
    assert (await cortex.users.me(nobody)).permissions == ()
    assert (await cortex.users.change_me(nobody, ChangeMe(name="Cli"))).user.name == "Cli"


async def test_what_changes_is_stored_and_the_rest_stays(cortex: Cortex, clock: Clock) -> None:
    ada = someone("ada")
    before = (await cortex.users.me(ada)).user
    clock.advance(5)
    changed = await cortex.users.change_me(ada, ChangeMe(metadata={"theme": {"dark": True}}))
    assert changed.user.name == before.name
    assert changed.user.metadata == {"theme": {"dark": True}}
    assert (changed.user.created_at, changed.user.updated_at) == (make.NOON, make.at(5))
    assert changed.user == await stored_user(cortex.ports.store, before.id)
    assert changed == await cortex.users.me(ada)


async def test_a_change_that_changes_nothing_leaves_no_trace(cortex: Cortex, clock: Clock) -> None:
    ada = someone("ada")
    before = await cortex.users.me(ada)
    clock.advance(5)
    assert await cortex.users.change_me(ada, ChangeMe(name=before.user.name)) == before


async def test_null_goes_back_to_the_default(cortex: Cortex) -> None:
    ada = someone("ada")
    await cortex.users.change_me(ada, ChangeMe(name="Countess", metadata={"a": 1}))
    me = await cortex.users.change_me(ada, ChangeMe(name=None, metadata=None))
    assert (me.user.name, me.user.metadata) == ("Ada", {})
    assert await cortex.users.me(ada) == me


async def test_signing_in_again_does_not_undo_a_change(cortex: Cortex) -> None:
    ada = someone("ada")
    await cortex.users.change_me(ada, ChangeMe(name="Countess"))
    again = Cortex(cortex.ports)
    assert (await again.users.me(ada)).user.name == "Countess"


async def test_what_breaks_a_rule_changes_nothing(cortex: Cortex) -> None:
    ada = someone("ada")
    command = ChangeMe(name="x" * 201, metadata={"a": 1 << 64, "b/c": "\x00"})
    with pytest.raises(InvalidInputError) as caught:
        await cortex.users.change_me(ada, command)
    assert [fault.pointer for fault in caught.value.faults] == [
        "/name",
        "/metadata/a",
        "/metadata/b~1c",
    ]
    assert (await cortex.users.me(ada)).user.name == "Ada"


async def test_who_is_disabled_may_do_nothing(scene: Scene) -> None:
    await disable(scene, scene.editor)
    with pytest.raises(UserDisabledError):
        await scene.cortex.users.me(scene.editor)
    with pytest.raises(UserDisabledError):
        await scene.cortex.users.change_me(scene.editor, ChangeMe(name="Back"))
    await scene.cortex.users.me(scene.viewer)

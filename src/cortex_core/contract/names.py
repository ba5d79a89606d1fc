"""What makes the names of workspaces unique among those of each owner."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.store import (
    StoreContract,
    same,
    stored_member,
    stored_user,
    stored_workspace,
    undone,
)
from cortex_core.domain.errors import ConflictError
from cortex_core.domain.models import Role, User, Workspace
from cortex_core.ports import Store

SAME_NAMES: Final = [
    ("Lab", "Lab"),
    ("Lab", "lAB"),
    ("Lab", "  Lab\t"),
    ("Stra\N{LATIN SMALL LETTER SHARP S}e", "STRASSE"),
    ("Caf\N{LATIN SMALL LETTER E WITH ACUTE}", "Cafe\N{COMBINING ACUTE ACCENT}"),
    (
        "\N{GREEK CAPITAL LETTER SIGMA}\N{GREEK CAPITAL LETTER SIGMA}",
        "\N{GREEK SMALL LETTER SIGMA}\N{GREEK SMALL LETTER FINAL SIGMA}",
    ),
    ("Lab\N{NO-BREAK SPACE}", "Lab"),
    ("\N{DESERET CAPITAL LETTER LONG I}", "\N{DESERET SMALL LETTER LONG I}"),
]
OTHER_NAMES: Final = [
    ("Lab", "Labs"),
    ("Lab", "L ab"),
    ("Cafe", "Caf\N{LATIN SMALL LETTER E WITH ACUTE}"),
    ("a_b", "a%b"),
    ("i", "\N{LATIN SMALL LETTER DOTLESS I}"),
]


class NamesContract(StoreContract):
    """Names that differ in case, form or outer space only are one name."""

    @pytest.mark.parametrize(("one", "other"), SAME_NAMES)
    async def test_an_owner_has_a_name_once(self, store: Store, one: str, other: str) -> None:
        ada = await stored_user(store)
        await stored_workspace(store, ada, make.workspace(one))
        with pytest.raises(ConflictError):
            await stored_workspace(store, ada, make.workspace(other))
        assert [lab.name for lab in await _workspaces(store, ada)] == [one]

    @pytest.mark.parametrize(("one", "other"), OTHER_NAMES)
    async def test_other_names_are_free(self, store: Store, one: str, other: str) -> None:
        ada = await stored_user(store)
        await stored_workspace(store, ada, make.workspace(one))
        await stored_workspace(store, ada, make.workspace(other))
        assert [lab.name for lab in await _workspaces(store, ada)] == [one, other]

    async def test_owners_do_not_share_their_names(self, store: Store) -> None:
        for _ in range(2):
            await stored_workspace(store, await stored_user(store), make.workspace("Lab"))

    async def test_a_member_who_does_not_own_it_may_use_the_name(self, store: Store) -> None:
        ada = await stored_user(store)
        lab = await stored_workspace(store, ada, make.workspace("Lab"))
        for role in (Role.EDITOR, Role.VIEWER):
            bob = await stored_member(store, lab, role)
            await stored_workspace(store, bob, make.workspace("LAB"))

    @pytest.mark.parametrize(("one", "other"), SAME_NAMES)
    async def test_a_rename_into_a_taken_name_is_a_conflict(
        self, store: Store, one: str, other: str
    ) -> None:
        ada = await stored_user(store)
        await stored_workspace(store, ada, make.workspace(one))
        den = await stored_workspace(store, ada, make.workspace("Den"))
        with pytest.raises(ConflictError):
            await _rename(store, den, other)
        assert same((await _workspaces(store, ada))[1], den)

    async def test_a_rename_looks_at_every_owner(self, store: Store) -> None:
        ada = await stored_user(store)
        lab = await stored_workspace(store, ada)
        bob = await stored_member(store, lab, Role.OWNER)
        eve = await stored_member(store, lab, Role.EDITOR)
        await stored_workspace(store, eve, make.workspace("Eve's"))
        await stored_workspace(store, bob, make.workspace("Bob's"))
        lab = await _rename(store, lab, "Eve's")
        with pytest.raises(ConflictError):
            await _rename(store, lab, "Bob's")

    @pytest.mark.parametrize(("one", "other"), SAME_NAMES)
    async def test_a_workspace_may_spell_its_own_name_anew(
        self, store: Store, one: str, other: str
    ) -> None:
        ada = await stored_user(store)
        lab = await stored_workspace(store, ada, make.workspace(one))
        lab = await _rename(store, lab, other)
        assert [lab.name for lab in await _workspaces(store, ada)] == [other]
        with pytest.raises(ConflictError):
            await stored_workspace(store, ada, make.workspace(one))

    async def test_a_rename_frees_the_old_name(self, store: Store) -> None:
        ada = await stored_user(store)
        lab = await stored_workspace(store, ada, make.workspace("Lab"))
        await _rename(store, lab, "Den")
        await stored_workspace(store, ada, make.workspace("lab"))

    async def test_a_delete_frees_the_name(self, store: Store) -> None:
        ada = await stored_user(store)
        lab = await stored_workspace(store, ada, make.workspace("Lab"))
        async with store.begin() as work:
            await work.workspaces.delete(lab.id, version=None)
        await stored_workspace(store, ada, make.workspace("lab"))

    async def test_a_new_owner_may_not_own_the_name_already(self, store: Store) -> None:
        ada, bob = await stored_user(store), await stored_user(store)
        lab = await stored_workspace(store, ada, make.workspace("Lab"))
        await stored_workspace(store, bob, make.workspace("lab"))
        for before in (None, Role.EDITOR):
            if before:
                await _put(store, lab, bob, before)
            with pytest.raises(ConflictError):
                await _put(store, lab, bob, Role.OWNER)
            async with store.begin(read_only=True) as work:
                access = await work.workspaces.access(bob.id, lab.id)
            assert access is not None
            assert access.role is before

    async def test_a_new_owner_takes_the_name(self, store: Store) -> None:
        ada = await stored_user(store)
        lab = await stored_workspace(store, ada, make.workspace("Lab"))
        bob = await stored_member(store, lab, Role.OWNER)
        with pytest.raises(ConflictError):
            await stored_workspace(store, bob, make.workspace("lab"))

    @pytest.mark.parametrize("after", [None, Role.VIEWER])
    async def test_an_owner_who_steps_down_has_the_name_free(
        self, store: Store, after: Role | None
    ) -> None:
        ada = await stored_user(store)
        lab = await stored_workspace(store, ada, make.workspace("Lab"))
        bob = await stored_member(store, lab, Role.OWNER)
        if after:
            await _put(store, lab, bob, after)
        else:
            async with store.begin() as work:
                await work.workspaces.remove_member(lab.id, bob.id)
        await stored_workspace(store, bob, make.workspace("lab"))
        with pytest.raises(ConflictError):
            await stored_workspace(store, ada, make.workspace("lab"))

    async def test_an_undone_add_leaves_the_name_free(self, store: Store) -> None:
        ada = await stored_user(store)
        await undone(
            store, lambda work: work.workspaces.add(make.workspace("Lab"), owner_id=ada.id)
        )
        await stored_workspace(store, ada, make.workspace("lab"))

    async def test_of_rivals_for_a_name_one_gets_it(self, store: Store) -> None:
        ada = await stored_user(store)
        outcomes = await asyncio.gather(
            *(stored_workspace(store, ada, make.workspace(name)) for name in ["Lab", "LAB"] * 5),
            return_exceptions=True,
        )
        assert sum(isinstance(outcome, Workspace) for outcome in outcomes) == 1
        assert [type(o) for o in outcomes if not isinstance(o, Workspace)] == [ConflictError] * 9
        assert len(await _workspaces(store, ada)) == 1


async def _workspaces(store: Store, user: User) -> list[Workspace]:
    async with store.begin(read_only=True) as work:
        return list(await work.workspaces.of_user(user.id, after=None, limit=99))


async def _rename(store: Store, workspace: Workspace, name: str) -> Workspace:
    renamed = replace(workspace, name=name, version=workspace.version + 1)
    async with store.begin() as work:
        await work.workspaces.update(renamed, version=workspace.version)
    return renamed


async def _put(store: Store, workspace: Workspace, user: User, role: Role) -> None:
    async with store.begin() as work:
        await work.workspaces.put_member(make.membership(workspace, user, role))

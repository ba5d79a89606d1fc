"""What a `LinkRepository` must do, and a `UserRepository` about links."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

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
from cortex_core.domain.errors import ConflictError, CortexError, NotFoundError
from cortex_core.domain.links import Link, LinkKind
from cortex_core.domain.models import Role, User, UserStatus
from cortex_core.ports import Store


class LinksContract(StoreContract):
    """Identities that answer with the user of another one."""

    @pytest.mark.parametrize("kind", LinkKind)
    async def test_an_identity_answers_with_the_user_it_links_to(
        self, store: Store, kind: LinkKind
    ) -> None:
        ada = await stored_user(store)
        link = make.link(ada, kind=kind)
        assert same(await linked(store, link), link)
        assert same(await stored_user(store, make.user(subject=link.subject)), ada)
        async with store.begin(read_only=True) as work:
            assert same(await work.users.find(link.issuer, link.subject), ada)
            assert same(await work.users.find(ada.issuer, ada.subject), ada)
            assert same(list(await work.links.of_user(ada.id)), [link])

    async def test_an_identity_without_a_user_is_found_to_have_none(self, store: Store) -> None:
        async with store.begin(read_only=True) as work:
            assert await work.users.find(make.ISSUER, "nobody") is None
            assert list(await work.links.of_user(make.user_id())) == []

    async def test_links_come_by_issuer_and_subject(self, store: Store) -> None:
        ada = await stored_user(store)
        places = [("a", "\xe9"), ("a", "z"), ("B", "x"), ("a", "Z"), ("\U00010000", "\uffff")]
        links = [make.link(ada, issuer=issuer, subject=subject) for issuer, subject in places]
        for link in links:
            await linked(store, link)
        async with store.begin(read_only=True) as work:
            assert same(
                list(await work.links.of_user(ada.id)),
                sorted(links, key=lambda link: (link.issuer, link.subject)),
            )

    async def test_a_link_that_is_made_again_stays_as_it_was(self, store: Store) -> None:
        ada = await stored_user(store)
        link = await linked(store, make.link(ada))
        again = replace(link, linked_by="eve", linked_at=make.at(9), kind=LinkKind.EMAIL)
        assert same(await linked(store, again), link)
        assert same(await linked(store, again, sole=True), link)

    async def test_a_user_that_owned_nothing_is_gone_with_its_id(self, store: Store) -> None:
        """Whoever knows that id is told, whatever they ask."""
        scene, empty = await stored_scene(store), await stored_user(store)
        await linked(store, make.link(scene.owner, subject=empty.subject))
        async with store.begin(read_only=True) as work:
            assert await work.workspaces.access(empty.id, scene.workspace.id) is None
            assert await work.conversations.access(empty.id, scene.conversation.id) is None
            assert await work.conversations.visible([(empty.id, scene.conversation.id)]) == [None]
            with pytest.raises(NotFoundError):
                await work.users.get(empty.id)
        with pytest.raises(NotFoundError):
            async with store.begin() as work:
                await work.workspaces.add(make.workspace(), owner_id=empty.id)

    async def test_a_user_that_has_something_is_not_given_up(self, store: Store) -> None:
        scene = await stored_scene(store)
        disabled = await stored_user(store, make.user(status=UserStatus.DISABLED))
        marked = await stored_user(store, make.user(metadata={"a": 1}))
        pointed = await stored_user(store)
        await linked(store, make.link(pointed))
        people = {
            "itself": scene.owner,
            "member": await stored_member(store, scene.workspace, Role.VIEWER),
            "guest": await stored_guest(store, scene.conversation),
            "disabled": disabled,
            "with metadata": marked,
            "linked to": pointed,
        }
        for what, user in people.items():
            with pytest.raises(ConflictError):
                await linked(store, make.link(scene.owner, subject=user.subject))
            async with store.begin(read_only=True) as work:
                assert same(await work.users.find(user.issuer, user.subject), user), what

    async def test_an_identity_links_to_one_user_only(self, store: Store) -> None:
        ada, bob = await stored_user(store), await stored_user(store)
        link = await linked(store, make.link(ada))
        with pytest.raises(ConflictError):
            await linked(store, replace(link, user_id=bob.id))
        async with store.begin(read_only=True) as work:
            assert same(await work.users.find(link.issuer, link.subject), ada)

    async def test_a_link_to_nobody_is_refused(self, store: Store) -> None:
        with pytest.raises(NotFoundError):
            await linked(store, make.link(make.user()))

    async def test_a_sole_link_is_the_only_one_of_its_user(self, store: Store) -> None:
        ada = await stored_user(store)
        await linked(store, make.link(ada), sole=True)
        with pytest.raises(ConflictError):
            await linked(store, make.link(ada), sole=True)
        await linked(store, make.link(ada))

    async def test_a_link_can_be_taken_away(self, store: Store) -> None:
        ada = await stored_user(store)
        link = await linked(store, make.link(ada))
        async with store.begin() as work:
            assert same(await work.links.remove(link.issuer, link.subject), link)
        async with store.begin() as work:
            assert await work.links.remove(link.issuer, link.subject) is None
            assert await work.users.find(link.issuer, link.subject) is None
        newcomer = make.user(subject=link.subject)
        assert same(await stored_user(store, newcomer), newcomer)

    async def test_no_user_goes_when_there_was_no_link(self, store: Store) -> None:
        ada = await stored_user(store)
        async with store.begin() as work:
            assert await work.links.remove(ada.issuer, ada.subject) is None
        assert same(await stored_user(store, make.user(subject=ada.subject)), ada)

    async def test_within_one_unit_a_link_holds(self, store: Store) -> None:
        ada, empty = await stored_user(store), await stored_user(store)
        link = make.link(ada, subject=empty.subject)
        async with store.begin() as work:
            await work.links.add(link)
            assert same(await work.users.ensure(empty), ada)
            assert same(await work.links.remove(link.issuer, link.subject), link)
            assert same(await work.users.ensure(empty), empty)

    async def test_who_is_linked_has_no_address_of_its_own(self, store: Store) -> None:
        ada = await stored_user(store, make.user(email="ada@example.org"))
        twin = await stored_user(store, make.user(email="ada@example.org"))
        await stored_user(store, make.user(email="Ada@example.org"))
        async with store.begin(read_only=True) as work:
            found = list(await work.users.with_email("ada@example.org", limit=9))
            assert same(found, sorted([ada, twin], key=lambda user: user.id))
            assert len(await work.users.with_email("ada@example.org", limit=1)) == 1
        await linked(store, make.link(ada, subject=twin.subject))
        async with store.begin(read_only=True) as work:
            assert same(list(await work.users.with_email("ada@example.org", limit=9)), [ada])

    async def test_units_that_race_on_one_link_agree(self, store: Store) -> None:
        """Fifty first requests of an identity, and those who link it, all at once."""
        ada = await stored_user(store)
        link = make.link(ada, subject="newcomer")

        async def sign_in() -> User | None:
            return await stored_user(store, make.user(subject="newcomer"))

        asks: list[Callable[[], Awaitable[object]]] = [sign_in] * 25
        asks += [lambda: linked(store, link)] * 3
        asks += [sign_in] * 25
        await asyncio.gather(*(ask() for ask in asks))
        assert same(await stored_user(store, make.user(subject="newcomer")), ada)
        async with store.begin(read_only=True) as work:
            assert same(list(await work.links.of_user(ada.id)), [link])

    async def test_units_that_race_for_a_sole_link_do_not_both_have_it(self, store: Store) -> None:
        ada = await stored_user(store)

        async def attempt() -> bool:
            try:
                await linked(store, make.link(ada), sole=True)
            except CortexError:
                return False
            return True

        assert sum(await asyncio.gather(*(attempt() for _ in range(10)))) == 1
        async with store.begin(read_only=True) as work:
            assert len(await work.links.of_user(ada.id)) == 1

    async def test_what_is_made_while_a_link_is_made_is_not_lost(self, store: Store) -> None:
        """Either the workspace was first, and there is no link; or it has no owner to be made."""
        for _ in range(10):
            ada, empty = await stored_user(store), await stored_user(store)
            workspace = make.workspace()

            async def build(owner: User = empty) -> bool:
                try:
                    async with store.begin() as work:
                        await work.workspaces.add(workspace, owner_id=owner.id)  # noqa: B023
                except NotFoundError:
                    return False
                return True

            async def link(target: User = ada, own: User = empty) -> bool:
                try:
                    await linked(store, make.link(target, subject=own.subject))
                except ConflictError:
                    return False
                return True

            built, made = await asyncio.gather(build(), link())
            assert built is not made


async def linked(store: Store, link: Link, *, sole: bool = False) -> Link:
    async with store.begin() as work:
        return await work.links.add(link, sole=sole)

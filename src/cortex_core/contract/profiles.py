"""What a `UserRepository` must do with what is said of people from outside."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.store import StoreContract, same, stored_user
from cortex_core.domain.ids import UserId
from cortex_core.domain.links import Profile
from cortex_core.domain.models import User
from cortex_core.ports import Store

NOW = make.at(99)


class ProfilesContract(StoreContract):
    """Names and addresses that an identity provider says."""

    async def test_what_is_said_later_is_stored(self, store: Store) -> None:
        ada = await stored_user(store, make.user(name="Ada", email="a@example.org"))
        said = Profile(
            name="Countess", email="b@example.org", email_verified=True, said_at=make.at(1)
        )
        assert await refreshed(store, ada.id, said)
        assert same(
            await stored(store, ada.id),
            replace(
                ada, name="Countess", email="b@example.org", email_verified=True, updated_at=NOW
            ),
        )

    async def test_what_is_said_again_is_nothing_new(self, store: Store) -> None:
        ada = await stored_user(store, make.user(name="Ada", email="a@example.org"))
        assert not await refreshed(store, ada.id, _said(1, name="Ada", email="a@example.org"))
        assert not await refreshed(store, ada.id, _said(2))
        assert same(await stored(store, ada.id), ada)

    async def test_what_was_said_earlier_does_not_count(self, store: Store) -> None:
        ada = await stored_user(store, make.user(name="Ada"))
        assert not await refreshed(store, ada.id, _said(0, name="Old"))
        assert await refreshed(store, ada.id, _said(5, name="New", email="new@example.org"))
        for seconds in (-9, 4, 5):
            profile = _said(seconds, name="Old", email="old@example.org")
            assert not await refreshed(store, ada.id, profile)
        found = await stored(store, ada.id)
        assert (found.name, found.email) == ("New", "new@example.org")

    async def test_what_a_user_is_made_with_was_said_then(self, store: Store) -> None:
        ada = make.user(name="Ada", created_at=make.at(9))
        async with store.begin(single=True) as work:
            assert same(await work.users.ensure(ada, said_at=make.at(2)), ada)
        assert not await refreshed(store, ada.id, _said(2, name="Old"))
        assert await refreshed(store, ada.id, _said(3, name="New"))

    async def test_a_name_that_the_person_gave_is_theirs(self, store: Store) -> None:
        ada = await stored_user(store, make.user(name="Ada"))
        await changed(store, replace(ada, name="Countess"))
        assert await refreshed(store, ada.id, _said(1, name="Lovelace", email="a@example.org"))
        found = await stored(store, ada.id)
        assert (found.name, found.email) == ("Countess", "a@example.org")
        await refreshed(store, ada.id, _said(2, name="Byron"))
        assert (await stored(store, ada.id)).name == "Countess"

    async def test_a_name_that_the_person_took_away_is_said_again(self, store: Store) -> None:
        ada = await stored_user(store, make.user(name="Ada"))
        await changed(store, replace(ada, name=""))
        assert await refreshed(store, ada.id, _said(1, name="Ada"))
        assert await refreshed(store, ada.id, _said(2, name="Lovelace"))
        assert (await stored(store, ada.id)).name == "Lovelace"

    async def test_what_is_not_said_stays(self, store: Store) -> None:
        ada = await stored_user(
            store, make.user(name="Ada", email="a@example.org", email_verified=True)
        )
        assert await refreshed(store, ada.id, _said(1, name="Lovelace"))
        found = await stored(store, ada.id)
        assert (found.email, found.email_verified) == ("a@example.org", True)
        assert await refreshed(store, ada.id, _said(2, email="b@example.org"))
        found = await stored(store, ada.id)
        assert (found.name, found.email, found.email_verified) == (
            "Lovelace",
            "b@example.org",
            False,
        )

    async def test_an_address_may_become_verified(self, store: Store) -> None:
        ada = await stored_user(store, make.user(email="a@example.org"))
        said = replace(_said(1, email="a@example.org"), email_verified=True)
        assert await refreshed(store, ada.id, said)
        assert (await stored(store, ada.id)).email_verified

    async def test_nothing_is_said_of_nobody(self, store: Store) -> None:
        assert not await refreshed(store, make.user_id(), _said(1, name="Ada"))

    async def test_the_last_word_counts_when_many_speak_at_once(self, store: Store) -> None:
        ada = await stored_user(store)
        said = [_said(1 + n, name=f"Name {n}", email=f"{n}@example.org") for n in range(20)]
        await asyncio.gather(*(refreshed(store, ada.id, each) for each in said))
        found = await stored(store, ada.id)
        assert (found.name, found.email) == ("Name 19", "19@example.org")


def _said(seconds: float, *, name: str = "", email: str | None = None) -> Profile:
    return Profile(name=name, email=email, said_at=make.at(seconds))


async def refreshed(store: Store, user_id: UserId, profile: Profile) -> bool:
    async with store.begin(single=True) as work:
        return await work.users.refresh(user_id, profile, now=NOW)


async def changed(store: Store, user: User) -> None:
    async with store.begin() as work:
        await work.users.update(user)


async def stored(store: Store, user_id: UserId) -> User:
    async with store.begin(read_only=True) as work:
        return await work.users.get(user_id)

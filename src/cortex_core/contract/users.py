"""What a `UserRepository` must do."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from cortex_core.contract import make
from cortex_core.contract.store import StoreContract, same, stored_user
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.models import UserStatus
from cortex_core.ports import Store


class UsersContract(StoreContract):
    """Users by id and by identity."""

    async def test_a_user_is_made_on_first_sight(self, store: Store) -> None:
        ada = make.user(email="ada@example.org", email_verified=True, metadata={"b": 1, "a": [2]})
        assert same(await stored_user(store, ada), ada)
        async with store.begin(read_only=True) as work:
            assert same(await work.users.get(ada.id), ada)

    async def test_an_identity_keeps_its_user(self, store: Store) -> None:
        """Whatever else has changed about the caller since."""
        ada = await stored_user(store)
        again = make.user(subject=ada.subject, name="Countess", email="ada@example.org")
        assert same(await stored_user(store, again), ada)
        async with store.begin(read_only=True) as work:
            with pytest.raises(NotFoundError):
                await work.users.get(again.id)

    async def test_within_one_unit_an_identity_keeps_its_user(self, store: Store) -> None:
        ada = make.user()
        async with store.begin() as work:
            await work.users.ensure(ada)
            assert same(await work.users.ensure(make.user(subject=ada.subject)), ada)

    async def test_an_identity_is_compared_exactly(self, store: Store) -> None:
        subjects = ["ada", "ADA", "ada ", "\N{LATIN SMALL LETTER A WITH ACUTE}da"]
        subjects.append("a\N{COMBINING ACUTE ACCENT}da")
        twins = [make.user(subject=subject) for subject in subjects]
        twins.append(make.user(subject="ada", issuer="https://other.example/"))
        assert [(await stored_user(store, twin)).id for twin in twins] == [
            twin.id for twin in twins
        ]

    async def test_a_shared_address_does_not_make_one_user(self, store: Store) -> None:
        ada = await stored_user(store, make.user(email="a@example.org", email_verified=True))
        eve = await stored_user(store, make.user(email="a@example.org", email_verified=True))
        assert ada.id != eve.id

    async def test_fifty_units_that_race_on_one_identity_make_one_user(self, store: Store) -> None:
        rivals = [make.user(subject="one", name=f"Rival {n}") for n in range(50)]
        found = await asyncio.gather(*(stored_user(store, rival) for rival in rivals))
        assert len({user.id for user in found}) == 1
        winner = found[0]
        assert winner in rivals
        assert all(same(user, winner) for user in found)
        async with store.begin(read_only=True) as work:
            assert same(await work.users.get(winner.id), winner)

    async def test_a_single_unit_can_make_a_user(self, store: Store) -> None:
        ada = make.user()
        async with store.begin(single=True) as work:
            assert same(await work.users.ensure(ada), ada)
        assert same(await stored_user(store, make.user(subject=ada.subject)), ada)

    async def test_a_changed_user_is_stored(self, store: Store) -> None:
        ada = await stored_user(store)
        changed = replace(
            ada,
            name="Countess",
            email="ada@example.org",
            email_verified=True,
            status=UserStatus.DISABLED,
            metadata={"rank": "countess"},
            updated_at=make.at(1),
        )
        async with store.begin() as work:
            await work.users.update(changed)
        async with store.begin(read_only=True) as work:
            assert same(await work.users.get(ada.id), changed)

    async def test_a_change_can_take_away(self, store: Store) -> None:
        ada = await stored_user(store, make.user(email="ada@example.org", metadata={"a": 1}))
        bare = replace(ada, name="", email=None, metadata={})
        async with store.begin() as work:
            await work.users.update(bare)
        async with store.begin(read_only=True) as work:
            assert same(await work.users.get(ada.id), bare)

    async def test_a_change_leaves_identity_and_birth_alone(self, store: Store) -> None:
        ada = await stored_user(store)
        other = replace(ada, issuer="else", subject="else", created_at=make.at(9), name="Eve")
        async with store.begin() as work:
            await work.users.update(other)
        async with store.begin(read_only=True) as work:
            assert same(await work.users.get(ada.id), replace(ada, name="Eve"))
        assert (await stored_user(store, make.user(subject=ada.subject))).id == ada.id

    async def test_a_change_touches_nobody_else(self, store: Store) -> None:
        ada, bob = await stored_user(store), await stored_user(store)
        async with store.begin() as work:
            await work.users.update(replace(ada, name="Countess"))
        async with store.begin(read_only=True) as work:
            assert same(await work.users.get(bob.id), bob)

    async def test_units_that_change_a_user_they_locked_lose_nothing(self, store: Store) -> None:
        ada = await stored_user(store, make.user(metadata={"count": 0}))

        async def count() -> None:
            async with store.begin() as work:
                found = await work.users.get(ada.id, lock=True)
                counted = {"count": int(str(found.metadata["count"])) + 1}
                await work.users.update(replace(found, metadata=counted))

        await asyncio.gather(*(count() for _ in range(10)))
        async with store.begin(read_only=True) as work:
            assert (await work.users.get(ada.id)).metadata == {"count": 10}

    async def test_a_user_that_is_not_there_is_not_found(self, store: Store) -> None:
        nobody = make.user()
        async with store.begin(read_only=True) as work:
            with pytest.raises(NotFoundError):
                await work.users.get(nobody.id)
        with pytest.raises(NotFoundError):
            async with store.begin() as work:
                await work.users.get(nobody.id, lock=True)
        with pytest.raises(NotFoundError):
            async with store.begin() as work:
                await work.users.update(nobody)

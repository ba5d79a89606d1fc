"""What a `ReplayRepository` must do."""

from __future__ import annotations

import asyncio

import pytest

from cortex_core.contract import make
from cortex_core.contract.store import StoreContract, undone
from cortex_core.ports import Store


class ReplaysContract(StoreContract):
    """What may happen once, on all processes together."""

    async def test_a_key_is_spent_once(self, store: Store) -> None:
        assert await _spend(store, "key")
        assert not await _spend(store, "key")
        assert not await _spend(store, "key", now=9.999999)

    async def test_keys_are_compared_exactly(self, store: Store) -> None:
        for key in ("key", "Key", "key ", "", "\xe9", "e\N{COMBINING ACUTE ACCENT}"):
            assert await _spend(store, key)
            assert not await _spend(store, key)

    @pytest.mark.parametrize("character", ["x", "\N{PILE OF POO}"])
    async def test_the_longest_keys_are_told_apart(self, store: Store, character: str) -> None:
        for end in "ab":
            assert await _spend(store, character * 599 + end)
            assert not await _spend(store, character * 599 + end)

    async def test_a_key_may_be_spent_anew_when_its_time_is_over(self, store: Store) -> None:
        assert await _spend(store, "key", until=10)
        assert await _spend(store, "key", now=10, until=20)
        assert not await _spend(store, "key", now=19, until=99)
        assert await _spend(store, "key", now=20, until=30)

    async def test_of_fifty_who_spend_a_key_at_once_one_does(self, store: Store) -> None:
        outcomes = await asyncio.gather(*(_spend(store, "key") for _ in range(50)))
        assert outcomes.count(True) == 1
        anew = await asyncio.gather(*(_spend(store, "key", now=10, until=20) for _ in range(50)))
        assert anew.count(True) == 1

    async def test_what_is_undone_was_not_spent(self, store: Store) -> None:
        await undone(
            store, lambda work: work.replays.spend("key", now=make.NOON, until=make.at(10))
        )
        assert await _spend(store, "key")

    async def test_what_is_over_is_purged_a_few_at_a_time(self, store: Store) -> None:
        for n in range(6):
            await _spend(store, f"{n}", until=n + 0.5)
        counts = []
        for _ in range(4):
            async with store.begin(single=True) as work:
                counts.append(await work.replays.purge(now=make.at(4.5), limit=2))
        assert counts == [2, 2, 1, 0]
        assert not await _spend(store, "5")
        assert await _spend(store, "4")


async def _spend(store: Store, key: str, *, now: float = 0, until: float = 10) -> bool:
    async with store.begin(single=True) as work:
        return await work.replays.spend(key, now=make.at(now), until=make.at(until))

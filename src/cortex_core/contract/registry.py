"""What a `Registry` must do."""

from __future__ import annotations

import asyncio

from cortex_core.contract.store import StoreContract
from cortex_core.ports import Store


class RegistryContract(StoreContract):
    """Small named values that all processes on one store share."""

    async def test_a_value_is_kept(self, store: Store) -> None:
        value = "\N{PILE OF POO} {}\n" * 2_000
        assert await _ensure(store, "epoch", value) == value
        assert await _get(store, "epoch") == value

    async def test_the_first_value_stays(self, store: Store) -> None:
        await _ensure(store, "epoch", "one")
        assert await _ensure(store, "epoch", "two") == "one"
        assert await _get(store, "epoch") == "one"

    async def test_an_empty_value_is_a_value(self, store: Store) -> None:
        assert await _ensure(store, "empty", "") == ""
        assert await _ensure(store, "empty", "two") == ""
        assert await _get(store, "empty") == ""

    async def test_names_are_compared_exactly(self, store: Store) -> None:
        for name in ("epoch", "Epoch", "epoch ", "EPOCH"):
            assert await _get(store, name) is None
            assert await _ensure(store, name, f"of {name}") == f"of {name}"

    async def test_what_was_never_named_is_none(self, store: Store) -> None:
        assert await _get(store, "nothing") is None

    async def test_fifty_units_that_race_agree_on_one_value(self, store: Store) -> None:
        found = await asyncio.gather(*(_ensure(store, "key", f"{n}") for n in range(50)))
        assert len(set(found)) == 1
        assert await _get(store, "key") == found[0]


async def _ensure(store: Store, name: str, value: str) -> str:
    async with store.begin(single=True) as work:
        return await work.registry.ensure(name, value)


async def _get(store: Store, name: str) -> str | None:
    async with store.begin(read_only=True, single=True) as work:
        return await work.registry.get(name)

"""What a `RevocationRepository` must do."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from hypothesis import given
from msgspec.structs import replace

from cortex_core.contract import make, strategies
from cortex_core.contract.store import StoreContract, same
from cortex_core.contract.values import some_examples
from cortex_core.domain.sessions import Revocation, RevocationKind
from cortex_core.ports import Store


class RevocationsContract(StoreContract):
    """What was revoked, by issuer, kind and value."""

    @pytest.mark.parametrize("kind", RevocationKind)
    async def test_a_revocation_is_kept(self, store: Store, kind: RevocationKind) -> None:
        revocation = make.revocation(kind, before=make.at(-1))
        await _revoke(store, revocation)
        assert same(await _since(store), [revocation])

    @some_examples
    @given(
        issuer=strategies.identities(),
        value=strategies.identities(),
        moment=strategies.moments(),
    )
    async def test_any_revocation_comes_back(
        self, store: Store, issuer: str, value: str, moment: datetime
    ) -> None:
        for kind in RevocationKind:
            revocation = make.revocation(kind, value, issuer=issuer, before=moment)
            await _revoke(store, revocation)
            found = await _since(store)
            [kept] = [
                one for one in found if (one.issuer, one.kind, one.value) == (issuer, kind, value)
            ]
            latest = max(moment, kept.before or moment)
            assert same(kept, replace(revocation, before=revocation.before and latest))

    async def test_what_is_said_again_counts_from_the_later_time(self, store: Store) -> None:
        for kind in RevocationKind:
            early = make.revocation(kind, before=make.at(1), expires_at=make.at(60))
            late = replace(
                early,
                before=early.before and make.at(2),
                revoked_at=make.at(2),
                expires_at=make.at(70),
            )
            for said in (early, late, early, late):
                await _revoke(store, said)
            found = await _since(store, revoked_at=2)
            assert same([one for one in found if one.kind is kind], [late])
            mixed = replace(early, revoked_at=make.at(3), expires_at=make.at(1))
            await _revoke(store, mixed)
            found = await _since(store, revoked_at=3)
            assert same(
                [one for one in found if one.kind is kind], [replace(late, revoked_at=make.at(3))]
            )

    async def test_issuer_kind_and_value_are_compared_exactly(self, store: Store) -> None:
        revocations = [
            make.revocation(kind, value, issuer=issuer)
            for kind in RevocationKind
            for value in ("a", "A", "a ", "\xe9", "e\N{COMBINING ACUTE ACCENT}")
            for issuer in ("a", "A")
        ]
        for revocation in revocations:
            await _revoke(store, revocation)
        assert same(await _since(store), sorted(revocations, key=_place))

    async def test_the_longest_values_are_told_apart(self, store: Store) -> None:
        long = "\N{PILE OF POO}" * 254
        revocations = [make.revocation(value=long + end, issuer=long + end) for end in "ab"]
        for revocation in revocations:
            await _revoke(store, revocation)
        assert same(await _since(store), revocations)

    async def test_only_what_is_new_is_read_again(self, store: Store) -> None:
        said = [make.revocation(value=f"{n}", revoked_at=make.at(n)) for n in range(5)]
        for revocation in said:
            await _revoke(store, revocation)
        assert same(await _since(store, revoked_at=2), said[2:])
        assert same(await _since(store, revoked_at=2.000001), said[3:])
        assert await _since(store, revoked_at=5) == []

    async def test_what_has_ended_is_not_told_and_is_purged(self, store: Store) -> None:
        said = [make.revocation(value=f"{n}", expires_at=make.at(n)) for n in range(5)]
        for revocation in said:
            await _revoke(store, revocation)
        assert same(await _since(store, now=2), said[3:])
        counts = []
        for _ in range(3):
            async with store.begin(single=True) as work:
                counts.append(await work.revocations.purge(now=make.at(2), limit=2))
        assert counts == [2, 1, 0]
        assert same(await _since(store), said[3:])

    async def test_fifty_who_revoke_at_once_leave_the_latest(self, store: Store) -> None:
        said = [
            make.revocation(value="sid", before=make.at(n), revoked_at=make.at(n))
            for n in range(50)
        ]
        await asyncio.gather(*(_revoke(store, revocation) for revocation in said))
        assert same(await _since(store), [said[-1]])


async def _revoke(store: Store, revocation: Revocation) -> None:
    async with store.begin(single=True) as work:
        await work.revocations.add(revocation)


async def _since(
    store: Store, *, revoked_at: float = -3600, now: float = -3600
) -> list[Revocation]:
    async with store.begin(read_only=True, single=True) as work:
        found = await work.revocations.since(make.at(revoked_at), now=make.at(now))
    return sorted(found, key=_place)


def _place(revocation: Revocation) -> tuple[str, str, str]:
    return revocation.issuer, revocation.kind, revocation.value

"""What a `SessionRepository` must do."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cortex_core.contract import make, strategies
from cortex_core.contract.store import StoreContract, same
from cortex_core.contract.values import some_examples
from cortex_core.domain.errors import ConflictError, StaleVersionError
from cortex_core.domain.sessions import SEALED_BYTES, Session
from cortex_core.ports import Store


class SessionsContract(StoreContract):
    """Sessions of browsers, by the digest of what the browser holds."""

    async def test_a_session_is_kept(self, store: Store) -> None:
        session = make.session(session_id="sid", sealed=bytes(range(256)))
        await _add(store, session)
        assert same(await _get(store, session), session)

    @some_examples
    @given(
        issuer=strategies.identities(),
        subject=strategies.identities(),
        session_id=st.none() | strategies.identities(),
        sealed=st.binary(),
        moment=strategies.moments(),
    )
    async def test_any_session_comes_back(
        self,
        store: Store,
        issuer: str,
        subject: str,
        session_id: str | None,
        sealed: bytes,
        moment: datetime,
    ) -> None:
        session = make.session(
            issuer=issuer,
            subject=subject,
            session_id=session_id,
            sealed=sealed,
            created_at=moment,
        )
        await _add(store, session)
        assert same(await _get(store, session), session)

    async def test_the_longest_session_comes_back(self, store: Store) -> None:
        long = "\N{PILE OF POO}" * 255
        session = make.session(
            issuer=long, subject=long, session_id=long, sealed=b"\xff" * SEALED_BYTES
        )
        await _add(store, session)
        assert same(await _get(store, session), session)

    async def test_a_digest_is_taken_once(self, store: Store) -> None:
        session = make.session("secret", subject="ada")
        await _add(store, session)
        with pytest.raises(ConflictError):
            await _add(store, make.session("secret", subject="eve"))
        assert same(await _get(store, session), session)

    async def test_a_session_ends_with_its_time(self, store: Store) -> None:
        session = make.session(expires_at=make.at(10))
        await _add(store, session)
        assert await _get(store, session, now=9.999999) is not None
        assert await _get(store, session, now=10) is None
        assert await _get(store, make.session()) is None

    async def test_a_new_version_is_stored(self, store: Store) -> None:
        """And nothing else: whose session it is, and how long it lasts, stays."""
        session = make.session(session_id="sid")
        await _add(store, session)
        other = make.session(expires_at=make.at(9_999), created_at=make.at(1))
        fresh = replace(other, digest=session.digest, sealed=b"", version=2, updated_at=make.at(5))
        await _update(store, fresh, version=1)
        expected = replace(session, sealed=b"", version=2, updated_at=make.at(5))
        assert same(await _get(store, session), expected)

    @pytest.mark.parametrize("version", [0, 2, -1, 2**63, -(2**63) - 1])
    async def test_another_version_is_stale(self, store: Store, version: int) -> None:
        session = make.session()
        await _add(store, session)
        with pytest.raises(StaleVersionError):
            await _update(store, replace(session, version=2), version=version)
        assert same(await _get(store, session), session)

    async def test_what_is_gone_is_stale(self, store: Store) -> None:
        with pytest.raises(StaleVersionError):
            await _update(store, replace(make.session(), version=2), version=1)

    async def test_of_rivals_who_renew_a_session_one_does(self, store: Store) -> None:
        session = make.session()
        await _add(store, session)
        rivals = [replace(session, sealed=b"%d" % n, version=2) for n in range(20)]
        outcomes = await asyncio.gather(
            *(_update(store, rival, version=1) for rival in rivals), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes if outcome] == [StaleVersionError] * 19
        assert same(await _get(store, session), rivals[outcomes.index(None)])

    async def test_a_deleted_session_is_given_back_once(self, store: Store) -> None:
        session, other = make.session(session_id="sid"), make.session()
        await _add(store, session, other)
        assert same(await _delete(store, session), session)
        assert await _delete(store, session) is None
        assert await _get(store, session) is None
        assert same(await _get(store, other), other)
        with pytest.raises(StaleVersionError):
            await _update(store, replace(session, version=2), version=1)

    async def test_of_rivals_who_delete_a_session_one_has_it(self, store: Store) -> None:
        session = make.session()
        await _add(store, session)
        found = await asyncio.gather(*(_delete(store, session) for _ in range(20)))
        assert [session for session in found if session] == [session]

    async def test_the_sessions_of_a_session_elsewhere_end_together(self, store: Store) -> None:
        mine = [make.session(subject="ada", session_id="sid") for _ in range(3)]
        others = [
            make.session(subject="ada", session_id="SID"),
            make.session(subject="ada"),
            make.session(subject="ada", session_id="sid", issuer="https://other.example/"),
        ]
        await _add(store, *mine, *others)
        async with store.begin(single=True) as work:
            assert await work.sessions.delete_by_session_id(make.ISSUER, "sid") == 3
        assert [await _get(store, session) for session in mine] == [None] * 3
        assert [await _get(store, session) for session in others] == others
        async with store.begin(single=True) as work:
            assert await work.sessions.delete_by_session_id(make.ISSUER, "sid") == 0

    async def test_the_sessions_of_a_subject_end_together(self, store: Store) -> None:
        mine = [make.session(subject="ada", session_id=sid) for sid in ("one", "two", None)]
        others = [
            make.session(subject="ADA", session_id="one"),
            make.session(subject="ada", issuer="https://other.example/"),
        ]
        await _add(store, *mine, *others)
        async with store.begin(single=True) as work:
            assert await work.sessions.delete_by_subject(make.ISSUER, "ada") == 3
        assert [await _get(store, session) for session in mine] == [None] * 3
        assert [await _get(store, session) for session in others] == others

    @pytest.mark.parametrize("count", [0, 1, 1_000])
    async def test_those_that_are_there_are_told_from_those_that_are_not(
        self, store: Store, count: int
    ) -> None:
        here, ended = make.session(), make.session(expires_at=make.at(1))
        await _add(store, here, ended)
        digests = [make.session().digest for _ in range(count)] + [here.digest, ended.digest]
        digests += ["", "{}", "a,b", '"', "\N{PILE OF POO}", here.digest]
        async with store.begin(read_only=True) as work:
            assert await work.sessions.present([], now=make.NOON) == set()
            assert await work.sessions.present(digests[-1_000:], now=make.at(1)) == {here.digest}

    async def test_what_has_ended_is_purged_a_few_at_a_time(self, store: Store) -> None:
        lasting = make.session(expires_at=make.at(10.000001))
        await _add(store, lasting, *(make.session(expires_at=make.at(n)) for n in range(6, 11)))
        counts = []
        for _ in range(4):
            async with store.begin(single=True) as work:
                counts.append(await work.sessions.purge(now=make.at(10), limit=2))
        assert counts == [2, 2, 1, 0]
        assert same(await _get(store, lasting), lasting)


async def _add(store: Store, *sessions: Session) -> None:
    async with store.begin() as work:
        for session in sessions:
            await work.sessions.add(session)


async def _get(store: Store, session: Session, *, now: float = 0) -> Session | None:
    async with store.begin(read_only=True, single=True) as work:
        return await work.sessions.get(session.digest, now=make.at(now))


async def _update(store: Store, session: Session, *, version: int) -> None:
    async with store.begin(single=True) as work:
        await work.sessions.update(session, version=version)


async def _delete(store: Store, session: Session) -> Session | None:
    async with store.begin(single=True) as work:
        return await work.sessions.delete(session.digest)

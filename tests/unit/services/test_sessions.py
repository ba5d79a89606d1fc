"""Sessions of browsers: opened, renewed, ended with all that hangs on them."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from cortex_core import Cortex, Ports
from cortex_core.contract import make
from cortex_core.domain.errors import InvalidInputError, StaleVersionError, UnauthenticatedError
from cortex_core.domain.sessions import Revocation, Session
from cortex_core.services.sessions import BATCH, TOKEN_LIFETIME, Sessions
from tests.unit.services.scene import Clock, Link, someone, until


async def _opened(cortex: Cortex, **of) -> Session:
    session = make.session(**of)
    await cortex.sessions.open(session)
    return session


async def _revocations(link: Link) -> list[Revocation]:
    async with link.begin(read_only=True, single=True) as work:
        return list(await work.revocations.since(make.NOON, now=make.NOON))


async def test_a_session_is_found_until_it_ends(cortex: Cortex, clock: Clock) -> None:
    session = await _opened(cortex, expires_at=make.at(60))
    assert await cortex.sessions.find(session.digest) == session
    assert await cortex.sessions.find(make.session().digest) is None
    clock.advance(60)
    assert await cortex.sessions.find(session.digest) is None


async def test_signing_on_again_ends_the_session_before(cortex: Cortex, link: Link) -> None:
    """And revokes nothing: both may hang on one session at the provider."""
    before = await _opened(cortex, session_id="sid")
    after = make.session(session_id="sid")
    await cortex.sessions.open(after, instead_of=before.digest)
    assert await cortex.sessions.find(before.digest) is None
    assert await cortex.sessions.find(after.digest) == after
    assert await _revocations(link) == []
    await cortex.sessions.open(make.session(), instead_of=make.session().digest)


async def test_a_renewed_session_is_a_version_on(cortex: Cortex, clock: Clock) -> None:
    session = await _opened(cortex)
    clock.advance(5)
    fresh = await cortex.sessions.renew(session, b"fresh")
    assert fresh == replace(session, sealed=b"fresh", version=2, updated_at=make.at(5))
    assert await cortex.sessions.find(session.digest) == fresh
    with pytest.raises(StaleVersionError):
        await cortex.sessions.renew(session, b"stale")
    await cortex.sessions.end(session.digest)
    with pytest.raises(StaleVersionError):
        await cortex.sessions.renew(fresh, b"gone")


async def test_of_those_who_renew_at_once_one_does(cortex: Cortex) -> None:
    session = await _opened(cortex)
    outcomes = await asyncio.gather(
        *(cortex.sessions.renew(session, b"%d" % n) for n in range(20)), return_exceptions=True
    )
    won = [outcome for outcome in outcomes if isinstance(outcome, Session)]
    assert won == [await cortex.sessions.find(session.digest)]
    assert sum(isinstance(outcome, StaleVersionError) for outcome in outcomes) == 19


async def test_the_end_of_a_session_is_that_of_what_hangs_on_it(
    cortex: Cortex, ports: Ports, link: Link, clock: Clock
) -> None:
    """Here at once, on other processes within two seconds."""
    elsewhere = Cortex(ports)
    session = await _opened(cortex, subject="ada", session_id="sid")
    bearer = replace(someone("ada"), session_id="sid", issued_at=make.NOON)
    for each in (cortex, elsewhere):
        await each.users.me(bearer)
    await cortex.sessions.end(session.digest)
    assert await elsewhere.sessions.find(session.digest) is None
    with pytest.raises(UnauthenticatedError):
        await cortex.users.me(bearer)
    clock.advance(2)
    with pytest.raises(UnauthenticatedError):
        await elsewhere.users.me(bearer)
    [revocation] = await _revocations(link)
    assert revocation.expires_at == make.NOON + TOKEN_LIFETIME
    await elsewhere.users.me(replace(bearer, issued_at=make.at(1)))


async def test_what_was_revoked_is_remembered_as_long_as_tokens_live(
    ports: Ports, link: Link
) -> None:
    cortex = Cortex(ports, token_lifetime=timedelta(days=30))
    await cortex.sessions.end_all(make.ISSUER, subject="ada")
    [revocation] = await _revocations(link)
    assert revocation.expires_at == make.NOON + timedelta(days=30)


async def test_the_end_of_what_is_not_there_is_fine(cortex: Cortex, link: Link) -> None:
    await cortex.sessions.end(make.session().digest)
    without = await _opened(cortex)
    await cortex.sessions.end(without.digest)
    await cortex.sessions.end(without.digest)
    assert await _revocations(link) == []
    assert await cortex.sessions.end_all(make.ISSUER, session_id="never") == 0
    assert await cortex.sessions.end_all(make.ISSUER, subject="nobody") == 0


async def test_the_provider_ends_one_of_its_sessions(cortex: Cortex) -> None:
    mine = [await _opened(cortex, subject="ada", session_id="sid") for _ in range(2)]
    other = await _opened(cortex, subject="ada", session_id="other")
    assert await cortex.sessions.end_all(make.ISSUER, session_id="sid", subject="ada") == 2
    assert [await cortex.sessions.find(each.digest) for each in mine] == [None, None]
    assert await cortex.sessions.find(other.digest) == other
    bearer = replace(someone("ada"), session_id="sid", issued_at=make.NOON)
    with pytest.raises(UnauthenticatedError):
        await cortex.users.me(bearer)
    await cortex.users.me(replace(bearer, session_id="other"))
    assert await cortex.sessions.end_all(make.ISSUER, session_id="sid") == 0


async def test_the_provider_ends_all_of_a_subject(cortex: Cortex) -> None:
    mine = [await _opened(cortex, subject="ada", session_id=sid) for sid in ("one", None)]
    other = await _opened(cortex, subject="eve")
    assert await cortex.sessions.end_all(make.ISSUER, subject="ada") == 2
    assert [await cortex.sessions.find(each.digest) for each in mine] == [None, None]
    assert await cortex.sessions.find(other.digest) == other
    with pytest.raises(UnauthenticatedError):
        await cortex.users.me(replace(someone("ada"), issued_at=make.NOON))
    await cortex.users.me(replace(someone("eve"), issued_at=make.NOON))


async def test_the_provider_must_say_whose_end_it_is(cortex: Cortex, link: Link) -> None:
    with pytest.raises(InvalidInputError):
        await cortex.sessions.end_all(make.ISSUER)
    assert await _revocations(link) == []


async def test_what_has_ended_is_purged_however_much_there_is(
    cortex: Cortex, link: Link, clock: Clock
) -> None:
    async with link.begin() as work:
        for n in range(BATCH + 1):
            await work.sessions.add(make.session(expires_at=make.at(1)))
            await work.revocations.add(make.revocation(expires_at=make.at(1)))
            await work.replays.spend(f"{n}", now=make.NOON, until=make.at(1))
    lasting = await _opened(cortex, expires_at=make.at(2))
    clock.advance(1)
    await cortex.sessions.purge()
    async with link.begin() as work:
        assert await work.sessions.purge(now=make.at(1), limit=9) == 0
        assert await work.revocations.purge(now=make.at(1), limit=9) == 0
        assert await work.replays.purge(now=make.at(1), limit=9) == 0
    assert await cortex.sessions.find(lasting.digest) == lasting


async def test_a_core_at_work_purges_once_in_a_while(
    cortex: Cortex, ports: Ports, link: Link, clock: Clock
) -> None:
    """Also when the store was away meanwhile."""
    cortex.sessions = Sessions(ports, cortex.revocations, period=0.001)
    session = await _opened(cortex, expires_at=make.at(1))
    clock.advance(1)
    link.away = True
    async with cortex.working():
        before = link.units
        await until(lambda: link.units > before + 3)
        link.away = False
        await until(lambda: session.digest not in link.store._tables.sessions)

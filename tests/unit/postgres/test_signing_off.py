"""Who signs off in one process is out of the others within five seconds, open streams included."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from msgspec.structs import replace

from cortex_adapters.memory.ports import ports_around
from cortex_adapters.postgres import schema
from cortex_adapters.postgres.store import open_store
from cortex_core import Cortex, Principal
from cortex_core.contract import make
from cortex_core.domain.errors import UnauthenticatedError
from cortex_core.services.following import Goodbye, Item, Resume
from tests.unit.services.scene import Scene, set_scene, until

SOON = 5.0


@pytest.fixture
async def migrated(fresh_database: str) -> str:
    await schema.upgrade(fresh_database)
    return fresh_database


@pytest.fixture
async def scene(migrated: str) -> AsyncIterator[Scene]:
    async with open_store(migrated) as store:
        yield await set_scene(Cortex(ports_around(store)))


@pytest.fixture
async def elsewhere(migrated: str) -> AsyncIterator[Cortex]:
    async with open_store(migrated) as store:
        yield Cortex(ports_around(store))


async def _goodbye(stream: AsyncIterator[Item]) -> Goodbye:
    while not isinstance(item := await anext(stream), Goodbye):
        pass
    return item


async def _refused(cortex: Cortex, principal: Principal) -> UnauthenticatedError:
    while True:
        try:
            await cortex.users.me(principal)
        except UnauthenticatedError as error:
            return error
        await asyncio.sleep(0.05)


async def test_a_session_that_ended_is_dead_everywhere_within_five_seconds(
    scene: Scene, elsewhere: Cortex
) -> None:
    now = datetime.now(UTC)
    session = make.session(
        subject=scene.viewer.subject, session_id="sid", expires_at=now + timedelta(hours=1)
    )
    await scene.cortex.sessions.open(session)
    bearer = replace(scene.viewer, session_id="sid", issued_at=now)
    browser = replace(bearer, session=session.digest)
    talk = scene.conversation.id
    async with (
        aclosing(await elsewhere.following.open(bearer, talk, Resume())) as one,
        aclosing(await elsewhere.following.open(browser, talk, Resume())) as two,
        aclosing(await elsewhere.following.open(scene.viewer, talk, Resume())) as other,
    ):
        ends = [asyncio.create_task(_goodbye(stream)) for stream in (one, two)]
        stays = asyncio.create_task(_goodbye(other))
        await until(lambda: elsewhere.following.streams == 3)
        began = monotonic()
        await scene.cortex.sessions.end(session.digest)
        assert await elsewhere.sessions.find(session.digest) is None
        await _refused(elsewhere, bearer)
        reasons = [(await end).reason for end in ends]
        assert monotonic() - began < SOON
        assert [type(reason) for reason in reasons] == [UnauthenticatedError] * 2
        assert not stays.done()
        await elsewhere.users.me(scene.viewer)
        stays.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stays

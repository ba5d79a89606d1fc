"""Who may open a stream, and what ends one."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from cortex_adapters.memory.ports import ports_around
from cortex_core import Ports
from cortex_core.contract import make
from cortex_core.domain.commands import PutMember
from cortex_core.domain.errors import (
    CortexError,
    OverloadedError,
    UnauthenticatedError,
    UnavailableError,
)
from cortex_core.domain.models import Role
from cortex_core.services.following import Following, Resume
from cortex_core.services.reception import Reception
from tests.unit.services.rights import Ask, Right, cases, check, check_disabled
from tests.unit.services.scene import Clock, Link, Scene, someone, until
from tests.unit.services.streams import following

RIGHTS = [
    Right(
        "open",
        lambda s, p: s.cortex.following.open(p, s.conversation.id, Resume()),
        "read:messages",
        "oevg",
    )
]


@pytest.mark.parametrize(("ask", "permission", "person", "expected"), cases(RIGHTS, blind="s"))
async def test_who_may(
    scene: Scene, ask: Ask, permission: str, person: str, expected: type[CortexError] | None
) -> None:
    await check(scene, ask, permission, person, expected)


async def test_who_is_disabled_may_do_nothing(scene: Scene) -> None:
    await check_disabled(scene, RIGHTS[0].ask)


async def test_an_expired_credential_ends_the_stream(scene: Scene, clock: Clock) -> None:
    who = someone("viewer", expires_at=make.at(60))
    async with following(scene, who=who) as follower:
        assert await follower.seqs(1) == [1]
        clock.advance(59.99)
        await scene.say()
        assert await follower.seqs(1) == [2]
        clock.advance(0.01)
        assert isinstance((await follower.goodbye()).reason, UnauthenticatedError)
    assert scene.cortex.following.streams == 0


async def test_a_credential_expires_in_the_middle_of_a_long_replay(
    scene: Scene, clock: Clock
) -> None:
    for _ in range(10):
        await scene.say()
    async with following(scene, who=someone("viewer", expires_at=make.at(60))) as follower:
        assert await follower.seqs(3) == [1, 2, 3]
        clock.advance(60)
        assert isinstance((await follower.goodbye()).reason, UnauthenticatedError)


async def test_expiry_needs_no_event_and_no_heartbeat(scene: Scene) -> None:
    ports = ports_around(scene.cortex.ports.store)
    service = Following(ports, Reception(ports), heartbeat=3600)
    soon = ports.clock() + (make.at(0.05) - make.NOON)
    async with following(
        scene, who=someone("viewer", expires_at=soon), after=1, service=service
    ) as follower:
        assert isinstance((await follower.goodbye()).reason, UnauthenticatedError)
    assert ports.clock() >= soon


async def test_leaving_says_goodbye_to_all_and_opens_no_more(scene: Scene) -> None:
    service = scene.cortex.following
    async with AsyncExitStack() as stack:
        followers = [await stack.enter_async_context(following(scene)) for _ in range(5)]
        late = await stack.enter_async_context(following(scene))
        for follower in followers:
            assert await follower.seqs(1) == [1]
        waiting = [asyncio.create_task(follower.goodbye()) for follower in followers[1:]]
        await asyncio.sleep(0)
        assert service.streams == 5
        service.leave()
        goodbyes = [await followers[0].goodbye(), *[await each for each in waiting]]
        # One that was opened, and not yet read from.
        goodbyes.append(await late.goodbye())
        assert all(isinstance(goodbye.reason, UnavailableError) for goodbye in goodbyes)
        assert service.streams == 0
    with pytest.raises(UnavailableError):
        await service.open(scene.viewer, scene.conversation.id, Resume())


async def test_leaving_waits_for_no_long_replay(scene: Scene) -> None:
    for _ in range(10):
        await scene.say()
    async with following(scene) as follower:
        assert await follower.seqs(3) == [1, 2, 3]
        scene.cortex.following.leave()
        assert isinstance((await follower.goodbye()).reason, UnavailableError)


async def test_there_are_only_so_many_streams(scene: Scene, ports: Ports) -> None:
    service = Following(ports, Reception(ports), most=2)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            follower = await stack.enter_async_context(following(scene, service=service))
            await follower.next()
        with pytest.raises(OverloadedError):
            await service.open(scene.viewer, scene.conversation.id, Resume())
    async with following(scene, service=service) as follower:
        assert await follower.seqs(1) == [1]


async def test_streams_that_are_being_opened_count(scene: Scene, ports: Ports, link: Link) -> None:
    service = Following(ports, Reception(ports), most=2)
    link.distance = 3
    opened = await asyncio.gather(
        *(service.open(scene.viewer, scene.conversation.id, Resume()) for _ in range(5)),
        return_exceptions=True,
    )
    assert [isinstance(one, OverloadedError) for one in opened] == [False, False, True, True, True]


async def test_who_hangs_up_leaves_nothing_behind(scene: Scene) -> None:
    """At once, and whether it was reading, waiting, or had not begun."""
    service = scene.cortex.following
    for _ in range(3):
        async with following(scene):
            pass
        async with following(scene) as follower:
            await follower.next()
            assert service.streams == 1
        assert service.streams == 0
        async with following(scene) as follower:
            await follower.next()
            await scene.cortex.ports.events.publish(make.delta(scene.conversation.id))
            await follower.next()
        assert service.streams == 0
        async with following(scene, after=1) as follower:
            waiting = asyncio.create_task(follower.next())
            await until(lambda: service.streams == 1)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            assert service.streams == 0
    assert len(asyncio.all_tasks()) <= 2


async def test_an_outage_ends_the_stream_with_its_name(scene: Scene, link: Link) -> None:
    async with following(scene) as follower:
        assert await follower.seqs(1) == [1]
        await scene.say()
        link.away = True
        with pytest.raises(UnavailableError):
            await follower.next()
    assert scene.cortex.following.streams == 0


async def test_a_right_that_was_lost_and_given_again_opens_a_stream(scene: Scene) -> None:
    viewer = await scene.id_of(scene.viewer)
    await scene.cortex.members.remove(scene.viewer, scene.workspace.id, viewer)
    with pytest.raises(CortexError):
        async with following(scene):
            pass
    await scene.cortex.members.put(
        scene.owner, scene.workspace.id, viewer, PutMember(role=Role.VIEWER)
    )
    async with following(scene) as follower:
        assert await follower.seqs(1) == [1]

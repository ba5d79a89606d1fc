"""Use cases that meet at random: in one order of locks, none waits for another in a ring."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import psycopg

from cortex_adapters.memory.ports import ports_around
from cortex_adapters.postgres import schema
from cortex_adapters.postgres.store import PostgresStore, open_store
from cortex_core import Cortex
from cortex_core.contract import make
from cortex_core.domain.commands import (
    ChangeConversation,
    ChangeWorkspace,
    CreateWorkspace,
    PostMessage,
    PutMember,
    StartConversation,
)
from cortex_core.domain.errors import CortexError, LeaseLostError, NotFoundError
from cortex_core.domain.ids import ConversationId, UserId, WorkspaceId
from cortex_core.domain.models import Role, Turn, TurnError
from cortex_core.domain.policy import PERMISSIONS
from cortex_core.ports import Horizon
from cortex_core.ports.clock import system_clock
from cortex_core.services.turns.queue import TurnQueue
from tests.unit.postgres.waiting import until

_SECONDS = 5.0
_LEASE = timedelta(milliseconds=20)  # so short that turns are taken over while they end
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    """


class Town:
    """Three workspaces with three conversations each: what is deleted is made anew."""

    def __init__(self, store: PostgresStore) -> None:
        self.done: Counter[str] = Counter()
        self.errors: list[CortexError] = []
        self._cortex = Cortex(ports_around(store))
        self._owner = make.principal(make.user(), *PERMISSIONS)
        self._guests: list[UserId] = []
        self._rooms: list[WorkspaceId] = []
        self._talks: list[ConversationId] = []

    async def live(self, seconds: float) -> None:
        """Do everything at once, over and over."""
        for _ in range(3):
            guest = await self._cortex.users.me(make.principal(make.user(), *PERMISSIONS))
            self._guests.append(guest.user.id)
            await self._open_room()
        queues = [TurnQueue(self._cortex.ports, lease=_LEASE) for _ in range(4)]
        often = [self._ask] * 5 + [self._change, self._join, self._part, self._invite]
        often += [partial(self._work, queue) for queue in queues]
        end = asyncio.get_running_loop().time() + seconds
        async with asyncio.TaskGroup() as tasks:
            for act in often:
                tasks.create_task(self._repeat(act, end, pause=0.01))
            tasks.create_task(self._repeat(self._prune, end, pause=0.02))
            tasks.create_task(self._repeat(self._delete_talk, end, pause=0.04))
            tasks.create_task(self._repeat(self._delete_room, end, pause=0.2))

    async def _repeat(
        self, act: Callable[[], Awaitable[object]], end: float, *, pause: float
    ) -> None:
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(random.random() * pause)
            await self._try(act())

    async def _try(self, act: Awaitable[object]) -> None:
        try:
            await act
        except (NotFoundError, LeaseLostError):
            pass  # A rival was there first.
        except CortexError as error:
            self.errors.append(error)

    async def _ask(self) -> None:
        ask = PostMessage(content="Well?", respond=True)
        await self._cortex.exchange.post(self._owner, random.choice(self._talks), ask)
        self.done["asked"] += 1

    async def _change(self) -> None:
        retitle = ChangeConversation(topic=str(random.random()))
        await self._cortex.conversations.change(self._owner, random.choice(self._talks), retitle)
        rename = ChangeWorkspace(name=str(random.random()))
        await self._cortex.workspaces.change(self._owner, random.choice(self._rooms), rename)

    async def _join(self) -> None:
        talk, guest = random.choice(self._talks), random.choice(self._guests)
        await self._cortex.participants.put(self._owner, talk, guest)
        self.done["joined"] += 1

    async def _part(self) -> None:
        talk, guest = random.choice(self._talks), random.choice(self._guests)
        await self._cortex.participants.remove(self._owner, talk, guest)

    async def _invite(self) -> None:
        room, guest = random.choice(self._rooms), random.choice(self._guests)
        role = PutMember(role=random.choice(list(Role)))
        await self._cortex.members.put(self._owner, room, guest, role)
        await self._cortex.members.remove(self._owner, room, random.choice(self._guests))
        self.done["invited"] += 1

    async def _work(self, queue: TurnQueue) -> None:
        turns = await queue.take(4)
        await asyncio.gather(*(self._try(self._end(queue, turn)) for turn in turns))

    async def _end(self, queue: TurnQueue, turn: Turn) -> None:
        await queue.renew(turn)
        await asyncio.sleep(random.random() * 2 * _LEASE.total_seconds())
        match random.randrange(5):
            case 0:
                await queue.release(turn, attempts=0, delay=timedelta())
            case 1:
                await queue.fail(turn, TurnError(code="internal", message="No."))
            case _:
                await queue.complete(turn, "So.")
        self.done["ended"] += 1

    async def _prune(self) -> None:
        before = system_clock() - timedelta(milliseconds=100)
        async with self._cortex.ports.store.begin(single=True) as work:
            if await work.retention.prune(
                random.choice(self._talks), Horizon(messages=before, events=before), limit=9
            ):
                self.done["pruned"] += 1

    async def _delete_talk(self) -> None:
        talk = random.choice(self._talks)
        await self._cortex.conversations.delete(self._owner, talk)
        self.done["talks deleted"] += 1
        await self._start_talk(random.choice(self._rooms))

    async def _delete_room(self) -> None:
        room = random.choice(self._rooms)
        await self._cortex.workspaces.delete(self._owner, room)
        self._rooms.remove(room)
        self.done["rooms deleted"] += 1
        await self._open_room()

    async def _open_room(self) -> None:
        found = CreateWorkspace(name=str(random.random()))
        room = (await self._cortex.workspaces.create(self._owner, found)).id
        self._rooms.append(room)
        for _ in range(3):
            await self._start_talk(room)

    async def _start_talk(self, room: WorkspaceId) -> None:
        talk = await self._cortex.conversations.start(
            self._owner, room, StartConversation(topic="Talk")
        )
        self._talks = [*self._talks, talk.id][-9:]


async def test_deleting_meets_every_other_change_without_a_deadlock(fresh_database: str) -> None:
    await schema.upgrade(fresh_database)
    async with open_store(fresh_database, max_size=24) as store:
        town = Town(store)
        await town.live(_SECONDS)
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        # A process tells what it counted when it ends, at the latest.
        await until(lambda: connection.execute(_OTHERS).fetchone() == (0,), seconds=5)
        deadlocks = connection.execute(_DEADLOCKS).fetchone()
    assert town.errors == []
    assert deadlocks == (0,)
    assert len(town.done) == 7
    assert min(town.done.values()) >= 10, town.done

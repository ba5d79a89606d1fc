"""People, a place for them, and a store behind a link that a test may cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from msgspec import structs

from cortex_adapters.memory.store import MemoryStore, MemoryUnitOfWork
from cortex_core import Cortex, Principal
from cortex_core.contract import make
from cortex_core.domain.commands import CreateWorkspace, PostMessage, PutMember, StartConversation
from cortex_core.domain.errors import UnavailableError
from cortex_core.domain.events import Recorded
from cortex_core.domain.ids import ConversationId, UserId
from cortex_core.domain.models import Conversation, Role, User, UserStatus, Workspace
from cortex_core.domain.policy import PERMISSIONS
from cortex_core.ports import Store
from cortex_core.services.exchange import Posted

PATIENCE = 20.0
"""Seconds after which a test gives up; no test waits that long when all is well."""


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = make.NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Link:
    """A store as a process sees it: away at times, restored from elsewhere, and counted.

    A unit takes *distance* turns of the loop to begin, and as many to tell that it committed.
    """

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.away = False
        self.distance = 0
        self.units = 0

    @asynccontextmanager
    async def begin(
        self, *, read_only: bool = False, single: bool = False, caller: UserId | None = None
    ) -> AsyncIterator[MemoryUnitOfWork]:
        self.units += 1
        await turns(self.distance)
        if self.away:
            raise UnavailableError
        async with self.store.begin(read_only=read_only, single=single, caller=caller) as work:
            yield work
            if self.away:
                raise UnavailableError
        await turns(self.distance)


@dataclass(frozen=True)
class Scene:
    """A workspace with one person of each kind, and a conversation in it."""

    cortex: Cortex
    workspace: Workspace
    conversation: Conversation
    owner: Principal
    editor: Principal
    viewer: Principal
    guest: Principal
    stranger: Principal

    def at(self, cortex: Cortex) -> Scene:
        """Return the same scene as another process sees it."""
        return replace(self, cortex=cortex)

    async def id_of(self, principal: Principal) -> UserId:
        return (await self.cortex.users.me(principal)).user.id

    async def say(
        self, content: str = "Hello.", *, respond: bool = False, who: Principal | None = None
    ) -> Posted:
        command = PostMessage(content=content, respond=respond)
        return await self.cortex.exchange.post(who or self.editor, self.conversation.id, command)


def someone(name: str, *permissions: str, expires_at: datetime | None = None) -> Principal:
    """Return the person of that name, with all permissions unless some are named."""
    return Principal(
        kind="user",
        issuer=make.ISSUER,
        subject=name,
        name=name.title(),
        permissions=frozenset(permissions) if permissions else PERMISSIONS,
        expires_at=expires_at,
    )


def without(principal: Principal, permission: str) -> Principal:
    """Return *principal* with one permission less."""
    assert permission in PERMISSIONS
    return structs.replace(principal, permissions=principal.permissions - {permission})


async def set_scene(cortex: Cortex) -> Scene:
    """Build a scene; whoever plays in it has been seen before."""
    people = {name: someone(name) for name in ("owner", "editor", "viewer", "guest", "stranger")}
    ids = {name: (await cortex.users.me(who)).user.id for name, who in people.items()}
    owner = people["owner"]
    workspace = await cortex.workspaces.create(owner, CreateWorkspace(name="Lab"))
    for name in ("editor", "viewer"):
        await cortex.members.put(owner, workspace.id, ids[name], PutMember(role=Role(name)))
    conversation = await cortex.conversations.start(
        owner, workspace.id, StartConversation(topic="Hello")
    )
    await cortex.participants.put(owner, conversation.id, ids["guest"])
    return Scene(cortex, workspace, conversation, **people)


async def set_status(store: Store, user_id: UserId, status: UserStatus) -> None:
    """Let the user be active, or disabled, from now on."""
    async with store.begin() as work:
        await work.users.update(structs.replace(await work.users.get(user_id), status=status))


async def disable(scene: Scene, principal: Principal) -> None:
    """Let *principal* do nothing from now on."""
    user_id = await scene.id_of(principal)
    await set_status(scene.cortex.ports.store, user_id, UserStatus.DISABLED)


async def stored_user(store: Store, user_id: UserId) -> User:
    async with store.begin(read_only=True, single=True) as work:
        return await work.users.get(user_id)


async def log_of(store: Store, conversation_id: ConversationId) -> list[Recorded]:
    """Return the whole log of a conversation."""
    async with store.begin(read_only=True, single=True) as work:
        return list(await work.events.since(conversation_id, seq=0, limit=10_000))


async def turns(count: int) -> None:
    """Let everybody else go on, *count* times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(happened: Callable[[], bool]) -> None:
    """Return when it has happened."""
    async with asyncio.timeout(PATIENCE):
        while not happened():  # noqa: ASYNC110 - a condition rings no bell
            await asyncio.sleep(0.002)

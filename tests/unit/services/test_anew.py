"""Use cases begin anew when others undid them, and what they tell the world comes once."""

import inspect
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from cortex_adapters.memory.ports import ports_around
from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.memory.stream import MemoryEventStream
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_adapters.retries import JitteredRetry
from cortex_core import Cortex
from cortex_core.domain.commands import ChangeConversation
from cortex_core.domain.errors import CollisionError
from cortex_core.domain.events import Signal
from cortex_core.domain.ids import UserId
from cortex_core.domain.paging import PageRequest
from cortex_core.ports import UnitOfWork
from tests.unit.services.scene import set_scene


class Colliding:
    """A store whose next writing units are undone at their end, as others would have it."""

    def __init__(self) -> None:
        self._store = MemoryStore()
        self.collisions = 0

    @asynccontextmanager
    async def begin(
        self, *, read_only: bool = False, single: bool = False, caller: UserId | None = None
    ) -> AsyncIterator[UnitOfWork]:
        async with self._store.begin(read_only=read_only, single=single, caller=caller) as work:
            yield work
            if self.collisions and not read_only:
                self.collisions -= 1
                raise CollisionError


class Heard(MemoryEventStream):
    def __init__(self) -> None:
        super().__init__()
        self.signals: list[Signal] = []

    async def publish(self, *signals: Signal) -> None:
        self.signals += signals
        await super().publish(*signals)


@pytest.mark.parametrize("collisions", [0, 1, 4])
async def test_what_was_undone_is_done_once_and_told_once(collisions: int) -> None:
    store, heard, telemetry = Colliding(), Heard(), MemoryTelemetry()
    cortex = Cortex(ports_around(store, events=heard, telemetry=telemetry, retry=JitteredRetry()))
    scene = await set_scene(cortex)
    heard.signals.clear()
    telemetry.spans.clear()
    store.collisions = collisions
    posted = await scene.say()
    outcomes = [
        span.attributes["outcome"] for span in telemetry.spans if span.name == "cortex.operation"
    ]
    assert outcomes == ["collision"] * collisions + ["ok"]
    assert len(heard.signals) == 1
    store.collisions = collisions
    changed = await cortex.conversations.change(
        scene.owner, scene.conversation.id, ChangeConversation(topic="b")
    )
    assert changed.last_seq == posted.seq + 1
    assert len(heard.signals) == 2
    page = await cortex.exchange.page(scene.owner, scene.conversation.id, PageRequest())
    assert [message.id for message in page.items] == [posted.id]


async def test_without_a_retry_it_is_told() -> None:
    store = Colliding()
    cortex = Cortex(ports_around(store))
    scene = await set_scene(cortex)
    store.collisions = 1
    with pytest.raises(CollisionError):
        await scene.say()


def test_every_use_case_that_writes_begins_anew() -> None:
    """Whatever opens a unit of work that is not read-only, or calls what does."""
    cortex = Cortex(replace(ports_around(MemoryStore())))
    groups = [
        cortex.accounts,
        cortex.conversations,
        cortex.exchange,
        cortex.members,
        cortex.participants,
        cortex.sessions,
        cortex.users,
        cortex.workspaces,
    ]
    for group in groups:
        for name, method in inspect.getmembers(type(group), inspect.iscoroutinefunction):
            source = inspect.getsource(inspect.unwrap(method))
            units = re.findall(r"store\.begin\(([^)]*)\)", source)
            writes = any("read_only=True" not in unit for unit in units)
            again = hasattr(method, "__wrapped__")
            assert writes == again, f"{type(group).__name__}.{name}"

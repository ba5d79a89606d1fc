"""Turn workers, as processes that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cortex_adapters.memory.errors import MemoryErrorReporter
from cortex_adapters.memory.ports import ports_around
from cortex_adapters.memory.store import MemoryStore
from cortex_adapters.memory.stream import MemoryEventStream
from cortex_adapters.memory.telemetry import MemoryTelemetry
from cortex_core import Cortex
from cortex_core.domain.events import MessageCreated, Recorded, TurnFailed
from cortex_core.domain.ids import TurnId
from cortex_core.domain.models import MessageRole, Turn
from cortex_core.ports import Assistant
from cortex_core.services.turns import TurnWorker
from tests.unit.services.scene import PATIENCE, Clock, Link, Scene, log_of, set_scene, until

FAR = 3600.0


@dataclass
class House:
    """A scene whose turns are answered by whichever workers a test sets to work."""

    scene: Scene
    store: MemoryStore
    stream: MemoryEventStream
    clock: Clock
    errors: MemoryErrorReporter
    telemetry: MemoryTelemetry

    def worker(
        self,
        assistant: Assistant,
        *,
        link: Link | None = None,
        slots: int = 4,
        attempts: int = 3,
        lease: float = FAR,
        patience: float = FAR,
        back_off: float = 1.0,
        parting: float = 2.0,
        poll: float = 0.002,
    ) -> TurnWorker:
        """Return a worker in a process of its own, that looks at the queue very often."""
        ports = ports_around(
            link or Link(self.store),
            events=self.stream,
            assistant=assistant,
            errors=self.errors,
            telemetry=self.telemetry,
            clock=self.clock,
        )
        return TurnWorker(
            ports,
            slots=slots,
            attempts=attempts,
            lease=lease,
            patience=patience,
            parting=parting,
            poll=poll,
            back_off=back_off,
        )

    async def ask(self, content: str = "Hello.") -> TurnId:
        """Post a message that asks for an answer, and return its turn."""
        posted = await self.scene.say(content, respond=True)
        assert posted.turn_id is not None
        return posted.turn_id

    async def turn(self, turn_id: TurnId) -> Turn:
        async with self.store.begin(read_only=True, single=True) as work:
            return await work.turns.get(turn_id)

    async def log(self) -> list[Recorded]:
        return await log_of(self.store, self.scene.conversation.id)

    async def types(self) -> list[str]:
        """Return what happened, in order, without the scene's own beginning."""
        return [event.data.type for event in (await self.log())[1:]]

    async def answers(self) -> list[str]:
        """Return all that assistants have said."""
        said = [event.data for event in await self.log()]
        return [
            data.message.content
            for data in said
            if isinstance(data, MessageCreated) and data.message.role is MessageRole.ASSISTANT
        ]

    async def failures(self) -> list[tuple[str, str]]:
        """Return code and sentence of every failure on the stream."""
        said = [event.data for event in await self.log()]
        return [
            (data.error.code, data.error.message) for data in said if isinstance(data, TurnFailed)
        ]

    async def ended(self, count: int = 1) -> None:
        """Return when so many turns have ended, well or badly."""
        async with asyncio.timeout(PATIENCE):
            while await self._ends() < count:  # noqa: ASYNC110 - the log itself rings no bell
                await asyncio.sleep(0.002)

    async def _ends(self) -> int:
        return sum(kind in {"turn.completed", "turn.failed"} for kind in await self.types())

    async def looked(self, times: int = 3) -> None:
        """Return when workers have looked at the queue so often again."""
        spans = self.telemetry.spans
        spans.clear()
        await until(
            lambda: sum(each.attributes.get("operation") == "turns.take" for each in spans) >= times
        )


@asynccontextmanager
async def working(*workers: TurnWorker) -> AsyncIterator[None]:
    """Have *workers* work while inside, and leave properly."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.leave()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*tasks)


async def open_house() -> House:
    store, stream, clock = MemoryStore(), MemoryEventStream(), Clock()
    telemetry = MemoryTelemetry()
    ports = ports_around(store, events=stream, telemetry=telemetry, clock=clock)
    return House(
        await set_scene(Cortex(ports)),
        store,
        stream,
        clock,
        MemoryErrorReporter(),
        telemetry,
    )

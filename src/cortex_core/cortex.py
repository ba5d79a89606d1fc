"""The core, assembled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cortex_core.ports import Ports
from cortex_core.services.conversations import Conversations
from cortex_core.services.exchange import Exchange
from cortex_core.services.following import Following
from cortex_core.services.members import Members
from cortex_core.services.participants import Participants
from cortex_core.services.reception import Reception
from cortex_core.services.turns import TurnWorker
from cortex_core.services.users import Users
from cortex_core.services.workspaces import Workspaces


class Cortex:
    """Everything a caller can ask of the core, grouped by subject."""

    def __init__(self, ports: Ports) -> None:
        reception = Reception(ports)
        self.ports = ports
        self.turns = TurnWorker(ports)
        self.users = Users(ports, reception)
        self.workspaces = Workspaces(ports, reception)
        self.members = Members(ports, reception)
        self.conversations = Conversations(ports, reception)
        self.participants = Participants(ports, reception)
        self.exchange = Exchange(ports, reception, on_turn=self.turns.wake)
        self.following = Following(ports, reception)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Answer turns while inside; hand back those under way at the end."""
        worker = asyncio.create_task(self.turns.run())
        try:
            yield
        finally:
            self.turns.leave()
            await worker

    def leave(self) -> None:
        """Begin to leave: end every stream with a goodbye, and take no more turns."""
        self.following.leave()
        self.turns.leave()

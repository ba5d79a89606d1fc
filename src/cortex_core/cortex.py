"""The core, assembled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from cortex_core.ports import Ports, Reading
from cortex_core.services.accounts import Accounts
from cortex_core.services.browsers import Browsers
from cortex_core.services.conversations import Conversations
from cortex_core.services.exchange import Exchange
from cortex_core.services.following import Following
from cortex_core.services.linking import EmailLinks
from cortex_core.services.members import Members
from cortex_core.services.participants import Participants
from cortex_core.services.reception import Reception
from cortex_core.services.retention import Keep, Retention
from cortex_core.services.revocation import RevocationList
from cortex_core.services.search import Search
from cortex_core.services.sessions import TOKEN_LIFETIME, Sessions
from cortex_core.services.turns import TurnWorker, keep_count
from cortex_core.services.users import Users
from cortex_core.services.workspaces import Workspaces


class Cortex:
    """Everything a caller can ask of the core, grouped by subject."""

    def __init__(
        self,
        ports: Ports,
        *,
        token_lifetime: timedelta = TOKEN_LIFETIME,
        email_links: EmailLinks | None = None,
        keep: Keep | None = None,
    ) -> None:
        """Assemble the core; no access token that *ports* accept outlives *token_lifetime*.

        With *email_links*, identities are linked by verified address on first sight. With *keep*,
        older messages and events are taken away.
        """
        self.ports = ports
        self.revocations = RevocationList(ports)
        self.sessions = Sessions(ports, self.revocations, token_lifetime=token_lifetime)
        reception = Reception(ports, self.revocations, email_links=email_links)
        self.accounts = Accounts(ports, self.sessions)
        self.turns = TurnWorker(ports)
        self.retention = Retention(ports, keep or Keep())
        self.users = Users(ports, reception)
        self.workspaces = Workspaces(ports, reception)
        self.members = Members(ports, reception)
        self.conversations = Conversations(ports, reception)
        self.participants = Participants(ports, reception)
        self.exchange = Exchange(ports, reception, on_turn=self.turns.wake)
        self.search = Search(ports, reception)
        self.following = Following(ports, reception)
        self.browsers: Browsers | None = None
        if ports.sign_on is not None:
            self.browsers = Browsers(ports, self.sessions, ports.sign_on)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Answer turns and keep the house while inside; hand back turns under way at the end."""
        worker = asyncio.create_task(self.turns.run())
        keepers = [
            asyncio.create_task(self.sessions.keep()),
            asyncio.create_task(keep_count(self.ports)),
            asyncio.create_task(self.search.keep_up()),
            asyncio.create_task(self.retention.keep()),
        ]
        streams = self.ports.telemetry.observe("cortex.streams", self._streams)
        try:
            with streams:
                yield
        finally:
            for keeper in keepers:
                keeper.cancel()
            self.turns.leave()
            await worker
            await asyncio.wait(keepers)

    def _streams(self) -> list[Reading]:
        return [(self.following.streams, {})]

    def leave(self) -> None:
        """Begin to leave: end every stream with a goodbye, and take no more turns."""
        self.following.leave()
        self.turns.leave()

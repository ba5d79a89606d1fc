"""Sessions of browsers: opened, renewed, and ended for all processes and all that hangs on them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from cortex_core.domain.errors import CortexError, Fault, InvalidInputError
from cortex_core.domain.sessions import Revocation, RevocationKind, Session
from cortex_core.ports import Ports, UnitOfWork
from cortex_core.services.anew import anew
from cortex_core.services.operation import operation
from cortex_core.services.revocation import RevocationList

TOKEN_LIFETIME: Final = timedelta(hours=25)
BATCH: Final = 1_000

_Purge = Callable[[UnitOfWork, datetime], Awaitable[int]]
_PURGES: Final[list[_Purge]] = [
    lambda work, now: work.sessions.purge(now=now, limit=BATCH),
    lambda work, now: work.revocations.purge(now=now, limit=BATCH),
    lambda work, now: work.replays.purge(now=now, limit=BATCH),
]


class Sessions:
    """What the way in of browsers does with their sessions.

    No access token that is accepted lives longer than *token_lifetime*, leeway included: for so
    long is remembered what was revoked.
    """

    def __init__(
        self,
        ports: Ports,
        revocations: RevocationList,
        *,
        token_lifetime: timedelta = TOKEN_LIFETIME,
        period: float = 600.0,
    ) -> None:
        self._ports = ports
        self._revocations = revocations
        self._token_lifetime = token_lifetime
        self._period = period

    @anew
    async def open(self, session: Session, *, instead_of: str | None = None) -> None:
        """Store a session, and end the one with the digest *instead_of*."""
        with operation(self._ports, "sessions.open"):
            async with self._ports.store.begin() as work:
                if instead_of is not None:
                    await work.sessions.delete(instead_of)
                await work.sessions.add(session)

    async def find(self, digest: str) -> Session | None:
        """Return the session, or None if there is none any more."""
        with operation(self._ports, "sessions.find"):
            async with self._ports.store.begin(read_only=True, single=True) as work:
                return await work.sessions.get(digest, now=self._ports.clock())

    @anew
    async def renew(self, session: Session, sealed: bytes) -> Session:
        """Store fresh tokens of *session*, and return it as it is then.

        Raises:
            StaleVersionError: Somebody else has renewed it, or it has ended.
        """
        with operation(self._ports, "sessions.renew"):
            fresh = replace(
                session,
                sealed=sealed,
                version=session.version + 1,
                updated_at=self._ports.clock(),
            )
            async with self._ports.store.begin(single=True) as work:
                await work.sessions.update(fresh, version=session.version)
            return fresh

    @anew
    async def end(self, digest: str) -> None:
        """End a session, if it is there, and revoke what else hangs on its provider's session."""
        with operation(self._ports, "sessions.end"):
            revocation = None
            async with self._ports.store.begin() as work:
                session = await work.sessions.delete(digest)
                if session is not None and session.session_id is not None:
                    revocation = self._revocation(
                        session.issuer, RevocationKind.SESSION, session.session_id
                    )
                    await work.revocations.add(revocation)
            if revocation is not None:
                self._revocations.learn(revocation)

    @anew
    async def end_all(
        self,
        issuer: str,
        *,
        session_id: str | None = None,
        subject: str | None = None,
        first: Callable[[UnitOfWork], Awaitable[None]] | None = None,
    ) -> int:
        """End the sessions of one session at the provider, else of a subject; return how many.

        What hangs on them is revoked, whether or not there is any session here. What *first*
        does stands if all of this does, and nothing is done if it raises.
        """
        with operation(self._ports, "sessions.end_all"):
            async with self._ports.store.begin() as work:
                if first is not None:
                    await first(work)
                if session_id is not None:
                    ended = await work.sessions.delete_by_session_id(issuer, session_id)
                    revocation = self._revocation(issuer, RevocationKind.SESSION, session_id)
                    await work.revocations.add(revocation)
                elif subject is not None:
                    ended, revocation = await self.end_subject(work, issuer, subject)
                else:
                    raise InvalidInputError(
                        Fault("/subject", "presence", "must be there, or session_id")
                    )
            self._revocations.learn(revocation)
            return ended

    async def end_subject(
        self, work: UnitOfWork, issuer: str, subject: str
    ) -> tuple[int, Revocation]:
        """End, within *work*, all sessions of a subject; return how many, and what is revoked."""
        ended = await work.sessions.delete_by_subject(issuer, subject)
        revocation = self._revocation(issuer, RevocationKind.SUBJECT, subject)
        await work.revocations.add(revocation)
        return ended, revocation

    async def keep(self) -> None:
        """Purge what has ended, once in a while, until cancelled."""
        while True:
            await asyncio.sleep(self._period)
            with suppress(CortexError):
                await self.purge()

    async def purge(self) -> None:
        """Delete sessions, revocations and spent keys that have ended."""
        with operation(self._ports, "sessions.purge"):
            now = self._ports.clock()
            for purge in _PURGES:
                while await self._purged(purge, now) == BATCH:
                    pass

    @anew
    async def _purged(self, purge: _Purge, now: datetime) -> int:
        async with self._ports.store.begin(single=True) as work:
            return await purge(work, now)

    def _revocation(self, issuer: str, kind: RevocationKind, value: str) -> Revocation:
        now = self._ports.clock()
        return Revocation(
            issuer=issuer,
            kind=kind,
            value=value,
            before=now,
            revoked_at=now,
            expires_at=now + self._token_lifetime,
        )

"""What has been revoked, as this process knows it.

All that is revoked is in memory, so that asking costs nothing. What others have revoked since is
read with one statement for all callers together, when somebody asks who may not rely on what was
known a moment ago. So a process that nobody calls asks nothing, and one that was cut off from
the store knows as soon as it is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Final

from cortex_core.domain.errors import UnauthenticatedError
from cortex_core.domain.sessions import Revocation, RevocationKind
from cortex_core.ports import Ports, Principal
from cortex_core.services.operation import operation

# Each look goes back a little: a unit of work commits after it took its time, and the clocks of
# two processes differ.
OVERLAP: Final = timedelta(seconds=60)
# Everything is read anew once in a while, and what has ended is forgotten.
WHOLE: Final = timedelta(minutes=10)
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

Key = tuple[str, RevocationKind, str]


class RevocationList:
    """Knows what was revoked up to *period* seconds ago."""

    def __init__(self, ports: Ports, *, period: float = 2.0) -> None:
        self._ports = ports
        self._period = timedelta(seconds=period)
        self._known: dict[Key, Revocation] = {}
        self._read_at = BEGINNING
        self._whole_at = BEGINNING
        self._reading: asyncio.Task[None] | None = None
        self.on_subject: Callable[[str, str], None] | None = None
        """Told the identities whose tokens were revoked, more than once each."""

    async def check(self, principal: Principal) -> None:
        """Return if *principal* has not been revoked.

        Raises:
            UnauthenticatedError: It has.
        """
        if await self.revoked(principal):
            raise UnauthenticatedError("revoked")

    async def revoked(self, principal: Principal) -> bool:
        """Say whether *principal* was revoked up to *period* seconds ago."""
        if self._ago(self._read_at) >= self._period:
            await self.refresh()
        return self.knows(principal)

    def knows(self, principal: Principal) -> bool:
        """Say whether *principal* is known to have been revoked, without a look."""
        return bool(self._known) and (
            self._covered(principal, RevocationKind.SESSION, principal.session_id)
            or self._covered(principal, RevocationKind.SUBJECT, principal.subject)
            or self._covered(principal, RevocationKind.TOKEN, principal.token_id)
        )

    def learn(self, revocation: Revocation) -> None:
        """Take note of what was committed."""
        key = revocation.issuer, revocation.kind, revocation.value
        known = self._known.get(key)
        if known is None or known.revoked_at <= revocation.revoked_at:
            self._known[key] = revocation
        if self.on_subject and revocation.kind is RevocationKind.SUBJECT:
            self.on_subject(revocation.issuer, revocation.value)

    async def refresh(self) -> None:
        """Read what was revoked since the last look; all who ask meanwhile share one look."""
        if self._reading is None or self._reading.done():
            # It goes on for the others when the caller that began it is gone.
            self._reading = asyncio.create_task(self._read(), context=Context())
        await asyncio.shield(self._reading)

    async def _read(self) -> None:
        with operation(self._ports, "revocations.read"):
            now = self._ports.clock()
            # While the clock was ahead, what others revoked was older than what was looked for.
            whole = now < self._read_at or self._ago(self._whole_at) >= WHOLE
            since = BEGINNING if whole else self._read_at - OVERLAP
            async with self._ports.store.begin(read_only=True, single=True) as work:
                found = await work.revocations.since(since, now=now)
            if whole:
                self._whole_at = now
                self._known = {key: one for key, one in self._known.items() if one.expires_at > now}
            for revocation in found:
                self.learn(revocation)
            self._read_at = now

    def _ago(self, moment: datetime) -> timedelta:
        """Return how long ago *moment* was; long, if the clock was put back since."""
        passed = self._ports.clock() - moment
        return passed if passed >= timedelta() else timedelta.max

    def _covered(self, principal: Principal, kind: RevocationKind, value: str | None) -> bool:
        if value is None:
            return False
        revocation = self._known.get((principal.issuer, kind, value))
        return revocation is not None and _covers(revocation, principal)


def _covers(revocation: Revocation, principal: Principal) -> bool:
    if revocation.before is None:
        return True
    if principal.session is None:
        return principal.issued_at is None or principal.issued_at <= revocation.before
    # A browser's session ends with its row. What it holds from then on may have been issued in
    # the same second: `iat` has no finer ones (RFC 7519 section 2).
    return principal.issued_at is not None and (
        principal.issued_at < revocation.before.replace(microsecond=0)
    )

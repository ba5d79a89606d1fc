"""Signing on and off: sessions of browsers, what was revoked, and what may happen once."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Protocol

from cortex_core.domain.sessions import Revocation, Session


class SessionRepository(Protocol):
    """Sessions of browsers, by the digest of what the browser holds."""

    async def add(self, session: Session) -> None:
        """Store a session.

        Raises:
            ConflictError: There is one with its digest.
        """
        ...

    async def get(self, digest: str, *, now: datetime) -> Session | None:
        """Return a session, or None if there is none that lasts beyond *now*."""
        ...

    async def update(self, session: Session, *, version: int) -> None:
        """Store sealed, version and updated_at of a session whose stored version is *version*.

        Raises:
            StaleVersionError: It has another version, or is gone.
        """
        ...

    async def delete(self, digest: str) -> Session | None:
        """Delete a session and return it, or None if there is none."""
        ...

    async def delete_by_session_id(self, issuer: str, session_id: str) -> int:
        """Delete the sessions of one session at the identity provider; return how many."""
        ...

    async def delete_by_subject(self, issuer: str, subject: str) -> int:
        """Delete all sessions of a subject; return how many."""
        ...

    async def present(self, digests: Sequence[str], *, now: datetime) -> AbstractSet[str]:
        """Return which of up to 1 000 *digests* are of sessions that last beyond *now*."""
        ...

    async def purge(self, *, now: datetime, limit: int) -> int:
        """Delete up to *limit* sessions that do not last beyond *now*; return how many."""
        ...


class RevocationRepository(Protocol):
    """What was revoked, by issuer, kind and value."""

    async def add(self, revocation: Revocation) -> None:
        """Store a revocation; each time of one that is there becomes the later of the two."""
        ...

    async def since(self, moment: datetime, *, now: datetime) -> Sequence[Revocation]:
        """Return, in any order, what was revoked at *moment* or later and lasts beyond *now*."""
        ...

    async def purge(self, *, now: datetime, limit: int) -> int:
        """Delete up to *limit* revocations that do not last beyond *now*; return how many."""
        ...


class ReplayRepository(Protocol):
    """What may happen once, on all processes together."""

    async def spend(self, key: str, *, now: datetime, until: datetime) -> bool:
        """Keep *key*, of up to 600 characters, until *until*; False if it is kept at *now* already.

        Of units of work that race on one key, one is told True.
        """
        ...

    async def purge(self, *, now: datetime, limit: int) -> int:
        """Delete up to *limit* keys that are not kept beyond *now*; return how many."""
        ...

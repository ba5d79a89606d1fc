"""Sessions of browsers in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from msgspec.structs import replace

from cortex_adapters.memory.repositories.expiry import purge
from cortex_adapters.memory.tables import Tables
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.errors import ConflictError, StaleVersionError
from cortex_core.domain.sessions import Session


class MemorySessions:
    """Sessions of browsers, by the digest of what the browser holds."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, session: Session) -> None:
        tables = self._transaction.writing()
        if session.digest in tables.sessions:
            raise ConflictError
        tables.sessions.put(session.digest, session)

    async def get(self, digest: str, *, now: datetime) -> Session | None:
        return _lasting(self._transaction.reading(), digest, now)

    async def update(self, session: Session, *, version: int) -> None:
        tables = self._transaction.writing()
        stored = tables.sessions.get(session.digest)
        if stored is None or stored.version != version:
            raise StaleVersionError
        changed = replace(
            stored, sealed=session.sealed, version=session.version, updated_at=session.updated_at
        )
        tables.sessions.put(session.digest, changed)

    async def delete(self, digest: str) -> Session | None:
        tables = self._transaction.writing()
        stored = tables.sessions.get(digest)
        tables.sessions.drop(digest)
        return stored

    async def delete_by_session_id(self, issuer: str, session_id: str) -> int:
        return self._delete(
            lambda session: (session.issuer, session.session_id) == (issuer, session_id)
        )

    async def delete_by_subject(self, issuer: str, subject: str) -> int:
        return self._delete(lambda session: (session.issuer, session.subject) == (issuer, subject))

    async def present(self, digests: Sequence[str], *, now: datetime) -> AbstractSet[str]:
        tables = self._transaction.reading()
        return {digest for digest in digests if _lasting(tables, digest, now)}

    async def purge(self, *, now: datetime, limit: int) -> int:
        sessions = self._transaction.writing().sessions
        return purge(sessions, lambda session: session.expires_at, now=now, limit=limit)

    def _delete(self, condition: Callable[[Session], bool]) -> int:
        sessions = self._transaction.writing().sessions
        found = [digest for digest, session in sessions if condition(session)]
        for digest in found:
            sessions.drop(digest)
        return len(found)


def _lasting(tables: Tables, digest: str, now: datetime) -> Session | None:
    session = tables.sessions.get(digest)
    return session if session is not None and session.expires_at > now else None

"""What was revoked, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from cortex_adapters.memory.repositories.expiry import purge
from cortex_adapters.memory.transaction import Transaction
from cortex_core.domain.sessions import Revocation


class MemoryRevocations:
    """What was revoked, by issuer, kind and value."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, revocation: Revocation) -> None:
        revocations = self._transaction.writing().revocations
        key = revocation.issuer, revocation.kind, revocation.value
        known = revocations.get(key)
        revocations.put(key, _later(known, revocation) if known else revocation)

    async def since(self, moment: datetime, *, now: datetime) -> Sequence[Revocation]:
        revocations = self._transaction.reading().revocations
        return [
            revocation
            for _, revocation in revocations
            if revocation.revoked_at >= moment and revocation.expires_at > now
        ]

    async def purge(self, *, now: datetime, limit: int) -> int:
        revocations = self._transaction.writing().revocations
        return purge(revocations, lambda revocation: revocation.expires_at, now=now, limit=limit)


def _later(one: Revocation, other: Revocation) -> Revocation:
    return replace(
        one,
        before=one.before and other.before and max(one.before, other.before),
        revoked_at=max(one.revoked_at, other.revoked_at),
        expires_at=max(one.expires_at, other.expires_at),
    )
